# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

#: Option and the Azure SDK's name for it.
_VARIABLES = {
    "tenant_id": "AZURE_TENANT_ID",
    "auth_client_id": "AZURE_CLIENT_ID",
    "authority_url": "AZURE_AUTHORITY_HOST",
}
_CREDENTIAL_VARIABLES = {
    "auth_client_secret": "AZURE_CLIENT_SECRET",
    "auth_certificate_path": "AZURE_CLIENT_CERTIFICATE_PATH",
    "auth_certificate_password": "AZURE_CLIENT_CERTIFICATE_PASSWORD",
}


def with_environment(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> dict[str, t.Any]:
    """`params` with what is missing taken from the environment.

    A credential is taken as a whole: where the task gives a secret or a certificate, the environment gives neither.
    """
    given = {name for name in _CREDENTIAL_VARIABLES if params.get(name)}
    variables = _VARIABLES | ({} if given else _CREDENTIAL_VARIABLES)
    found = {name: environ.get(variable) for name, variable in variables.items() if name in params}
    return {**params, **{name: value for name, value in found.items() if value and not params[name]}}
