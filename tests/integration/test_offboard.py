# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""offboard.yml: what was made goes, in the order that opens no door, and nothing else goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.launch import Emulator
from integration import connector
from integration.administrator import CALENDAR, MAIL, Administrator
from integration.operator_desk import ONBOARD, Desk
from integration.tenants import Tenants, recording_emulator
from integration.witness import Witness, exchange_writes, last_request, writes

OFFBOARD = "totalview.exchange365.offboard"
NAMED = ("-e", "connector_offboard=contoso")
NAMES = {"calendar": "Totalview Calendar Synchronization", "mail": "Totalview E-Mail Sending"}

HOUR = 3600
GROUPS = ["totalviewcalendarsynchronization", "totalviewtimesendemail"]
NOTHING: dict[str, Any] = {"groups": [], "policies": 0, "assignments": 0, "scopes": 0, "pointers": 0}

Json = dict[str, Any]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Its own: the clock moves."""
    with recording_emulator() as running:
        yield running


@pytest.fixture
def tenant(desk: Desk, tenants: Tenants) -> str:
    """Onboarded, both registrations with a group."""
    made = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": made, "connector_calendar_members": ["ann@example.com"]}
    run = desk.run()
    assert run.tenant("contoso")["state"] == "complete", run.output
    return made


def _stored(desk: Desk, tenant: str) -> Json:
    return dict(json.loads(desk.view(desk.store / f"{tenant}.json")))


def _in_exchange(emulator: Emulator, tenant: str) -> Json:
    """What was made for the registrations, by the names of it."""
    exchange = Witness(emulator, tenant).snapshot["exchange"]
    groups = [row["name"] for row in exchange["recipients"] if row["name"].startswith("totalview") and "members" in row]
    rest = {kind: len(exchange[kind]) for kind in ("policies", "assignments", "scopes", "pointers")}
    return {"groups": sorted(groups), **rest}


def test_the_applications_go_first(desk: Desk, tenant: str, emulator: Emulator) -> None:
    witness = Witness(emulator, tenant)
    made = witness.applications
    principals = {witness.principal(row)["id"] for row in made.values()}
    keys = {row["passwordCredentials"][0]["keyId"] for row in made.values()}
    before = Witness(emulator, tenant).snapshot["exchange"]
    desk.hosts["fabrikam"] = {"connector_tenant_id": "00000000-0000-4000-8000-000000000001"}

    mark = last_request(emulator)
    planned = desk.run(OFFBOARD, "--check", "--limit", "contoso")
    told = planned.tenant("contoso")
    assert told["state"] == "changes_pending", planned.output
    for step in ("disable the service principal", "revoke Mail.Send (application)", "delete application", *keys):
        assert step in told["next"]
    assert writes(emulator, tenant, mark) == []
    for step in ("remove access policy", "remove group totalviewtimesendemail"):
        assert step in told["next"].partition("28 hours later")[2]
    assert "offboarding" not in _stored(desk, tenant)

    run = desk.run(OFFBOARD, *NAMED, "-e", "connector_offboarded_by=Ann")

    assert run.code == 0, run.output
    assert run.tenant("fabrikam")["state"] == "not_named"
    told = run.tenant("contoso")
    assert told["state"] == "offboarding"
    assert "calendar is closed since" in told["next"]
    assert "AADSTS700016" in told["next"]
    assert told["by"] in told["next"]
    witness = Witness(emulator, tenant)
    assert witness.applications == {}
    assert {row["appId"] for row in witness.snapshot["deletedItems"] if "uniqueName" in row} == {
        row["appId"] for row in made.values()
    }
    assert [row for row in witness.snapshot["appRoleAssignments"] if row["principalId"] in principals] == []
    assert witness.snapshot["exchange"] == before, "what restricts mailboxes stays while tokens may live"
    assert [connector.sign_in(desk, emulator, tenant, kind) // 100 for kind in connector.FIELDS] == [4, 4]

    record = _stored(desk, tenant)["offboarding"]
    assert {row["by"] for row in record.values()} == {"Ann"}
    assert {row["refusal"] for row in record.values()} == {"AADSTS700016"}
    removed = [entry["what"] for row in record.values() for entry in row["removals"]]
    assert {f"remove our secret {key}" for key in keys} <= set(removed)
    assert record[MAIL]["ids"]["application"] == made[NAMES["mail"]]["id"]


def test_nothing_brings_it_back_and_the_rest_goes_when_no_token_lives(
    desk: Desk, tenant: str, emulator: Emulator
) -> None:
    desk.run(OFFBOARD, *NAMED, "-e", "connector_offboarded_by=Ann")
    mark = last_request(emulator)
    for playbook in ("onboard", "rotate", "enable", "preflight", "audit"):
        run = desk.run(f"totalview.exchange365.{playbook}", "-e", "connector_switch=both", "--limit", "contoso")
        assert "being offboarded since" in run.tenant("contoso")["next"], (playbook, run.tenant("contoso"))
        assert "by Ann" in run.tenant("contoso")["next"]
    emulator.advance_clock(27 * HOUR)
    again = desk.run(OFFBOARD, *NAMED).tenant("contoso")
    assert (again["state"], again["changed"]) == ("offboarding", [])
    assert writes(emulator, tenant, mark) == exchange_writes(emulator, tenant, mark) == []
    emulator.advance_clock(2 * HOUR)

    run = desk.run(OFFBOARD, *NAMED, "-e", "connector_purge=true")

    told = run.tenant("contoso")
    assert (told["state"], told["next"]) == ("offboarded", "-"), run.output
    assert told["changed"] == [f"{kind}: note, restriction, purge, end" for kind in NAMES]
    assert _in_exchange(emulator, tenant) == NOTHING
    assert Witness(emulator, tenant).snapshot["deletedItems"] == []
    mark = last_request(emulator)
    for playbook in ("offboard", "onboard", "audit"):
        run = desk.run(f"totalview.exchange365.{playbook}", *NAMED, "--limit", "contoso")
        assert (run.code, run.tenant("contoso")["state"]) == (0, "offboarded")
    assert writes(emulator, tenant, mark) == exchange_writes(emulator, tenant, mark) == []


def test_a_fleet_is_not_offboarded_by_a_slip(desk: Desk, tenant: str, emulator: Emulator) -> None:
    for slip in (
        (),
        ("-e", "connector_offboard=yes"),
        ("-e", "connector_offboard=all"),
        ("-e", "connector_offboard=*"),
    ):
        mark = last_request(emulator)
        run = desk.run(OFFBOARD, *slip)
        assert run.tenant("contoso")["state"] == "not_named"
        assert emulator.requests(tenant=tenant, after=mark) == []
        assert (run.code != 0) == bool(slip), "a name that no host has is a failure"


def test_a_slip_in_a_name_stops_those_beside_it(desk: Desk, tenant: str, emulator: Emulator) -> None:
    mark = last_request(emulator)
    for playbook, option in ((OFFBOARD, "connector_offboard"), (ONBOARD, "connector_onboard_again")):
        run = desk.run(playbook, "-e", f"{option}=contoso,contosso")
        assert run.code != 0
        assert f"{option} names what is no host of the inventory: contosso (did you mean contoso?)" in run.output
    assert emulator.requests(tenant=tenant, after=mark) == []


def test_only_what_the_store_knows_goes(desk: Desk, tenant: str, emulator: Emulator) -> None:
    admin = Administrator(emulator, tenant)
    ours = admin.application(CALENDAR)
    admin.call("POST", f"/applications/{ours['id']}/addPassword", {})
    namesake = emulator.portal_application(tenant, NAMES["mail"])
    desk.store.joinpath(f"{tenant}.json").rename(desk.folder / "elsewhere")

    run = desk.run(OFFBOARD, *NAMED)
    assert run.code != 0
    assert "The store knows no registration of this tenant" in run.tenant("contoso")["next"]
    assert len(Witness(emulator, tenant).snapshot["applications"]) == 4

    (desk.folder / "elsewhere").rename(desk.store / f"{tenant}.json")
    run = desk.run(OFFBOARD, *NAMED)
    assert run.tenant("contoso")["state"] == "offboarding", run.output
    assert [row["appId"] for row in Witness(emulator, tenant).applications.values()] == [namesake["appId"]]
    assert "goes with the application" in run.output, "a secret of somebody else is named"


def test_roles_go_at_once_and_their_scope_and_groups_later(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make()
    desk.variables.update(connector_calendar_restriction="rbac", connector_mail_restriction="rbac")
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_calendar_members": ["ann@example.com"]}
    desk.run()
    assert _in_exchange(emulator, tenant)["assignments"] == 3

    run = desk.run(OFFBOARD, *NAMED)

    assert run.tenant("contoso")["state"] == "offboarding", run.output
    left = _in_exchange(emulator, tenant)
    assert (left["groups"], left["assignments"], left["scopes"]) == (GROUPS, 0, 2)
    emulator.advance_clock(29 * HOUR)
    assert desk.run(OFFBOARD, *NAMED).tenant("contoso")["state"] == "offboarded"
    assert _in_exchange(emulator, tenant) == NOTHING
    assert len(Witness(emulator, tenant).snapshot["deletedItems"]) == 4, "restorable: nobody asked for a purge"


def test_what_others_use_or_made_stays_and_is_named(desk: Desk, tenant: str, emulator: Emulator) -> None:
    """A group of ours with a policy of somebody else, and one of our name that is not the one that the store knows."""
    other = emulator.portal_application(tenant, "Somebody else's")
    emulator.exchange(
        tenant,
        "New-ApplicationAccessPolicy",
        AppId=[other["appId"]],
        PolicyScopeGroupId=GROUPS[1],
        AccessRight="RestrictAccess",
        Description="mine",
    )
    emulator.exchange(
        tenant, "Remove-DistributionGroup", Identity=GROUPS[0], Confirm=False, BypassSecurityGroupManagerCheck=True
    )
    emulator.exchange(tenant, "New-DistributionGroup", Name=GROUPS[0], Type="Security", Members=["ann@example.com"])
    assert desk.run(OFFBOARD, *NAMED).code == 0
    emulator.advance_clock(29 * HOUR)

    run = desk.run(OFFBOARD, *NAMED)

    told = run.tenant("contoso")
    assert told["state"] == "offboarded", run.output
    assert f"group {GROUPS[1]}" in told["next"]
    assert "used by the access policy" in told["next"]
    left = _in_exchange(emulator, tenant)
    assert (left["groups"], left["policies"]) == (GROUPS, 1)
    assert f"group {GROUPS[1]}" in _stored(desk, tenant)["offboarding"][MAIL]["kept"][0]


def test_graph_is_enough_to_close_and_a_restored_one_is_closed_anew(
    desk: Desk, tenant: str, emulator: Emulator
) -> None:
    witness = Witness(emulator, tenant)
    ours = witness.applications[NAMES["mail"]]
    principal = witness.principal(ours)["id"]
    emulator.faults({"kind": "refuse_sign_in", "tenant": tenant, "code": 53003, "audience": "exchange"})

    run = desk.run(OFFBOARD, *NAMED)

    assert run.tenant("contoso")["state"] == "offboarding", run.output
    assert "What restricts its mailboxes could not be read" in run.output
    assert Witness(emulator, tenant).applications == {}

    emulator.advance_clock(20 * HOUR)
    Administrator(emulator, tenant).call("POST", f"/directory/deletedItems/{ours['id']}/restore")
    restored = Witness(emulator, tenant)
    grants = restored.snapshot["appRoleAssignments"]
    assert [row for row in grants if row["principalId"] == principal] == [], "nothing comes back with it"
    assert restored.applications[NAMES["mail"]]["passwordCredentials"] == []
    emulator.advance_clock(20 * HOUR)
    told = desk.run(OFFBOARD, *NAMED).tenant("contoso")
    assert (told["state"], "AADSTS53003" in told["next"]) == ("failed", True), "not taken for a tenant without Exchange"
    emulator.clear_faults(tenant)

    told = desk.run(OFFBOARD, *NAMED).tenant("contoso")

    assert told["state"] == "offboarding", "the hours begin anew"
    left = _in_exchange(emulator, tenant)
    assert (left["groups"], left["policies"]) == ([GROUPS[1]], 1), "the other one was closed long enough"
    emulator.advance_clock(29 * HOUR)
    assert desk.run(OFFBOARD, *NAMED).tenant("contoso")["state"] == "offboarded"
    assert _in_exchange(emulator, tenant) == NOTHING


def test_a_customer_who_comes_back(desk: Desk, tenant: str, emulator: Emulator) -> None:
    before = {row["appId"] for row in Witness(emulator, tenant).applications.values()}
    assert desk.run(OFFBOARD, *NAMED).code == 0
    again = ("-e", "connector_onboard_again=contoso", "-e", "connector_enable=true")
    assert desk.run("totalview.exchange365.onboard", *again, "--check").tenant("contoso")["state"] == "changes_pending"
    assert "offboarding" in _stored(desk, tenant)

    desk.run("totalview.exchange365.onboard", *again)
    run = desk.run("totalview.exchange365.onboard", *again)  # what came back disabled is enabled by the next one

    assert run.tenant("contoso")["state"] == "complete", run.output
    witness = Witness(emulator, tenant)
    assert {row["appId"] for row in witness.applications.values()} == before
    witness.assert_as_totalview_asks()
