# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""disable.yml and enable.yml: who may sign in, over a fleet, and nothing else undoes it."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.launch import Emulator
from integration import connector
from integration.administrator import Administrator
from integration.operator_desk import Desk
from integration.tenants import Tenants
from integration.witness import Witness, last_request, writes

DISABLE, ENABLE = "totalview.exchange365.disable", "totalview.exchange365.enable"
NAMES = {"calendar": "Totalview Calendar Synchronization", "mail": "Totalview E-Mail Sending"}

Json = dict[str, Any]


@pytest.fixture
def tenant(desk: Desk, tenants: Tenants) -> str:
    """Onboarded."""
    made = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": made}
    run = desk.run()
    assert run.tenant("contoso")["state"] == "complete", run.output
    return made


def _switches(emulator: Emulator, tenant: str) -> dict[str, tuple[bool, bool]]:
    """By kind: accountEnabled and isDisabled, as the admin door has them."""
    witness = Witness(emulator, tenant)
    principals = {row["appId"]: row for row in witness.snapshot["servicePrincipals"]}
    return {
        kind: (principals[row["appId"]]["accountEnabled"], bool(row.get("isDisabled")))
        for kind, name in NAMES.items()
        for row in [witness.applications[name]]
    }


def _signs_in(desk: Desk, emulator: Emulator, tenant: str, kind: str) -> bool:
    return connector.sign_in(desk, emulator, tenant, kind) == 200


ON, OFF = (True, False), (False, True)


@pytest.mark.parametrize("chosen", ["mail", "calendar", "both"])
def test_both_switches_of_what_was_named_and_back(desk: Desk, tenant: str, emulator: Emulator, chosen: str) -> None:
    named = list(NAMES) if chosen == "both" else [chosen]
    option = ("-e", f"connector_switch={chosen}")

    planned = desk.run(DISABLE, *option, "--check")
    assert planned.tenant("contoso")["state"] == "changes_pending"
    assert planned.tenant("contoso")["next"] == "You run again without check mode."
    assert _switches(emulator, tenant) == dict.fromkeys(NAMES, ON)

    mark = last_request(emulator)
    run = desk.run(DISABLE, *option)

    assert run.code == 0, run.output
    result = run.tenant("contoso")
    assert (result["state"], result["changed"]) == ("disabled", [f"{kind}: sign-in" for kind in named])
    assert "90 minutes" in result["next"]
    assert _switches(emulator, tenant) == {kind: OFF if kind in named else ON for kind in NAMES}
    assert {kind: _signs_in(desk, emulator, tenant, kind) for kind in NAMES} == {
        kind: kind not in named for kind in NAMES
    }
    asked = [entry for entry in emulator.requests(tenant=tenant, after=mark) if entry["batch_of"] is None]
    assert len([entry for entry in asked if entry["service"] == "graph"]) == 4 * len(named)
    assert desk.run(DISABLE, *option).tenant("contoso")["changed"] == []

    run = desk.run(ENABLE, *option)

    assert run.tenant("contoso")["state"] == "enabled", run.output
    assert _switches(emulator, tenant) == dict.fromkeys(NAMES, ON)
    again = desk.run()
    assert (again.tenant("contoso")["state"], again.tenant("contoso")["changed"]) == ("complete", [])


def test_no_other_playbook_undoes_it_and_each_says_so(desk: Desk, tenant: str, emulator: Emulator) -> None:
    option = ("-e", "connector_switch=mail", "-e", "connector_switched_by=Ann")
    assert desk.run(DISABLE, *option).code == 0
    mark = last_request(emulator)

    for playbook in ("onboard", "rotate", "preflight"):
        run = desk.run(f"totalview.exchange365.{playbook}", "-e", "connector_notes=Changed")
        told = run.tenant("contoso")
        assert "Sign-in is disabled: mail since" in told["next"], (playbook, told)
        assert "by Ann" in told["next"]
    assert writes(emulator, tenant, mark) == []
    assert _switches(emulator, tenant)["mail"] == OFF


def test_without_a_name_nothing_is_switched(desk: Desk, tenant: str, emulator: Emulator) -> None:
    run = desk.run(DISABLE)

    assert run.code != 0
    assert "Run again with -e connector_switch=calendar, mail or both." in run.tenant("contoso")["next"]
    assert _switches(emulator, tenant) == dict.fromkeys(NAMES, ON)


