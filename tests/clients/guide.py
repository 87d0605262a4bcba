# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's guide as a tenant's administrator has to do it, and what has to come of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.launch import Emulator
from integration.operator_desk import SENDER, Desk
from integration.tenants import ADOPTING_ROLES, Tenants
from integration.witness import WANTED_PERMISSIONS, Witness, last_request, writes

Json = dict[str, Any]
#: By display name: `client_id`, `secret` and `key_id`.
Made = Mapping[str, Mapping[str, str]]

CALENDAR_NAME, MAIL_NAME = WANTED_PERMISSIONS
PERSON, RECIPIENT = "ann@example.com", "someone@elsewhere.example"
GRAPH = "00000003-0000-0000-c000-000000000000"
_TOOL, _SECRET = "Administrator's tool", "administrators-own-secret-4711"
#: By then Exchange enforces the restriction, so that grants need not wait for it.
_ENFORCED = 3 * 3600


class Guide:
    """One tenant, with somebody who may register and consent: an application, as clients sign in without people."""

    def __init__(self, emulator: Emulator, desk: Desk, tenants: Tenants) -> None:
        self._emulator, self._desk = emulator, desk
        administrator = {
            "displayName": _TOOL,
            "applicationPermissions": ["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"],
            "adminConsent": True,
            "passwordCredentials": [{"displayName": "tool", "secretText": _SECRET}],
        }
        users = [
            {"upn": SENDER, "display_name": "Totalview", "mailbox": True},
            {"upn": PERSON, "display_name": "Ann Hansen", "mailbox": True, "events": 12},
        ]
        self.tenant = tenants.make(roles=ADOPTING_ROLES, users=users, applications=[administrator])

    @property
    def administrator(self) -> dict[str, str]:
        rows = self._emulator.snapshot(self.tenant)["applications"]
        [client_id] = [row["appId"] for row in rows if row["displayName"] == _TOOL]
        return {"tenant": self.tenant, "client_id": client_id, "secret": _SECRET}

    @property
    def registrations(self) -> list[Json]:
        return [{"display_name": name, "permissions": sorted(names)} for name, names in WANTED_PERMISSIONS.items()]

    def as_the_connector(self, made: Made) -> Json:
        """What a program that stands in for the connector is given."""
        people = {"person": PERSON, "sender": SENDER, "recipient": RECIPIENT}
        return {"tenant": self.tenant, "calendar": made[CALENDAR_NAME], "mail": made[MAIL_NAME], **people}

    def assert_followed(self) -> None:
        Witness(self._emulator, self.tenant).assert_as_totalview_asks()

    def hand_over(self, made: Made) -> None:
        """The role adopts what was made, and then has nothing more to do."""
        self._desk.hosts["contoso"] = {
            "connector_tenant_id": self.tenant,
            "connector_adopt": True,
            "connector_calendar_adopt_client_id": made[CALENDAR_NAME]["client_id"],
            "connector_mail_adopt_client_id": made[MAIL_NAME]["client_id"],
            "connector_adopt_credentials": {"keep": [registration["key_id"] for registration in made.values()]},
        }
        self._desk.run()
        self._emulator.advance_clock(_ENFORCED)

        run = self._desk.run()

        assert run.tenant("contoso")["state"] == "complete", run.output
        adopted = Witness(self._emulator, self.tenant)
        for name, registration in made.items():
            application = adopted.applications[name]
            assert application["appId"] == registration["client_id"]
            assert adopted.granted(application) == WANTED_PERMISSIONS[name]
            assert registration["key_id"] in [row["keyId"] for row in application["passwordCredentials"]]
        mark = last_request(self._emulator)
        assert self._desk.run().stats["contoso"]["changed"] == 0
        assert writes(self._emulator, self.tenant, mark) == []

    def assert_sent(self, made: Made, *mailboxes: str) -> None:
        """By the registration for mail, from these mailboxes."""
        sent = self._emulator.snapshot(self.tenant)["exchange"]["sent"]
        assert [row["mailbox"] for row in sent] == list(mailboxes)
        assert {row["app_id"] for row in sent} == {made[MAIL_NAME]["client_id"]}
