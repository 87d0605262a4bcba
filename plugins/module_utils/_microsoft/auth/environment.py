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


def with_environment(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> dict[str, t.Any]:
    """`params` with what is missing taken from the environment.

    A credential is taken as a whole: where the task gives any part of one, the environment gives none. Where it only
    says which kind, by `auth_kind`, the environment gives what belongs to that kind.
    """
    names = {**_COMMON, **_of_credential(params)}
    found = {name: _value(name, variables, environ) for name, variables in names.items() if name in params}
    return {**params, **{name: value for name, value in found.items() if value and not params[name]}}


def _of_credential(params: t.Mapping[str, t.Any]) -> dict[str, tuple[str, ...]]:
    if any(params.get(option) for option in CREDENTIAL_OPTIONS):
        return {}
    kind = KINDS.get(params.get("auth_kind") or "")
    return {option: names for option, names in ENVIRONMENT.items() if kind is None or option in kind.options}


def _value(option: str, variables: t.Iterable[str], environ: t.Mapping[str, str]) -> t.Any:
    text = next((environ[name] for name in variables if environ.get(name)), None)
    if option in _FLAGS:  # as the Azure SDK reads it
        return text is not None and text.lower() in ("1", "true")
    return text