@pytest.mark.parametrize("switch", ["servicePrincipals", "applications"])
def test_what_is_not_confirmed_is_told_as_not_disabled(
    desk: Desk, tenant: str, emulator: Emulator, switch: str
) -> None:
    emulator.faults({"kind": "unavailable", "status": 503, "tenant": tenant, "method": "PATCH", "path": f"/{switch}/"})

    run = desk.run(DISABLE, "-e", "connector_switch=mail")

    assert run.code != 0
    assert run.tenant("contoso")["state"] == "failed"
    assert "totalview-exchange365-mail is NOT disabled" in run.tenant("contoso")["next"]
    other = {"servicePrincipals": (True, True), "applications": (False, False)}
    assert _switches(emulator, tenant)["mail"] == other[switch], "the other switch is set all the same"

    emulator.clear_faults(tenant)
    assert desk.run(DISABLE, "-e", "connector_switch=mail").code == 0
    assert _switches(emulator, tenant)["mail"] == OFF


def test_a_key_on_another_application_does_not_draw_the_switch(desk: Desk, tenant: str, emulator: Emulator) -> None:
    """The store's client id addresses it, whatever became of the key."""
    admin = Administrator(emulator, tenant)
    ours = Witness(emulator, tenant).applications[NAMES["mail"]]
    other = emulator.portal_application(tenant, "Somebody else's")
    admin.call("PATCH", f"/applications/{ours['id']}", {"displayName": "Renamed"})

    assert desk.run(DISABLE, "-e", "connector_switch=mail").code == 0

    snapshot = Witness(emulator, tenant).snapshot
    disabled = {row["appId"] for row in snapshot["servicePrincipals"] if not row["accountEnabled"]}
    assert disabled == {ours["appId"]}
    assert other["appId"] not in disabled


def test_what_the_store_does_not_know_is_not_switched_by_its_key(desk: Desk, tenant: str, emulator: Emulator) -> None:
    desk.store.rename(desk.folder / "elsewhere")

    run = desk.run(DISABLE, "-e", "connector_switch=mail")

    assert run.code != 0
    assert "NOT disabled" in run.tenant("contoso")["next"]
    assert "store does not know it" in run.tenant("contoso")["next"]
    assert _switches(emulator, tenant)["mail"] == ON


def test_nothing_is_enabled_that_somebody_else_can_sign_in_with(desk: Desk, tenant: str, emulator: Emulator) -> None:
    option = ("-e", "connector_switch=mail")
    assert desk.run(DISABLE, *option).code == 0
    ours = Witness(emulator, tenant).applications[NAMES["mail"]]
    Administrator(emulator, tenant).call("POST", f"/applications/{ours['id']}/addPassword", {})

    run = desk.run(ENABLE, *option)

    assert run.code != 0
    assert "Somebody else can sign in with this registration" in run.tenant("contoso")["next"]
    assert _switches(emulator, tenant)["mail"] == OFF


@pytest.mark.parametrize("playbook", ["enable", "onboard"])
def test_nothing_is_enabled_whose_restriction_exchange_may_not_enforce_yet(
    desk: Desk, tenant: str, emulator: Emulator, playbook: str
) -> None:
    """The policy went while the registration was disabled: the grant that it confined is still there."""
    admin = Administrator(emulator, tenant)
    assert _signs_in(desk, emulator, tenant, "mail")
    if playbook == "enable":
        options: tuple[str, ...] = ("-e", "connector_switch=mail")
        assert desk.run(DISABLE, *options).code == 0
    else:
        options = ("-e", "connector_enable=true")
        principals = {row["appId"]: row for row in Witness(emulator, tenant).snapshot["servicePrincipals"]}
        mail = principals[Witness(emulator, tenant).applications[NAMES["mail"]]["appId"]]
        admin.call("PATCH", f"/servicePrincipals/{mail['id']}", {"accountEnabled": False})
    (policy,) = emulator.exchange(tenant, "Get-ApplicationAccessPolicy")
    emulator.exchange(tenant, "Remove-ApplicationAccessPolicy", Identity=policy["Identity"], Confirm=False)

    run = desk.run(f"totalview.exchange365.{playbook}", *options)

    result = run.tenant("contoso")
    assert result["state"] == "waiting_for_exchange", run.output
    assert result["changed"] == ["mail: restriction"]
    assert not _signs_in(desk, emulator, tenant, "mail")
    assert len(emulator.exchange(tenant, "Get-ApplicationAccessPolicy")) == 1

    emulator.advance_clock(3 * 3600)
    run = desk.run(f"totalview.exchange365.{playbook}", *options)

    assert run.tenant("contoso")["state"] == ("enabled" if playbook == "enable" else "complete"), run.output
    assert _signs_in(desk, emulator, tenant, "mail")
    assert desk.run().tenant("contoso")["state"] == "complete"
