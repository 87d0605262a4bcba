# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import os
import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.azure_cli import AzureCli
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.azure_pipelines import (
    AzurePipelines,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_certificate import (
    ClientCertificate,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_secret import (
    ClientSecret,
    clean_secret,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import Credential
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.device_code import DeviceCode
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.federation import (
    FederatedCredential,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.github_actions import GithubActions
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.kinds import (
    KINDS,
    chosen,
    named,
    two_ways,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.managed_identity import (
    ManagedIdentity,
    ManagedIdentityAssertion,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.refresh_token import (
    PublicClient,
    RefreshToken,
    RefreshTokenStore,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.token_file import TokenFile

Params: t.TypeAlias = "t.Mapping[str, t.Any]"


#: Gives the encrypted file with a refresh token; how it is encrypted is not for us to know.
OpenTokenFile: t.TypeAlias = t.Callable[[str], RefreshTokenStore]


def credential(params: Params, open_token_file: OpenTokenFile) -> Credential:
    """How the automation signs in, by a module's options. What a platform offers to its programs comes from this
    process's environment. Raises InputError for what cannot work."""
    kind = chosen(params)
    option = KINDS[kind].option
    if option and not params.get(option):
        raise InputError(
            f"auth_kind {kind} is given, and {named(option)} is not.",
            next_step=f"Give {option}.",
            code="CredentialMissing",
        )
    if kind == "device_code":
        path = params.get("auth_refresh_token_file")
        return DeviceCode(_client_id(params), open_token_file(path) if path else None)
    if kind == "refresh_token":
        return RefreshToken(_application(params), open_token_file(params["auth_refresh_token_file"]))
    return _MAKE[kind](params)


def _application(params: Params) -> ClientSecret | ClientCertificate | PublicClient:
    """Through which a person signs in: with a credential of its own, or without."""
    given = [option for option in ("auth_client_secret", "auth_certificate_path") if params.get(option)]
    if len(given) > 1:
        raise two_ways(*map(named, given))
    if not given:
        return PublicClient(_client_id(params))
    return _client_secret(params) if params.get("auth_client_secret") else _certificate(params)


def _client_id(params: Params) -> str:
    if not params["auth_client_id"]:
        raise InputError(
            "No credential to sign in with: auth_client_id is not given.",
            next_step="Give auth_client_id (AZURE_CLIENT_ID): the application (client) ID of the automation.",
            code="CredentialMissing",
        )
    return str(params["auth_client_id"])


def _client_secret(params: Params) -> ClientSecret:
    return ClientSecret(_client_id(params), clean_secret(params["auth_client_secret"], "auth_client_secret"))


def _certificate(params: Params) -> ClientCertificate:
    password = (params.get("auth_certificate_password") or "").rstrip("\r\n") or None
    send_chain = bool(params.get("auth_send_certificate_chain"))
    return ClientCertificate(_client_id(params), params["auth_certificate_path"], password, send_chain)


def _federated_token_file(params: Params) -> FederatedCredential:
    return FederatedCredential(_client_id(params), TokenFile(params["auth_federated_token_file"]))


def _github_actions(params: Params) -> FederatedCredential:
    return FederatedCredential(_client_id(params), GithubActions.from_environment(os.environ))


def _azure_pipelines(params: Params) -> FederatedCredential:
    issuer = AzurePipelines.from_environment(os.environ, params["auth_service_connection_id"])
    return FederatedCredential(_client_id(params), issuer)


def _managed_identity(params: Params) -> ManagedIdentity:
    return ManagedIdentity(params["auth_client_id"] or "")


def _federated_managed_identity(params: Params) -> FederatedCredential:
    identity = ManagedIdentity(params["auth_managed_identity_client_id"])
    return FederatedCredential(_client_id(params), ManagedIdentityAssertion(identity))


_MAKE: t.Mapping[str, t.Callable[[Params], Credential]] = {
    "client_secret": _client_secret,
    "certificate": _certificate,
    "federated_token_file": _federated_token_file,
    "github_actions": _github_actions,
    "azure_pipelines": _azure_pipelines,
    "managed_identity": _managed_identity,
    "federated_managed_identity": _federated_managed_identity,
    "azure_cli": lambda params: AzureCli(),
}
