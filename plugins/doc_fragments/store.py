# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # With DOCUMENTATION or OPTIONAL, whose option it completes.
    SUBOPTIONS = r"""
options:
  store:
    suboptions:
      type:
        description:
          - V(vault_file) keeps one file per tenant, named by its directory ID, encrypted with Ansible Vault,
            with mode C(0600), replaced atomically. C(ansible-vault view) shows it.
          - V(vault_kv2) keeps one secret per tenant in a KV version 2 secrets engine of HashiCorp Vault or OpenBao.
            It needs the Python library C(hvac).
          - V(azure_key_vault) keeps one secret per tenant in Azure Key Vault.
        type: str
        choices: [vault_file, vault_kv2, azure_key_vault]
        default: vault_file
      folder:
        description:
          - Folder of the files of V(vault_file), which needs it. It is made with mode C(0700) where it is missing.
        type: path
      vault_id:
        description:
          - The vault id of V(vault_file) to encrypt with, where the run has several vault passwords. By default the
            first one.
        type: str
      vault_password_file:
        description:
          - Vault password file or script to use in place of the run's own vault passwords.
          - Where the task is delegated to another machine the file lies there; the run's own passwords are not known
            there, and E(ANSIBLE_VAULT_PASSWORD_FILE) of that machine takes the place of a missing option.
        type: path
      url:
        description:
          - Address C(https://host[:port]) of the server of V(vault_kv2), or C(https://NAME.vault.azure.net) of the
            vault of V(azure_key_vault), which needs it. Redirects are not followed.
          - Of V(vault_kv2), where it is missing, the environment variable E(ANSIBLE_HASHI_VAULT_ADDR), E(VAULT_ADDR) or
            E(BAO_ADDR) of the machine that the task runs on is used, the first that there is; likewise below.
        version_added: 1.0.0
        type: str
      namespace:
        description:
          - Namespace of V(vault_kv2), or E(ANSIBLE_HASHI_VAULT_NAMESPACE), E(VAULT_NAMESPACE), E(BAO_NAMESPACE).
        version_added: 1.0.0
        type: str
      engine_mount_point:
        description: Where the secrets engine of V(vault_kv2) is mounted.
        version_added: 1.0.0
        type: str
        default: secret
      path:
        description:
          - Path in the secrets engine of V(vault_kv2) that all secrets of the store lie below. In V(azure_key_vault)
            their names begin with it.
        version_added: 1.0.0
        type: str
        default: totalview-exchange365
      ca_cert:
        description:
          - File or folder with the certificate authorities that the server's certificate may be of, in PEM form, or
            of V(vault_kv2) E(ANSIBLE_HASHI_VAULT_CA_CERT), E(VAULT_CACERT), E(BAO_CACERT). By default those of Python's
            C(requests).
        version_added: 1.0.0
        type: path
      auth_method:
        description:
          - How to sign in to the server of V(vault_kv2), or E(ANSIBLE_HASHI_VAULT_AUTH_METHOD). By default V(token).
        version_added: 1.0.0
        type: str
        choices: [token, approle, jwt, cert]
      mount_point:
        description:
          - Where the method of the sign-in is mounted, or E(ANSIBLE_HASHI_VAULT_MOUNT_POINT). By default its own name.
        version_added: 1.0.0
        type: str
      token:
        description:
          - Token of V(token), or E(ANSIBLE_HASHI_VAULT_TOKEN), E(VAULT_TOKEN), E(BAO_TOKEN), or what C(vault login) and
            C(bao login) have left in C(~/.vault-token).
        version_added: 1.0.0
        type: str
      role_id:
        description:
          - Role of V(approle) or V(jwt), and of V(cert) where there are several; or E(ANSIBLE_HASHI_VAULT_ROLE_ID).
        version_added: 1.0.0
        type: str
      secret_id:
        description: Secret of the role of V(approle), or E(ANSIBLE_HASHI_VAULT_SECRET_ID).
        version_added: 1.0.0
        type: str
      jwt:
        description: JSON Web Token of V(jwt), or E(ANSIBLE_HASHI_VAULT_JWT).
        version_added: 1.0.0
        type: str
      cert_auth_public_key:
        description:
          - File with the certificate of V(cert), in PEM form, or E(ANSIBLE_HASHI_VAULT_CERT_AUTH_PUBLIC_KEY).
        version_added: 1.0.0
        type: path
      cert_auth_private_key:
        description:
          - File with its private key, where O(store.cert_auth_public_key) does not have it too, or
            E(ANSIBLE_HASHI_VAULT_CERT_AUTH_PRIVATE_KEY).
        version_added: 1.0.0
        type: path
      auth_kind:
        description:
          - How to sign in to the tenant of the vault of V(azure_key_vault), which the vault itself tells. The kinds
            are those of the option C(auth_kind) of the modules that need nothing stored. By default what the options
            below, or else the environment's variables (E(AZURE_CLIENT_ID) and so on), say by being given.
        version_added: 1.0.0
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
      auth_client_id:
        description:
          - Application (client) ID that signs in to the vault; with V(managed_identity) that of the identity. By
            default E(AZURE_CLIENT_ID).
        version_added: 1.0.0
        type: str
      auth_client_secret:
        description:
          - Its client secret. By default E(AZURE_CLIENT_SECRET).
        version_added: 1.0.0
        type: str
      auth_certificate_path:
        description:
          - File with its certificate and private key, in PEM or PFX form. By default
            E(AZURE_CLIENT_CERTIFICATE_PATH).
        version_added: 1.0.0
        type: path
      auth_certificate_password:
        description:
          - Password of that file. By default E(AZURE_CLIENT_CERTIFICATE_PASSWORD).
        version_added: 1.0.0
        type: str
      auth_send_certificate_chain:
        description:
          - Send the certificates of issuers along (SNI). By default E(AZURE_CLIENT_SEND_CERTIFICATE_CHAIN).
        version_added: 1.0.0
        type: bool
      auth_federated_token_file:
        description:
          - File with a token of the platform that a federated credential of the application trusts. By default
            E(AZURE_FEDERATED_TOKEN_FILE).
        version_added: 1.0.0
        type: path
      auth_service_connection_id:
        description:
          - Azure DevOps service connection of V(azure_pipelines). By default
            E(AZURESUBSCRIPTION_SERVICE_CONNECTION_ID).
        version_added: 1.0.0
        type: str
      auth_managed_identity_client_id:
        description:
          - Client ID of the user-assigned managed identity of V(federated_managed_identity).
        version_added: 1.0.0
        type: str
"""

    DOCUMENTATION = r"""
options:
  store:
    description: Where the values of client secrets are kept. Nothing is ever stored unencrypted.
    type: dict
    required: true
"""

    OPTIONAL = r"""
options:
  store:
    description:
      - Where the values of client secrets are kept. Given here, it tells what is ours, namely which application, which
        client secret and which group, and notes what is about to be made, and who else was found to be able to sign in.
    type: dict
"""

    # Once more in full: it is another option, and the sanity tests read the text without running code.
    FORMER = r"""
options:
  former:
    description: The store to move from; its options are those of O(store).
    type: dict
    required: true
    suboptions:
      type:
        description:
          - V(vault_file) keeps one file per tenant, named by its directory ID, encrypted with Ansible Vault,
            with mode C(0600), replaced atomically. C(ansible-vault view) shows it.
          - V(vault_kv2) keeps one secret per tenant in a KV version 2 secrets engine of HashiCorp Vault or OpenBao.
            It needs the Python library C(hvac).
          - V(azure_key_vault) keeps one secret per tenant in Azure Key Vault.
        type: str
        choices: [vault_file, vault_kv2, azure_key_vault]
        default: vault_file
      folder:
        description:
          - Folder of the files of V(vault_file), which needs it. It is made with mode C(0700) where it is missing.
        type: path
      vault_id:
        description:
          - The vault id of V(vault_file) to encrypt with, where the run has several vault passwords. By default the
            first one.
        type: str
      vault_password_file:
        description:
          - Vault password file or script to use in place of the run's own vault passwords.
          - Where the task is delegated to another machine the file lies there; the run's own passwords are not known
            there, and E(ANSIBLE_VAULT_PASSWORD_FILE) of that machine takes the place of a missing option.
        type: path
      url:
        description:
          - Address C(https://host[:port]) of the server of V(vault_kv2), or C(https://NAME.vault.azure.net) of the
            vault of V(azure_key_vault), which needs it. Redirects are not followed.
          - Of V(vault_kv2), where it is missing, the environment variable E(ANSIBLE_HASHI_VAULT_ADDR), E(VAULT_ADDR) or
            E(BAO_ADDR) of the machine that the task runs on is used, the first that there is; likewise below.
        version_added: 1.0.0
        type: str
      namespace:
        description:
          - Namespace of V(vault_kv2), or E(ANSIBLE_HASHI_VAULT_NAMESPACE), E(VAULT_NAMESPACE), E(BAO_NAMESPACE).
        version_added: 1.0.0
        type: str
      engine_mount_point:
        description: Where the secrets engine of V(vault_kv2) is mounted.
        version_added: 1.0.0
        type: str
        default: secret
      path:
        description:
          - Path in the secrets engine of V(vault_kv2) that all secrets of the store lie below. In V(azure_key_vault)
            their names begin with it.
        version_added: 1.0.0
        type: str
        default: totalview-exchange365
      ca_cert:
        description:
          - File or folder with the certificate authorities that the server's certificate may be of, in PEM form, or
            of V(vault_kv2) E(ANSIBLE_HASHI_VAULT_CA_CERT), E(VAULT_CACERT), E(BAO_CACERT). By default those of Python's
            C(requests).
        version_added: 1.0.0
        type: path
      auth_method:
        description:
          - How to sign in to the server of V(vault_kv2), or E(ANSIBLE_HASHI_VAULT_AUTH_METHOD). By default V(token).
        version_added: 1.0.0
        type: str
        choices: [token, approle, jwt, cert]
      mount_point:
        description:
          - Where the method of the sign-in is mounted, or E(ANSIBLE_HASHI_VAULT_MOUNT_POINT). By default its own name.
        version_added: 1.0.0
        type: str
      token:
        description:
          - Token of V(token), or E(ANSIBLE_HASHI_VAULT_TOKEN), E(VAULT_TOKEN), E(BAO_TOKEN), or what C(vault login) and
            C(bao login) have left in C(~/.vault-token).
        version_added: 1.0.0
        type: str
      role_id:
        description:
          - Role of V(approle) or V(jwt), and of V(cert) where there are several; or E(ANSIBLE_HASHI_VAULT_ROLE_ID).
        version_added: 1.0.0
        type: str
      secret_id:
        description: Secret of the role of V(approle), or E(ANSIBLE_HASHI_VAULT_SECRET_ID).
        version_added: 1.0.0
        type: str
      jwt:
        description: JSON Web Token of V(jwt), or E(ANSIBLE_HASHI_VAULT_JWT).
        version_added: 1.0.0
        type: str
      cert_auth_public_key:
        description:
          - File with the certificate of V(cert), in PEM form, or E(ANSIBLE_HASHI_VAULT_CERT_AUTH_PUBLIC_KEY).
        version_added: 1.0.0
        type: path
      cert_auth_private_key:
        description:
          - File with its private key, where O(former.cert_auth_public_key) does not have it too, or
            E(ANSIBLE_HASHI_VAULT_CERT_AUTH_PRIVATE_KEY).
        version_added: 1.0.0
        type: path
      auth_kind:
        description:
          - How to sign in to the tenant of the vault of V(azure_key_vault), which the vault itself tells. The kinds
            are those of the option C(auth_kind) of the modules that need nothing stored. By default what the options
            below, or else the environment's variables (E(AZURE_CLIENT_ID) and so on), say by being given.
        version_added: 1.0.0
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
      auth_client_id:
        description:
          - Application (client) ID that signs in to the vault; with V(managed_identity) that of the identity. By
            default E(AZURE_CLIENT_ID).
        version_added: 1.0.0
        type: str
      auth_client_secret:
        description:
          - Its client secret. By default E(AZURE_CLIENT_SECRET).
        version_added: 1.0.0
        type: str
      auth_certificate_path:
        description:
          - File with its certificate and private key, in PEM or PFX form. By default
            E(AZURE_CLIENT_CERTIFICATE_PATH).
        version_added: 1.0.0
        type: path
      auth_certificate_password:
        description:
          - Password of that file. By default E(AZURE_CLIENT_CERTIFICATE_PASSWORD).
        version_added: 1.0.0
        type: str
      auth_send_certificate_chain:
        description:
          - Send the certificates of issuers along (SNI). By default E(AZURE_CLIENT_SEND_CERTIFICATE_CHAIN).
        version_added: 1.0.0
        type: bool
      auth_federated_token_file:
        description:
          - File with a token of the platform that a federated credential of the application trusts. By default
            E(AZURE_FEDERATED_TOKEN_FILE).
        version_added: 1.0.0
        type: path
      auth_service_connection_id:
        description:
          - Azure DevOps service connection of V(azure_pipelines). By default
            E(AZURESUBSCRIPTION_SERVICE_CONNECTION_ID).
        version_added: 1.0.0
        type: str
      auth_managed_identity_client_id:
        description:
          - Client ID of the user-assigned managed identity of V(federated_managed_identity).
        version_added: 1.0.0
        type: str
"""
