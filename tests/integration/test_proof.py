# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof: what it asks, when it is made again, and that nobody gets a message whom nobody named."""

from __future__ import annotations

import json
from typing import Any

from emulator.launch import Emulator
from integration.administrator import MAIL, Administrator
from integration.operator_desk import SENDER, Desk
from integration.reach_witness import ANN, USERS
from integration.tenants import Tenants, recording_emulator
from integration.witness import access_tokens, last_request

Json = dict[str, Any]

RBAC = {
    "connector_mail_restriction": "rbac",
    "connector_calendar_restriction": "rbac",
    "connector_calendar_members": [ANN],
}


def _asked(emulator: Emulator, tenant: str, after: int = 0) -> list[tuple[str, int]]:
    """Requests to mailboxes, and how they were answered."""
    rows = emulator.requests(tenant=tenant, service="graph", after=after)
    return [(row["path"].rsplit("/", 1)[1], row["status"]) for row in rows if "/users/" in row["path"]]


def _sent(emulator: Emulator, tenant: str) -> list[Any]:
    return list(emulator.snapshot(tenant)["exchange"]["sent"])


def test_an_earlier_proof_holds_until_somebody_asks_again(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make(users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_calendar_members": [ANN]}

    assert desk.run().tenant("contoso")["state"] == "complete"

    # Each registration asks inside and outside; a message without recipients is refused for lack of them.
    wanted = [("calendarView", 200), ("calendarView", 403), ("sendMail", 400), ("sendMail", 403)]
    assert sorted(_asked(emulator, tenant)) == wanted
    mark = last_request(emulator)
    assert desk.run().stats["contoso"]["changed"] == 0
    assert _asked(emulator, tenant, mark) == []

    desk.variables["connector_prove_again"] = True
    again = desk.run()

    assert again.tenant("contoso")["state"] == "complete", again.output
    assert set(_asked(emulator, tenant, mark)) == set(wanted)
    assert _sent(emulator, tenant) == []


def test_a_proof_ends_after_its_time(desk: Desk) -> None:
    with recording_emulator() as emulator:
        own = Tenants(emulator)
        tenant = own.make(users=USERS)
        desk.emulator_url, desk.ca_file = emulator.url, emulator.ca_file
        desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_calendar_members": [ANN]}
        assert desk.run().tenant("contoso")["state"] == "complete"
        mark = last_request(emulator)

        emulator.advance_clock(6 * 86400)
        assert desk.run().stats["contoso"]["changed"] == 0
        assert _asked(emulator, tenant, mark) == []

        emulator.advance_clock(2 * 86400)
        again = desk.run()
        assert again.tenant("contoso")["changed"] == ["calendar: proof", "mail: proof"], again.output
        assert _asked(emulator, tenant, mark)
        assert desk.run().stats["contoso"]["changed"] == 0


def test_a_permission_granted_and_taken_back_by_others_is_proven_anew(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """What is granted is part of what was proven, on whichever registration."""
    tenant = tenants.make(users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().tenant("contoso")["state"] == "complete"
    mark = last_request(emulator)
    desk.hosts["contoso"]["connector_calendar_permissions"] = ["Calendars.Read", "User.Read.All"]

    run = desk.run()

    assert run.tenant("contoso")["changed"] == ["calendar: permissions, consent, proof"], run.output
    assert ("calendarView", 200) in _asked(emulator, tenant, mark)


def test_a_test_message_is_sent_only_on_request_and_once(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    silent, asked = tenants.make(users=USERS), tenants.make(users=USERS)
    desk.hosts = {
        "silent": {"connector_tenant_id": silent},
        "asked": {"connector_tenant_id": asked, "connector_test_mail_to": ANN},
    }

    for _unused in range(2):
        assert desk.run().code == 0

    assert _sent(emulator, silent) == []
    [message] = _sent(emulator, asked)
    assert ANN in json.dumps(message)
    assert SENDER in json.dumps(message)


def test_in_rbac_mode_the_token_carries_no_role_for_mailboxes(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make(users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, **RBAC}

    run = desk.run()

    assert run.tenant("contoso")["state"] == "complete", run.output
    app_id = Administrator(emulator, tenant).application(MAIL)["appId"]
    mail = [row for row in access_tokens(emulator, tenant) if row["appid"] == app_id]
    assert mail, "the proof signs in as the registration"
    assert all(not row.get("roles") for row in mail)


def test_a_grant_by_hand_that_the_token_still_carries_is_no_proof(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """The declaration is exact, so this is seen before the proof: the grant goes, and the proof is made without it."""
    tenant = tenants.make(users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_prove_again": True}
    assert desk.run().code == 0
    Administrator(emulator, tenant).grant(MAIL, "Calendars.ReadWrite")

    run = desk.run()

    assert run.tenant("contoso")["state"] == "complete", run.output
    assert "mail: consent, proof" in run.tenant("contoso")["changed"]


def test_without_a_mailbox_outside_nothing_is_proven_and_somebody_must_decide(desk: Desk, tenants: Tenants) -> None:
    users = [{"upn": SENDER, "display_name": "Totalview", "mailbox": True}]
    desk.hosts = {
        "alone": {"connector_tenant_id": tenants.make(users=users)},
        "untried": {
            "connector_tenant_id": tenants.make(users=USERS),
            "connector_mail_permissions": ["Mail.Send", "MailboxSettings.Read"],
        },
    }

    for run in (desk.run(), desk.run()):
        assert run.code == 0, run.output
        assert {run.tenant(host)["state"] for host in desk.hosts} == {"not_provable"}, run.output
        assert "no mailbox outside" in run.tenant("alone")["next"]
        assert "Nothing tries MailboxSettings.Read" in run.tenant("untried")["next"]
        assert not (desk.store / "handoff").exists()

    desk.variables["connector_handoff_unproven"] = True
    decided = desk.run()

    assert {decided.tenant(host)["state"] for host in desk.hosts} == {"not_provable"}, decided.output
    assert (desk.store / "handoff" / "alone.yml").exists()
