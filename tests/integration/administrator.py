# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pretend administrator of an emulated tenant, who changes things by Microsoft Graph itself."""

from __future__ import annotations

from typing import Any

import requests

from emulator.launch import Emulator

ALL_ROLES = [
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
]
CALENDAR = "totalview-exchange365-calendar"
MAIL = "totalview-exchange365-mail"
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"

Json = dict[str, Any]


class Administrator:
    def __init__(self, emulator: Emulator, tenant: str) -> None:
        self._url = f"{emulator.url}/v1.0"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = emulator.ca_file
        self._session.headers["Authorization"] = f"Bearer {emulator.token(tenant, ALL_ROLES)}"

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self._session.request(method, self._url + path, json=body, timeout=30)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return dict(answer.json()) if answer.content else {}

    def application(self, unique_name: str) -> Json:
        return self.call("GET", f"/applications(uniqueName='{unique_name}')")

    def change(self, unique_name: str, **properties: Any) -> None:
        self.call("PATCH", f"/applications/{self.application(unique_name)['id']}", properties)

    def service_principal(self, app_id: str) -> Json:
        return self.call("GET", f"/servicePrincipals(appId='{app_id}')")

    def principal_of(self, unique_name: str) -> Json:
        return self.service_principal(self.application(unique_name)["appId"])

    def role_id(self, name: str, resource: str = GRAPH_APP_ID) -> str:
        roles = self.service_principal(resource)["appRoles"]
        return next(str(role["id"]) for role in roles if role["value"] == name)

    def scope_id(self, name: str) -> str:
        scopes = self.service_principal(GRAPH_APP_ID)["oauth2PermissionScopes"]
        return next(str(scope["id"]) for scope in scopes if scope["value"] == name)

    def grant(self, unique_name: str, role: str) -> None:
        graph = self.service_principal(GRAPH_APP_ID)["id"]
        body = {
            "principalId": self.principal_of(unique_name)["id"],
            "resourceId": graph,
            "appRoleId": self.role_id(role),
        }
        self.call("POST", f"/servicePrincipals/{graph}/appRoleAssignedTo", body)

    def grant_delegated(self, unique_name: str, scope: str, principal: str | None = None) -> None:
        body = {
            "clientId": self.principal_of(unique_name)["id"],
            "consentType": "Principal" if principal else "AllPrincipals",
            "principalId": principal,
            "resourceId": self.service_principal(GRAPH_APP_ID)["id"],
            "scope": scope,
        }
        self.call("POST", "/oauth2PermissionGrants", body)

    def revoke_everything(self, unique_name: str) -> None:
        principal = self.principal_of(unique_name)["id"]
        for row in self.call("GET", f"/servicePrincipals/{principal}/appRoleAssignments")["value"]:
            self.call("DELETE", f"/servicePrincipals/{principal}/appRoleAssignments/{row['id']}")
