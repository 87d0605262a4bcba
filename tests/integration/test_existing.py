# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registrations that are there already: made by hand, deleted, or made by a run whose answer was lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL, Administrator
from integration.operator_desk import Desk
from integration.tenants import ADOPTING_ROLES, Tenants, recording_emulator
from integration.witness import Witness, writes

CALENDAR_NAME = "Totalview Calendar Synchronization"
#: By then Exchange enforces the restriction, so that grants need not wait for it.
ENFORCED = 3 * 3600


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """With a clock of its own."""
    with recording_emulator() as running:
        yield running


@pytest.fixture
def contoso(tenants: Tenants, desk: Desk) -> str:
    tenant = tenants.make(roles=ADOPTING_ROLES)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    return tenant


def test_a_registration_made_by_hand_is_adopted_when_asked(desk: Desk, contoso: str, emulator: Emulator) -> None:
    made = emulator.portal_application(contoso, CALENDAR_NAME, permissions=["Calendars.Read"], consent=True)
    [owner] = Witness(emulator, contoso).applications[CALENDAR_NAME]["owners"]
    desk.variables["connector_adopt"] = True

    undecided = desk.run().tenant("contoso")

    assert undecided["state"] == "failed"
    assert owner in undecided["next"]
    assert writes(emulator, contoso) == []
    desk.variables["connector_adopt_owners"] = {"keep": [owner]}

    run = desk.run()

    assert run.code == 0, run.output
    witness = Witness(emulator, contoso)
    witness.assert_as_totalview_asks()
    adopted = witness.applications[CALENDAR_NAME]
    assert adopted["appId"] == made["appId"]
    assert adopted["uniqueName"] == CALENDAR
    assert desk.run().stats["contoso"]["changed"] == 0


def test_without_being_asked_nothing_is_adopted_and_nothing_made(desk: Desk, contoso: str, emulator: Emulator) -> None:
    made = emulator.portal_application(contoso, CALENDAR_NAME)

    run = desk.run()

    assert run.code != 0
    assert made["appId"] in run.tenant("contoso")["next"]
    assert "Set connector_adopt" in run.tenant("contoso")["next"]
    assert writes(emulator, contoso) == []


def test_two_of_the_same_name_are_for_a_person_to_decide(desk: Desk, contoso: str, emulator: Emulator) -> None:
    both = [emulator.portal_application(contoso, CALENDAR_NAME, owners=[])["appId"] for _unused in range(2)]
    desk.variables["connector_adopt"] = True

    run = desk.run()

    assert run.code != 0
    assert all(client_id in run.tenant("contoso")["next"] for client_id in both)
    failure = next(row["failure"] for row in run.results("contoso", "read and plan") if "failure" in row)
    assert failure["code"] == "AmbiguityError"
    assert {row["client_id"] for row in failure["details"]} == set(both)
    assert writes(emulator, contoso) == []

    desk.hosts["contoso"]["connector_calendar_adopt_client_id"] = both[1]
    chosen = desk.run()

    assert chosen.code == 0, chosen.output
    by_key = {row["uniqueName"]: row["appId"] for row in emulator.snapshot(contoso)["applications"]}
    assert by_key[CALENDAR] == both[1]


def test_a_client_id_that_is_not_there_is_an_error(desk: Desk, contoso: str, emulator: Emulator) -> None:
    desk.hosts["contoso"].update(
        connector_adopt=True, connector_mail_adopt_client_id="12345678-1234-4234-8234-123456789abc"
    )

    run = desk.run()

    assert run.code != 0
    assert "12345678-1234-4234-8234-123456789abc" in run.tenant("contoso")["next"]
    assert writes(emulator, contoso) == []


def test_a_deleted_registration_is_restored_with_its_secret(desk: Desk, contoso: str, emulator: Emulator) -> None:
    assert desk.run().code == 0
    emulator.advance_clock(ENFORCED)
    admin = Administrator(emulator, contoso)
    before = Witness(emulator, contoso).applications["Totalview E-Mail Sending"]
    admin.call("DELETE", f"/applications/{before['id']}")

    run = desk.run()

    assert run.code == 0, run.output
    witness = Witness(emulator, contoso)
    witness.assert_as_totalview_asks()
    after = witness.applications["Totalview E-Mail Sending"]
    assert after["appId"] == before["appId"]
    assert after["passwordCredentials"][0]["keyId"] == before["passwordCredentials"][0]["keyId"]
    assert witness.snapshot["deletedItems"] == []
    assert run.tenant("contoso")["changed"] == ["mail: application, consent"]
    assert desk.run().stats["contoso"]["changed"] == 0


def test_a_permanently_deleted_registration_is_made_anew(desk: Desk, contoso: str, emulator: Emulator) -> None:
    assert desk.run().code == 0
    admin = Administrator(emulator, contoso)
    before = admin.application(MAIL)
    admin.call("DELETE", f"/applications/{before['id']}")
    admin.call("DELETE", f"/directory/deletedItems/{before['id']}")

    run = desk.run()

    assert run.code == 0, run.output
    witness = Witness(emulator, contoso)
    witness.assert_as_totalview_asks()
    after = witness.applications["Totalview E-Mail Sending"]
    assert after["appId"] != before["appId"]
    assert after["appId"] in desk.view(desk.store / "handoff" / "contoso.yml")
