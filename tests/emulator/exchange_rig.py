# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rig's tenant with Exchange and an automation that may administer it: for tests of the cmdlets."""

from __future__ import annotations

from typing import Any

import requests

from emulator.rig import Rig

DOMAIN = "exchange.example"
CLIENT_ID = "bbbbbbbb-0000-4000-8000-000000000001"
SECRET = "the-exchange-automations-secret"
HOST = "https://outlook.office365.com"

ANN, BOB, DESK, ROOM, NOBOX = (f"{name}@{DOMAIN}" for name in ("ann", "bob", "desk", "room", "nobox"))

USERS = [
    {"upn": ANN, "display_name": "Ann Hansen"},
    {"upn": BOB},
    {"upn": DESK, "mailbox": "shared"},
    {"upn": ROOM, "mailbox": "room"},
    {"upn": NOBOX, "mailbox": False},
]
# All and Inner hold each other, besides one mailbox each.
GROUPS = [
    {"name": "All", "members": [ANN, "Inner"], "notes": "Everybody"},
    {"name": "Inner", "members": [BOB, "All"]},
    {"name": "List", "kind": "distribution", "members": [BOB]},
    {"name": "Team", "kind": "microsoft365", "members": [ANN]},
]

Body = dict[str, Any]


class ExchangeRig:
    def __init__(
        self, rig: Rig, *, directory_roles: tuple[str, ...] = ("Exchange Administrator",), **wish: Any
    ) -> None:
        self.rig = rig
        automation = {
            "client_id": CLIENT_ID,
            "secret": SECRET,
            "exchange_roles": ["Exchange.ManageAsApp"],
            "directory_roles": list(directory_roles),
        }
        tenant = {"domains": [DOMAIN, "second.example"], "display_name": "Exchange", "users": USERS}
        exchange = {"groups": GROUPS, **wish}
        seed = {"tenants": [{**tenant, "automation": automation, "exchange": exchange}]}
        [self.tenant_id] = rig.admin.seed(seed)
        self.anchor = f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{self.tenant_id}"
        self.token = self.sign_in()

    def sign_in(self, scope: str = f"{HOST}/.default") -> str:
        answer = self.rig.sign_in(CLIENT_ID, SECRET, tenant=self.tenant_id, scope=scope)
        return str(answer.json()["access_token"])

    def post(self, path: str, body: Any, **headers: str | None) -> requests.Response:
        """Headers given as None are left out."""
        usual = {"Authorization": f"Bearer {self.token}", "X-AnchorMailbox": self.anchor}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("https://") else f"{HOST}/adminapi/beta/{self.tenant_id}/{path}"
        return self.rig.session.post(url, json=body, headers={**usual, **given})

    def run(self, cmdlet: str, **parameters: Any) -> requests.Response:
        return self.post("InvokeCommand", command(cmdlet, **parameters))

    def value(self, cmdlet: str, **parameters: Any) -> list[Body]:
        answer = self.run(cmdlet, **parameters)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["value"])

    def one(self, cmdlet: str, **parameters: Any) -> Body:
        [found] = self.value(cmdlet, **parameters)
        return found

    def refused(self, cmdlet: str, **parameters: Any) -> tuple[int, str, str]:
        return refusal(self.run(cmdlet, **parameters))

    def members(self, group: str) -> list[str]:
        found = self.value("Get-DistributionGroupMember", Identity=group)
        return sorted(member["PrimarySmtpAddress"] for member in found)

    def group_filter(self, group: str) -> str:
        return f"MemberOfGroup -eq '{self.one('Get-Group', Identity=group)['DistinguishedName']}'"

    def service_principal(self, name: str = "Finished") -> tuple[str, str]:
        """App id and object id of a service principal that a person made."""
        app_id = self.rig.admin.portal_application(self.tenant_id, name)["appId"]
        principals = self.rig.admin.snapshot(self.tenant_id)["servicePrincipals"]
        return app_id, next(item["id"] for item in principals if item["appId"] == app_id)


def command(cmdlet: str, **parameters: Any) -> Body:
    return {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    """Status, last part of the .NET type, and text: where both families of refusals have them."""
    [detail] = answer.json()["error"]["details"]
    _error_id, type_, text = detail["message"].split("|", 2)
    return answer.status_code, type_.rpartition(".")[2], text
