# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that nobody here wrote do the vendor's guide and use what came of it; then the role takes it over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clients.client import Client
from emulator.launch import Emulator
from integration.operator_desk import SENDER, Desk
from integration.tenants import ADOPTING_ROLES, Tenants
from integration.witness import WANTED_PERMISSIONS, Witness, last_request, writes

Json = dict[str, Any]

CALENDAR_NAME, MAIL_NAME = WANTED_PERMISSIONS
ADMINISTRATOR, ADMINISTRATORS_SECRET = "Administrator's tool", "administrators-own-secret-4711"
PERSON, RECIPIENT = "ann@example.com", "someone@elsewhere.example"
#: By then Exchange enforces the restriction, so that grants need not wait for it.
ENFORCED = 3 * 3600


@pytest.fixture
def contoso(tenants: Tenants) -> str:
    """With somebody who may register applications and consent, as an application: clients sign in without a person."""
    administrator = {
        "displayName": ADMINISTRATOR,
        "applicationPermissions": ["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"],
        "adminConsent": True,
        "passwordCredentials": [{"displayName": "tool", "secretText": ADMINISTRATORS_SECRET}],
    }
    users = [
        {"upn": SENDER, "display_name": "Totalview", "mailbox": True},
        {"upn": PERSON, "display_name": "Ann Hansen", "mailbox": True, "events": 12},
    ]
    return tenants.make(roles=ADOPTING_ROLES, users=users, applications=[administrator])


def administrator(emulator: Emulator, tenant: str) -> Json:
    [client_id] = [
        row["appId"] for row in emulator.snapshot(tenant)["applications"] if row["displayName"] == ADMINISTRATOR
    ]
    return {"tenant": tenant, "client_id": client_id, "secret": ADMINISTRATORS_SECRET}


def wanted() -> list[Json]:
    return [{"display_name": name, "permissions": sorted(names)} for name, names in WANTED_PERMISSIONS.items()]


def as_the_connector(client: Client, tenant: str, made: Json) -> Json:
    registrations = {"calendar": made[CALENDAR_NAME], "mail": made[MAIL_NAME]}
    people = {"person": PERSON, "sender": SENDER, "recipient": RECIPIENT}
    return client.run("connector.py", tenant=tenant, **registrations, **people)


@pytest.mark.parametrize("leg", ["floor"], indirect=True)
def test_what_others_made_by_the_guide_is_used_and_taken_over(
    client: Callable[[str], Client], desk: Desk, contoso: str, emulator: Emulator
) -> None:
    made = client("msgraph-sdk").run("vendor_guide.py", **administrator(emulator, contoso), registrations=wanted())

    witness = Witness(emulator, contoso)
    witness.assert_as_totalview_asks()
    used = as_the_connector(client("python-o365"), contoso, made)
    assert [subject for subject, _start, _shown in used["view"]] == [f"Meeting {number}" for number in range(1, 13)]
    assert {start[10:] for _subject, start, _shown in used["view"]} == {"T10:00:00+01:00"}
    assert used["pages"] == 12
    assert used["later"] == [f"Meeting {number}" for number in range(5, 13)]
    assert used["written"][0] == "Dentist, moved"
    assert [item["subject"] for item in used["availability"][0]["scheduleItems"]] == ["Meeting 2"]
    assert (used["sent"], used["sent_as_another"]) == ("accepted", "accepted")

    desk.hosts["contoso"] = {
        "connector_tenant_id": contoso,
        "connector_adopt": True,
        "connector_calendar_adopt_client_id": made[CALENDAR_NAME]["client_id"],
        "connector_mail_adopt_client_id": made[MAIL_NAME]["client_id"],
        "connector_adopt_credentials": {"keep": [registration["key_id"] for registration in made.values()]},
    }
    desk.run()
    emulator.advance_clock(ENFORCED)
    run = desk.run()

    assert run.tenant("contoso")["state"] == "complete", run.output
    adopted = Witness(emulator, contoso)
    for name, registration in made.items():
        application = adopted.applications[name]
        assert application["appId"] == registration["client_id"]
        assert adopted.granted(application) == WANTED_PERMISSIONS[name]
        assert registration["key_id"] in [row["keyId"] for row in application["passwordCredentials"]]
    mark = last_request(emulator)
    assert desk.run().stats["contoso"]["changed"] == 0
    assert writes(emulator, contoso, mark) == []

    after = as_the_connector(client("python-o365"), contoso, made)

    assert after["view"] == used["view"]
    assert (after["sent"], after["sent_as_another"]) == ("accepted", "403 ErrorAccessDenied")
    sent = emulator.snapshot(contoso)["exchange"]["sent"]
    assert [row["mailbox"] for row in sent] == [SENDER, PERSON, SENDER]
    assert {row["app_id"] for row in sent} == {made[MAIL_NAME]["client_id"]}
