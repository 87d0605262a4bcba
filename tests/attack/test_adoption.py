# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken over, brought back, or found again, was not somebody else's all the while."""

from __future__ import annotations

from typing import Any

import pytest

from attack.attacker import WAYS, Attacker
from emulator.launch import Emulator
from integration.administrator import CALENDAR, Administrator
from integration.operator_desk import Desk, Run
from integration.reach_witness import USERS
from integration.tenants import ADOPTING_ROLES, ROLES, Tenants
from integration.witness import Witness, exchange_writes, last_request, writes

CALENDAR_NAME, MAIL_NAME = "Totalview Calendar Synchronization", "Totalview E-Mail Sending"


def _handmade(emulator: Emulator, tenant: str, **more: Any) -> str:
    made = emulator.portal_application(tenant, CALENDAR_NAME, owners=[], **more)
    return str(made["appId"])


def _by_hand(emulator: Emulator, tenant: str, way: str) -> str:
    """An application as somebody made it, which they can sign in with; the id of what lets them in."""
    client_id = _handmade(emulator, tenant, permissions=["Calendars.Read", "Mail.Send"], consent=True)
    door = Administrator(emulator, tenant)
    application = door.call("GET", f"/applications(appId='{client_id}')")
    principal = door.service_principal(client_id)
    paths = (f"/applications/{application['id']}", f"/servicePrincipals/{principal['id']}")
    return WAYS[way](Attacker(emulator, tenant), *paths)


@pytest.mark.parametrize("mode", ["real", "check"])
def test_nothing_is_adopted_before_each_way_in_is_decided_on(
    desk: Desk, tenants: Tenants, emulator: Emulator, mode: str
) -> None:
    ids = {way: tenants.make(roles=ADOPTING_ROLES, users=USERS) for way in WAYS}
    entries = {way: _by_hand(emulator, tenant, way) for way, tenant in ids.items()}
    hosts = {way: way.replace(" ", "-") for way in WAYS}
    desk.hosts = {hosts[way]: {"connector_tenant_id": tenant, "connector_adopt": True} for way, tenant in ids.items()}
    mark = last_request(emulator)

    run = desk.run("totalview.exchange365.onboard", *(["--check"] if mode == "check" else []))

    for way, tenant in ids.items():
        result = run.tenant(hosts[way])
        assert result["state"] == "failed", (way, result)
        assert entries[way] in result["next"], (way, result)
        assert ("adopt_owners" if way.endswith("owner") else "adopt_credentials") in result["next"]
        assert writes(emulator, tenant, mark) == exchange_writes(emulator, tenant, mark) == [], way


