# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange takes its time: what a run says then, and that nothing is handed off before the proof."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL, Administrator
from integration.operator_desk import SENDER, Desk, Run
from integration.reach_witness import ANN, EVERYBODY, USERS, assert_never_beyond, reach_now
from integration.tenants import Tenants, recording_emulator
from integration.witness import last_request, writes

Json = dict[str, Any]

LATER = 3 * 3600
LAG = {"enforcement": {"seconds": 3600}}
INSIDE = {CALENDAR: {ANN, SENDER}, MAIL: {SENDER}}
CALENDARS = {"connector_calendar_members": [ANN, SENDER]}
RBAC = {"connector_mail_restriction": "rbac", "connector_calendar_restriction": "rbac", **CALENDARS}

#: Variables, Exchange's manner, and what the message says is being waited for.
CASES: dict[str, tuple[Json, Json, str]] = {
    "policies": (CALENDARS, LAG, "can still be reached, although it lies outside"),
    "roles": (RBAC, LAG, "still refuses"),
    "unknown-principal": (RBAC, {"sync": {"attempts": 1}}, "does not know the new service principal yet"),
    "customization": (
        RBAC,
        {"dehydrated": True, "customization": {"attempts": 1}},
        "has not finished enabling customization",
    ),
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """With a clock of its own."""
    with recording_emulator() as running:
        yield running


@pytest.fixture
def fleet(desk: Desk, tenants: Tenants) -> dict[str, str]:
    ids = {host: tenants.make(users=USERS, exchange=exchange) for host, (_own, exchange, _words) in CASES.items()}
    for host, tenant in ids.items():
        desk.hosts[host] = {"connector_tenant_id": tenant, **CASES[host][0]}
    return ids


def test_a_run_that_exchange_keeps_waiting_hands_off_nothing_and_a_later_one_finishes(
    desk: Desk, fleet: dict[str, str], emulator: Emulator
) -> None:
    waiting = desk.run()

    assert waiting.code == 0, waiting.output
    for host in fleet:
        result = waiting.tenant(host)
        assert result["state"] == "waiting_for_exchange", result
        assert "You run again" in result["next"]
        assert CASES[host][2] in result["next"], result["next"]
        assert "Nobody but your store holds a new secret until then." in result["next"]
    assert not (desk.store / "handoff").exists()

    unhanded = last_request(emulator)
    later = [_run_later(desk, emulator) for _unused in range(3)]
    states = [{host: run.tenant(host)["state"] for host in fleet} for run in later]
    assert states[0]["policies"] == states[0]["roles"] == "complete", states
    assert set(states[-1].values()) == {"complete"}, later[-1].output
    assert {host: row["changed"] for host, row in later[-1].stats.items()} == dict.fromkeys(fleet, 0)
    for host, tenant in fleet.items():
        assert reach_now(emulator, tenant) == INSIDE, host
        assert_never_beyond(emulator, tenant, INSIDE, enforced_after=unhanded)
        assert (desk.store / "handoff" / f"{host}.yml").exists()


def _run_later(desk: Desk, emulator: Emulator) -> Run:
    emulator.advance_clock(LATER)
    run = desk.run()
    assert run.code == 0, run.output
    return run


def test_a_policy_made_anew_is_not_proven_by_the_old_proof(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """Exchange gives it the same identity as before, and takes its time to enforce it once more."""
    tenant = tenants.make(users=USERS, exchange=LAG)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    desk.run()
    assert _run_later(desk, emulator).tenant("contoso")["state"] == "complete"
    [policy] = emulator.exchange(tenant, "Get-ApplicationAccessPolicy")
    emulator.exchange(tenant, "Remove-ApplicationAccessPolicy", Identity=policy["Identity"], Confirm=False)
    emulator.advance_clock(LATER)

    runs = [desk.run(), desk.run()]

    [anew] = emulator.exchange(tenant, "Get-ApplicationAccessPolicy")
    assert anew["Identity"] == policy["Identity"]
    for run in runs:
        assert run.code == 0, run.output
        assert run.tenant("contoso")["state"] == "waiting_for_exchange", run.output
        assert "boss@example.com can still be reached" in run.tenant("contoso")["next"] or (
            f"{ANN} can still be reached" in run.tenant("contoso")["next"]
        )
    assert _run_later(desk, emulator).tenant("contoso")["state"] == "complete"


def test_what_is_never_enforced_fails_after_the_delay(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    never = {"enforcement": {"seconds": 10**7}}
    desk.hosts = {
        "policy": {"connector_tenant_id": tenants.make(users=USERS, exchange=never)},
        "roles": {"connector_tenant_id": tenants.make(users=USERS, exchange=never), **RBAC},
        "told": {
            "connector_tenant_id": tenants.make(users=USERS, exchange=never),
            "connector_enforcement_delay": "4h",
        },
    }
    assert desk.run().code == 0
    emulator.advance_clock(LATER)

    run = desk.run()

    assert run.code != 0
    states = {host: run.tenant(host)["state"] for host in desk.hosts}
    assert states == {"policy": "failed", "roles": "failed", "told": "waiting_for_exchange"}
    assert "can still be reached, although it lies outside" in run.tenant("policy")["next"]
    assert "Do not hand off" in run.tenant("policy")["next"]
    assert "still refuses" in run.tenant("roles")["next"]
    assert not (desk.store / "handoff").exists()


def test_who_asks_for_it_gets_the_hand_off_before_the_proof(desk: Desk, tenants: Tenants) -> None:
    desk.hosts["contoso"] = {
        "connector_tenant_id": tenants.make(users=USERS, exchange=LAG),
        "connector_handoff_unproven": True,
    }

    run = desk.run()

    assert run.tenant("contoso")["state"] == "waiting_for_exchange"
    assert "Nobody but your store" not in run.tenant("contoso")["next"]
    assert (desk.store / "handoff" / "contoso.yml").exists()


def test_a_grant_taken_away_by_hand_comes_back_only_when_the_restriction_is_surely_enforced(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """Somebody holds the credential already: a grant on top of a policy that is not enforced opens every mailbox."""
    tenant = tenants.make(users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().tenant("contoso")["state"] == "complete"
    emulator.tenant(tenant, enforcement={"seconds": 3600})
    [policy] = emulator.exchange(tenant, "Get-ApplicationAccessPolicy")
    emulator.exchange(tenant, "Remove-ApplicationAccessPolicy", Identity=policy["Identity"], Confirm=False)
    Administrator(emulator, tenant).revoke_everything(MAIL)
    emulator.advance_clock(LATER)

    held = desk.run()

    assert held.tenant("contoso")["state"] == "waiting_for_exchange", held.output
    assert held.tenant("contoso")["changed"] == ["mail: restriction"]
    assert "Mail.Send" in held.tenant("contoso")["next"]
    assert reach_now(emulator, tenant)[MAIL] == set()

    emulator.advance_clock(LATER)
    done = desk.run()

    assert done.tenant("contoso")["state"] == "complete", done.output
    assert done.tenant("contoso")["changed"] == ["mail: consent, proof"]
    assert reach_now(emulator, tenant) == {CALENDAR: EVERYBODY, MAIL: {SENDER}}


def test_what_is_not_there_yet_is_understood_however_exchange_says_so(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    manners = ["cmdlet", "cmdlet_without_inner", "endpoint"]
    kinds = {f"{mode}-{manner}": (mode, manner) for mode in ("access_policy", "rbac") for manner in manners}
    ids = {host: tenants.make(exchange={"refusals": manner}) for host, (_mode, manner) in kinds.items()}
    for host, tenant in ids.items():
        desk.hosts[host] = {"connector_tenant_id": tenant, "connector_mail_restriction": kinds[host][0]}

    run = desk.run()

    assert run.code == 0, run.output
    assert {host: run.tenant(host)["state"] for host in ids} == dict.fromkeys(ids, "complete")
    mark = last_request(emulator)
    again = desk.run()
    assert {host: again.tenant(host)["changed"] for host in ids} == {host: [] for host in ids}
    assert all(writes(emulator, tenant, mark) == [] for tenant in ids.values())


#: A cmdlet, and the parameter whose value a directory server has not heard of; None: of what the cmdlet has just made.
UNHEARD: dict[str, tuple[Json, str, str | None]] = {
    "policy": (CALENDARS, "New-ApplicationAccessPolicy", "PolicyScopeGroupId"),
    "policy-made": (CALENDARS, "New-ApplicationAccessPolicy", None),
    "group-made": ({}, "New-DistributionGroup", None),
    "scope-made": (RBAC, "New-ManagementScope", None),
    "assignment": (RBAC, "New-ManagementRoleAssignment", "CustomResourceScope"),
    "assignment-made": (RBAC, "New-ManagementRoleAssignment", None),
    "pointer": (RBAC, "New-ServicePrincipal", "ObjectId"),
}


def test_an_exchange_that_has_not_heard_of_what_was_just_made_is_waited_for(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    ids = {host: tenants.make(users=USERS) for host in UNHEARD}
    for host, tenant in ids.items():
        variables, cmdlet, parameter = UNHEARD[host]
        desk.hosts[host] = {"connector_tenant_id": tenant, "connector_exchange_wait": "1m", **variables}
        manner: Json = {"parameter": parameter} if parameter else {"effect": "done"}
        emulator.faults({"kind": "unheard", "tenant": tenant, "cmdlet": f"^{cmdlet}$", "times": 1, **manner})

    run = desk.run()

    assert run.code == 0, run.output
    assert {host: run.tenant(host) for host in ids if run.tenant(host)["state"] != "complete"} == {}
    assert {fault["injected"] for fault in emulator.faults()} == {1}
    for tenant in ids.values():
        exchange = emulator.snapshot(tenant)["exchange"]
        policies = [policy["app_id"] for policy in exchange["policies"]]
        assert len(policies) == len(set(policies))
    mark = last_request(emulator)
    again = desk.run()
    assert {host: again.tenant(host)["changed"] for host in ids} == {host: [] for host in ids}
    assert all(writes(emulator, tenant, mark) == [] for tenant in ids.values())


def test_without_patience_the_next_run_goes_on_and_makes_nothing_twice(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make(users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    emulator.faults(
        {"kind": "unheard", "tenant": tenant, "cmdlet": "^New-ApplicationAccessPolicy$", "times": 1, "effect": "done"}
    )

    waiting = desk.run()

    assert waiting.code == 0, waiting.output
    assert waiting.tenant("contoso")["state"] == "waiting_for_exchange"
    assert "does not know everywhere what was just made" in waiting.tenant("contoso")["next"]
    after = _run_later(desk, emulator)
    assert after.tenant("contoso")["state"] == "complete", after.output
    assert len(emulator.snapshot(tenant)["exchange"]["policies"]) == 1
