# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulator inside the test's own process, with the calls that tests make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests

from emulator.app import EmulatorApp
from emulator.in_process import in_process_session
from emulator.launch import Emulator
from emulator.seed import check_seed
from emulator.world import World

ORIGIN = "https://graph.microsoft.com"
LOGIN = "https://login.microsoftonline.com"
SCOPE = f"{ORIGIN}/.default"

# A pretend administrator may do all that the emulator knows of.
EVERYTHING = (
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Policy.Read.All",
    "Policy.ReadWrite.ApplicationConfiguration",
    "User.Read.All",
)


class Rig:
    def __init__(self, seed: Mapping[str, Any] | None, world: World, tenant: str) -> None:
        """`seed`: None where the world goes on as it is."""
        self.world = world
        if seed is not None:
            self.world.start(check_seed(dict(seed)))
        self.session = in_process_session(EmulatorApp(world))
        self.admin = Emulator(ORIGIN, "", self.session)
        self.home = tenant
        self._tokens: dict[tuple[str, tuple[str, ...]], str] = {}

    def token(self, roles: Sequence[str] = EVERYTHING, *, tenant: str = "") -> str:
        wanted = (tenant or self.home, tuple(roles))
        if wanted not in self._tokens:
            self._tokens[wanted] = self.admin.token(*wanted)
        return self._tokens[wanted]

    def forget_tokens(self) -> None:
        """They have expired."""
        self._tokens.clear()

    def graph(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> requests.Response:
        """Paths are those of v1.0 or begin with /beta; further arguments are headers, `if_match` is `if-match`."""
        names = {"consistency_level": "ConsistencyLevel"}
        given = {names.get(name, name.replace("_", "-")): value for name, value in headers.items()}
        given["Authorization"] = f"Bearer {token or self.token()}"
        version = "" if path.startswith("/beta/") else "/v1.0"
        return self.session.request(method, f"{ORIGIN}{version}{path}", json=body, headers=given)

    def sign_in(self, client_id: str, secret: str, *, tenant: str = "", scope: str = SCOPE) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": scope,
        }
        return self.session.post(f"{LOGIN}/{tenant or self.home}/oauth2/v2.0/token", data=form)

    def application(self, display_name: str = "Example", **fields: Any) -> dict[str, Any]:
        return self.created(self.graph("POST", "/applications", {"displayName": display_name, **fields}))

    def service_principal(self, app_id: str) -> dict[str, Any]:
        return self.created(self.graph("POST", "/servicePrincipals", {"appId": app_id}))

    def resource(self, app_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.graph("GET", f"/servicePrincipals(appId='{app_id}')").json()
        return found

    @staticmethod
    def created(answer: requests.Response) -> dict[str, Any]:
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body


def error_of(answer: requests.Response) -> tuple[int, str, str]:
    """Status, code and message of a Graph refusal."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]