def test_check_shows_exactly_what_the_real_run_changes(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """Permissions and grants that go are among them."""
    tenant = tenants.make(roles=ADOPTING_ROLES, users=USERS)
    kept = _by_hand(emulator, tenant, "secret")
    desk.hosts["contoso"] = {
        "connector_tenant_id": tenant,
        "connector_adopt": True,
        "connector_adopt_credentials": {"keep": [kept]},
    }

    checked = desk.run("totalview.exchange365.onboard", "--check")
    real = desk.run()

    assert real.tenant("contoso")["state"] in ("complete", "waiting_for_exchange"), real.output
    assert _changes(checked) == _changes(real)
    assert any("revoke Mail.Send" in change for change in _changes(checked))
    witness = Witness(emulator, tenant)
    assert witness.granted(witness.applications[CALENDAR_NAME]) == {
        "Calendars.Read",
        "Calendars.ReadWrite",
        "User.Read.All",
    }


def _changes(run: Run) -> list[str]:
    """Of the registration that is adopted."""
    rows = run.results("contoso", "connector : ")
    found = [row for row in rows if row.get("__registration", {}).get("name") == "calendar" and "changes" in row]
    return [change for row in found for change in row["changes"]]


def test_what_comes_back_with_a_stranger_in_it_goes_again(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """Restoring counts as consent."""
    tenant = tenants.make(roles=ROLES, users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().tenant("contoso")["state"] == "complete"
    id_ = Attacker(emulator, tenant).enter("secret", CALENDAR)
    door = Administrator(emulator, tenant)
    door.call("DELETE", f"/applications/{door.application(CALENDAR)['id']}")

    result = desk.run().tenant("contoso")

    assert result["state"] == "failed"
    assert id_ in result["next"]
    assert CALENDAR_NAME not in Witness(emulator, tenant).applications


def test_an_application_that_the_store_did_not_announce_is_not_ours(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """Made with the automation's own client, by whoever else uses it, before this store knew of any."""
    tenant = tenants.make(roles=ROLES, users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().tenant("contoso")["state"] == "complete"
    desk.store.rename(desk.folder / "elsewhere")
    mark = last_request(emulator)

    result = desk.run().tenant("contoso")

    assert result["state"] == "failed"
    assert "store" in result["next"]
    assert writes(emulator, tenant, mark) == []


def test_what_was_decided_to_go_goes_before_anything_is_granted(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """But for a client secret: the connector may be using it, so that it stays and nothing is granted."""
    ids = {way: tenants.make(roles=ADOPTING_ROLES, users=USERS) for way in WAYS}
    entries = {way: _by_hand(emulator, tenant, way) for way, tenant in ids.items()}
    hosts = {way: way.replace(" ", "-") for way in WAYS}
    for way, tenant in ids.items():
        variable = "connector_adopt_owners" if way.endswith("owner") else "connector_adopt_credentials"
        decided = {variable: {"remove": [entries[way]]}}
        desk.hosts[hosts[way]] = {"connector_tenant_id": tenant, "connector_adopt": True, **decided}

    run = desk.run()

    for way, tenant in ids.items():
        witness = Witness(emulator, tenant)
        application = witness.applications[CALENDAR_NAME]
        granted, there = witness.granted(application), entries[way] in str(_ways_in(witness, application))
        if way.endswith("secret"):
            assert run.tenant(hosts[way])["state"] == "waiting_for_decision", run.tenant(hosts[way])
            assert (granted, there) == ({"Calendars.Read"}, True), way
        else:
            assert run.tenant(hosts[way])["state"] in ("complete", "waiting_for_exchange"), run.tenant(hosts[way])
            assert (granted, there) == ({"Calendars.Read", "Calendars.ReadWrite", "User.Read.All"}, False), way


def _ways_in(witness: Witness, application: dict[str, Any]) -> list[Any]:
    names = ("passwordCredentials", "keyCredentials", "federatedIdentityCredentials", "owners")
    return [body.get(name) for body in (application, witness.principal(application)) for name in names]


def test_what_is_kept_may_be_in_use_and_defers_a_young_restriction(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """Whoever holds it would reach every mailbox until Exchange enforces the policy, secret or not."""
    ids = {way: tenants.make(roles=ADOPTING_ROLES, users=USERS) for way in WAYS if not way.endswith("owner")}
    hosts = {way: way.replace(" ", "-") for way in ids}
    for way, tenant in ids.items():
        emulator.tenant(tenant, enforcement={"seconds": 3600})
        emulator.portal_application(tenant, MAIL_NAME, owners=[])
        application = Witness(emulator, tenant).applications[MAIL_NAME]
        principal = Administrator(emulator, tenant).service_principal(application["appId"])
        paths = (f"/applications/{application['id']}", f"/servicePrincipals/{principal['id']}")
        kept = WAYS[way](Attacker(emulator, tenant), *paths)
        decided = {"connector_adopt_credentials": {"keep": [kept]}}
        desk.hosts[hosts[way]] = {"connector_tenant_id": tenant, "connector_adopt": True, **decided}

    run = desk.run()

    for way, tenant in ids.items():
        assert run.tenant(hosts[way])["state"] == "waiting_for_exchange", run.tenant(hosts[way])
        witness = Witness(emulator, tenant)
        assert witness.granted(witness.applications[MAIL_NAME]) == set(), way
