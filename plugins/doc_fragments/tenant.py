# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Of whatever signs in to a tenant.
    SIGN_IN = r"""
options:
  tenant_id:
    description:
      - Directory (tenant) ID, or one of the tenant's domain names.
      - Where it is missing the environment variable E(AZURE_TENANT_ID) is used.
    type: str
  auth_kind:
    description:
      - How the automation signs in. By default what the other options, or else the environment's variables, say by
        being given; if that is more than one way, it is an error.
      - V(client_secret) needs O(auth_client_secret), V(certificate) O(auth_certificate_path).
      - V(federated_token_file) needs O(auth_federated_token_file).
      - V(github_actions) asks GitHub for a token of the job, which needs the permission C(id-token) C(write);
        V(azure_pipelines) asks Azure DevOps and needs O(auth_service_connection_id). A federated credential of the
        automation's application trusts the one or the other.
      - V(managed_identity) is the identity of the Azure resource that the task runs on. It signs in to its own tenant
        only. O(auth_client_id) is the client ID of a user-assigned one, and left out for the system-assigned one.
      - V(federated_managed_identity) is such an identity in the place of a secret of O(auth_client_id), a multi-tenant
        application that customers' tenants have consented to. It needs O(auth_managed_identity_client_id).
      - V(azure_cli) is whoever is signed in to the Azure CLI on this machine for the tenant, a person or a service
        principal. A person gets no token for Exchange Online that way.
      - V(device_code) shows a code that an administrator types into a browser, and waits up to 15 minutes for it.
        O(auth_client_id) is an application that allows public client flows. Conditional Access often forbids it. Not
        for a task that is delegated to another machine.
      - V(refresh_token) is an administrator of a partner, with delegated rights in customers' tenants (GDAP), who once
        signed in with V(device_code). It needs O(auth_refresh_token_file), and O(auth_client_secret) or
        O(auth_certificate_path) where O(auth_client_id) is a confidential application.
      - With this option given, the environment's variables of other kinds are left alone.
    type: str
    choices:
      - client_secret
      - certificate
      - federated_token_file
      - github_actions
      - azure_pipelines
      - managed_identity
      - federated_managed_identity
      - azure_cli
      - device_code
      - refresh_token
    version_added: 1.0.0
  auth_client_id:
    description:
      - Application (client) ID of the automation, that is, of the application that signs in to do the work. With
        O(auth_kind=managed_identity) the client ID of the identity.
      - Where it is missing the environment variable E(AZURE_CLIENT_ID) is used.
    type: str
  auth_client_secret:
    description:
      - Client secret of the automation. A line's end behind it is left out; a blank or a quotation mark in it is an
        error, since Microsoft's secrets have none.
      - Where no credential is given at all, the environment variable E(AZURE_CLIENT_SECRET) is used.
    type: str
  auth_certificate_path:
    description:
      - File with the automation's certificate and private key, as PEM or as PKCS#12 (C(.pfx), C(.p12)). Microsoft Entra
        takes RSA keys only. Certificates of issuers may stand in it too, in any order.
      - Such a sign-in is dated by the clock of the machine that it comes from, which must be right within 5 minutes.
      - Wins over O(auth_client_secret).
      - Where no credential is given at all, the environment variable E(AZURE_CLIENT_CERTIFICATE_PATH) is used.
    type: path
  auth_certificate_password:
    description:
      - Password of the file in O(auth_certificate_path).
      - Where no credential is given at all, the environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD) is used.
    type: str
  auth_send_certificate_chain:
    description:
      - Send the certificates of issuers in O(auth_certificate_path) along (C(x5c)), for an application that trusts a
        subject name and issuer (SNI) rather than one certificate.
      - Where no credential is given at all, the environment variable E(AZURE_CLIENT_SEND_CERTIFICATE_CHAIN) is used.
    type: bool
    version_added: 1.0.0
  auth_federated_token_file:
    description:
      - File with a token of the platform that the task runs on, which a federated credential of the automation's
        application trusts, as in Kubernetes with Microsoft Entra Workload ID. It is read anew for each sign-in.
      - Where no credential is given at all, the environment variable E(AZURE_FEDERATED_TOKEN_FILE) is used.
    type: path
    version_added: 1.0.0
  auth_service_connection_id:
    description:
      - ID of the Azure DevOps service connection whose identity the automation's application trusts.
      - Where no credential is given, O(auth_kind=azure_pipelines) uses the environment variable
        E(AZURESUBSCRIPTION_SERVICE_CONNECTION_ID).
    type: str
    version_added: 1.0.0
  auth_managed_identity_client_id:
    description:
      - Client ID of the user-assigned managed identity that a federated credential of the automation's application
        trusts.
    type: str
    version_added: 1.0.0
  auth_refresh_token_file:
    description:
      - File with a refresh token, encrypted with the vault password of the run. Each sign-in brings a new token, which
        takes the old one's place there.
      - With O(auth_kind=device_code) the file is made.
    type: path
    version_added: 1.0.0
  cloud:
    description:
      - The Microsoft cloud that the tenant lives in. GCC is part of V(Global), GCC High is V(USGov).
    type: str
    choices: [Global, USGov, USGovDoD, China]
    default: Global
  authority_url:
    description:
      - Sign-in address C(https://host[:port]) in place of the one of O(cloud).
      - Where it is missing the environment variable E(AZURE_AUTHORITY_HOST) is used.
    type: str
  graph_url:
    description:
      - Microsoft Graph's address C(https://host[:port]) in place of the one of O(cloud).
    type: str
  ca_path:
    description:
      - PEM file with the certificate authorities to trust, for example of an inspecting proxy.
      - TLS is always verified. Without this option the bundle of Python's requests, or E(REQUESTS_CA_BUNDLE), is used.
    type: path
"""
    # Of every module that signs in to a tenant, beside sign_in.
    DOCUMENTATION = r"""
options:
  exchange_url:
    description:
      - Exchange Online's address C(https://host[:port]) in place of the one of O(cloud). Tokens are asked for the
        cloud's own address all the same.
      - V(China) has none of its own here, since Microsoft's pages name different hosts.
    type: str
    version_added: 1.0.0
  session:
    description:
      - RV(totalview.exchange365.tenant_login#module:session), so that the task need not sign in again.
      - A session of another tenant, application or run is not used, nor is one whose token is about to expire;
        the task then signs in by itself.
    type: str
requirements:
  - msal >= 1.31
  - requests >= 2.31
notes:
  - Runs on the controller, whatever connection the host has. Only where the task is delegated to another machine
    (C(delegate_to)) it runs there as an ordinary module; that machine needs the requirements, and signs in by itself.
"""
