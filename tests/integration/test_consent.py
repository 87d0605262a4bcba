# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consent that the automation may not give is handed over, and taken up again when it was given."""

from __future__ import annotations

import re

import requests

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL, Administrator
from integration.operator_desk import SENDER, Desk, Run
from integration.plays import play, task
from integration.reach_witness import reach_now
from integration.tenants import ROLES, Tenants
from integration.witness import Witness

#: Makes registrations, may read all that concerns consent, may not give it.
WITHOUT_CONSENT = ("Application.Read.All", "Application.ReadWrite.OwnedBy", "Directory.Read.All", "Policy.Read.All")


def _links(run: Run) -> list[str]:
    return [row["link"] for row in run.results("contoso", "Admin consent") if row.get("link")]


def _messages(run: Run) -> list[str]:
    """On the screen, ready to be forwarded."""
    return re.findall(r"contoso: \w+ waits for consent. Forward this: (.*)", run.output)


def test_who_may_not_consent_gets_a_message_and_the_next_run_goes_on(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make(roles=WITHOUT_CONSENT)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}

    waiting = desk.run()

    assert waiting.code == 0, waiting.output
    assert waiting.tenant("contoso")["state"] == "waiting_for_consent"
    assert not (desk.store / "handoff").exists()
    messages = _messages(waiting)
    assert len(messages) == 2
    assert "Global Administrator" in messages[0]
    assert "Calendars.ReadWrite" in messages[0]
    links = _links(waiting)
    assert len(links) == 2
    assert all(link in waiting.tenant("contoso")["next"] for link in links)

    again = desk.run()
    assert again.stats["contoso"]["changed"] == 0
    assert again.tenant("contoso")["state"] == "waiting_for_consent"
    # Told again as long as it waits; that for e-mail is held while the restriction is young and a secret lives.
    assert _messages(again) == messages[:1]

    for link in links:
        page = requests.post(link, data={"decision": "accept"}, verify=emulator.ca_file, timeout=30)
        assert "AADSTS500113" in page.text, "our registrations have no reply address"
    complete = desk.run()

    assert complete.code == 0, complete.output
    result = complete.tenant("contoso")
    assert (result["state"], result["changed"]) == ("complete", ["calendar: proof", "mail: proof", "hand-off"])
    assert result["next"].startswith("You type in for the first time what was handed off")
    Witness(emulator, tenant).assert_as_totalview_asks()


def test_partial_consent_is_shown_permission_by_permission(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make(roles=WITHOUT_CONSENT)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().code == 0
    admin = Administrator(emulator, tenant)
    admin.grant(CALENDAR, "Calendars.Read")
    admin.grant(CALENDAR, "Mail.Send")

    message = _messages(desk.run())[0]
    store = {"folder": str(desk.store)}
    calendar = desk.run(play(task("admin_consent", unique_name=CALENDAR, store=store))).results(
        "contoso", "admin_consent"
    )[0]

    assert all(step in message for step in calendar["waiting"])
    assert {(row["name"], row["declared"], row["granted"]) for row in calendar["permissions"]} == {
        ("Calendars.Read", True, True),
        ("Calendars.ReadWrite", True, False),
        ("User.Read.All", True, False),
        ("Mail.Send", False, True),
    }
    assert sorted(calendar["waiting"]) == [
        "grant Calendars.ReadWrite (application)",
        "grant User.Read.All (application)",
        "revoke Mail.Send (application)",
    ]


def test_unreadable_delegated_grants_are_a_warning_not_a_guess(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    roles = tuple(role for role in ROLES if role != "DelegatedPermissionGrant.ReadWrite.All")
    tenant = tenants.make(roles=roles)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}

    run = desk.run()

    assert run.code == 0, run.output
    assert run.tenant("contoso")["state"] == "complete"
    assert "Delegated grants could not be read" in run.output
    Witness(emulator, tenant).assert_as_totalview_asks()


def test_a_left_over_that_only_somebody_else_may_revoke_gets_an_instruction_to_revoke(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """What Exchange's roles confine and Entra grants besides reaches every mailbox; consent would not mend it."""
    tenant = tenants.make(roles=WITHOUT_CONSENT)
    desk.hosts["contoso"] = {
        "connector_tenant_id": tenant,
        "connector_mail_restriction": "rbac",
        "connector_enforcement_delay": "0s",
    }
    first = desk.run()
    for link in _links(first):
        requests.post(link, data={"decision": "accept"}, verify=emulator.ca_file, timeout=30)
    admin = Administrator(emulator, tenant)
    admin.grant(MAIL, "Mail.Send")
    reached = reach_now(emulator, tenant)[MAIL]

    run = desk.run()

    assert run.code == 0, run.output
    result = run.tenant("contoso")
    assert result["state"] == "waiting_for_revocation"
    assert f"revoke Mail.Send (application) of {MAIL}" in result["next"]
    assert "consent" not in result["next"]
    assert _messages(run) == []
    assert re.search(r"waits for a revocation. Forward this: .*revoke just these", run.output)
    assert not (desk.store / "handoff").exists()

    admin.revoke_everything(MAIL)
    after = desk.run()

    assert after.tenant("contoso")["state"] == "complete", after.output
    assert reach_now(emulator, tenant)[MAIL] == {SENDER} < reached
