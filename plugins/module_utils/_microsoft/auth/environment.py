# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.kinds import (
    CREDENTIAL_OPTIONS,
    ENVIRONMENT,
    KINDS,
)

#: Option and its names: the Azure SDK's, then the azuread Terraform provider's.
_COMMON: t.Mapping[str, tuple[str, ...]] = {
    "tenant_id": ("AZURE_TENANT_ID", "ARM_TENANT_ID"),
    "auth_client_id": ("AZURE_CLIENT_ID", "ARM_CLIENT_ID"),
    "authority_url": ("AZURE_AUTHORITY_HOST",),
}
_FLAGS = frozenset({"auth_send_certificate_chain"})
#: A pipeline sets it for each job, whatever the job signs in with.
_ONLY_WHERE_ASKED = frozenset({"auth_service_connection_id"})


def with_environment(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> dict[str, t.Any]:
    """`params` with what is missing taken from the environment.

    A credential is taken as a whole: where the task gives any part of one, the environment gives none. Where it only
    says which kind, by `auth_kind`, the environment gives what belongs to that kind.
    """
    params = {**params, **_kind(params, environ)}
    names = [*_COMMON, *_of_credential(params)]
    found = {name: _value(name, environ) for name in names if name in params}
    return {**params, **{name: value for name, value in found.items() if value and not params[name]}}


def _kind(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> dict[str, str]:
    """What the azuread Terraform provider's switches say, where the task says nothing."""
    said = params.get("auth_kind") or any(params.get(option) for option in CREDENTIAL_OPTIONS)
    if said or "auth_kind" not in params:
        return {}
    for switch, kind in (("ARM_USE_MSI", "managed_identity"), ("ARM_USE_CLI", "azure_cli")):
        if _is_on(environ.get(switch)):
            return {"auth_kind": kind}
    if not _is_on(environ.get("ARM_USE_OIDC")):
        return {}
    if _value("auth_federated_token_file", environ):
        return {"auth_kind": "federated_token_file"}
    return {"auth_kind": "azure_pipelines" if environ.get("SYSTEM_OIDCREQUESTURI") else "github_actions"}


def _of_credential(params: t.Mapping[str, t.Any]) -> t.Iterable[str]:
    if any(params.get(option) for option in CREDENTIAL_OPTIONS):
        return ()
    kind = params.get("auth_kind")
    return ENVIRONMENT.keys() & KINDS[kind].options if kind else ENVIRONMENT.keys() - _ONLY_WHERE_ASKED


def _value(option: str, environ: t.Mapping[str, str]) -> t.Any:
    names = {**_COMMON, **ENVIRONMENT}[option]
    text = next((environ[name] for name in names if environ.get(name)), None)
    return _is_on(text) if option in _FLAGS else text


def _is_on(text: str | None) -> bool:
    """As the Azure SDK reads it."""
    return text is not None and text.lower() in ("1", "true")
