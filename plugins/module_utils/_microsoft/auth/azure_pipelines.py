# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlencode

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import Authority
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.pipeline import ask_pipeline

#: Of the service that gives the tokens, as the Azure SDK asks it.
_API_VERSION = "7.1"


@dataclass(frozen=True)
class AzurePipelines:
    """A job of Azure DevOps with a service connection of the kind workload identity federation."""

    url: str
    token: str = field(repr=False)
    service_connection_id: str

    @classmethod
    def from_environment(cls, environ: t.Mapping[str, str], service_connection_id: str) -> t.Self:
        """Raises InputError outside of a job that may ask for tokens."""
        url, token = environ.get("SYSTEM_OIDCREQUESTURI"), environ.get("SYSTEM_ACCESSTOKEN")
        if not url or not token:
            missing = "SYSTEM_ACCESSTOKEN" if url else "SYSTEM_OIDCREQUESTURI"
            raise InputError(
                f"auth_kind azure_pipelines is given, and Azure DevOps offers no token here: {missing} is not set.",
                next_step="Run in a job of Azure Pipelines, and map the job's token into the step's environment: "
                "SYSTEM_ACCESSTOKEN: $(System.AccessToken).",
                code="PipelineTokenRefused",
            )
        return cls(url, token, service_connection_id)

    def assertion(self, authority: Authority) -> str:
        query = urlencode({"api-version": _API_VERSION, "serviceConnectionId": self.service_connection_id})
        # Without the last header a sign-in page would come in the place of a refusal.
        headers = {"Content-Type": "application/json", "X-TFS-FedAuthRedirect": "Suppress"}
        return ask_pipeline(authority, "POST", f"{self.url}?{query}", self.token, "oidcToken", headers=headers)
