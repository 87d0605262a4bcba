# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulator's admin door says is true in a tenant, in few words."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

from emulator.launch import Emulator

Json = dict[str, Any]

#: What Totalview asks for.
WANTED_PERMISSIONS = {
    "Totalview Calendar Synchronization": {"Calendars.Read", "Calendars.ReadWrite", "User.Read.All"},
    "Totalview E-Mail Sending": {"Mail.Send"},
}


class Witness:
    """One snapshot of one tenant."""

    def __init__(self, emulator: Emulator, tenant: str) -> None:
        self.snapshot: Json = emulator.snapshot(tenant)

    @property
    def applications(self) -> dict[str, Json]:
        """By display name; two of one name are a failure. The automation's own application is left out."""
        rows = [row for row in self.snapshot["applications"] if row["displayName"].startswith("Totalview")]
        found = {str(row["displayName"]): row for row in rows}
        assert len(found) == len(rows), [row["displayName"] for row in rows]
        return found

    def principal(self, application: Json) -> Json:
        rows = [row for row in self.snapshot["servicePrincipals"] if row["appId"] == application["appId"]]
        assert len(rows) == 1, rows
        return dict(rows[0])

    def granted(self, application: Json) -> set[str]:
        principal = self.principal(application)["id"]
        rows = self.snapshot["appRoleAssignments"]
        return {str(row["value"]) for row in rows if row["principalId"] == principal}

    def delegated(self, application: Json) -> set[str]:
        principal = self.principal(application)["id"]
        rows = self.snapshot["oauth2PermissionGrants"]
        return {scope for row in rows if row["clientId"] == principal for scope in row["scope"].split()}

    def declared_ids(self, application: Json) -> set[tuple[str, str]]:
        return {
            (access["type"], access["id"])
            for resource in application["requiredResourceAccess"]
            for access in resource["resourceAccess"]
        }

    def assert_as_totalview_asks(self) -> None:
        assert set(self.applications) == set(WANTED_PERMISSIONS)
        for name, wanted in WANTED_PERMISSIONS.items():
            application = self.applications[name]
            assert application["signInAudience"] == "AzureADMyOrg"
            assert self.granted(application) == wanted
            assert self.delegated(application) == set()
            assert {kind for kind, _id in self.declared_ids(application)} == {"Role"}
            assert len(self.declared_ids(application)) == len(wanted)
            assert len(application["passwordCredentials"]) == 1


def access_tokens(emulator: Emulator, tenant: str) -> list[Json]:
    """Claims of those of one tenant; the emulator, which tests share, has given out others, and refresh tokens too."""
    signed = [token.split(".") for token in emulator.issued()["tokens"] if token.count(".") == 2]
    claims = [json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) for _head, payload, _by in signed]
    return [row for row in claims if row.get("tid") == tenant]


def writes(emulator: Emulator, tenant: str, after: int = 0) -> list[str]:
    """Requests that change something in Microsoft Graph, refused ones as well."""
    rows = emulator.requests(tenant=tenant, service="graph", after=after)
    # The items of a batch have entries of their own.
    made = [row for row in rows if row["method"] != "GET" and not row["path"].endswith("/$batch")]
    return [f"{row['method']} {row['path']}" for row in made]


def exchange_writes(emulator: Emulator, tenant: str, after: int = 0) -> list[str]:
    """Cmdlets that change something in Exchange, refused ones as well."""
    rows = emulator.requests(tenant=tenant, service="exchange", after=after)
    inputs = [json.loads(row["request_body"])["CmdletInput"] for row in rows if not row["path"].endswith("/$batch")]
    return [entry["CmdletName"] for entry in inputs if not entry["CmdletName"].startswith(("Get-", "Test-"))]


def last_request(emulator: Emulator) -> int:
    return max((int(row["number"]) for row in emulator.requests()), default=0)
