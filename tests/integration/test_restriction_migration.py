# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one mode to the other: the registration never reaches more than it shall, and is never shut out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL
from integration.operator_desk import SENDER, Desk
from integration.reach_witness import ANN, EVERYBODY, USERS, assert_never_beyond, assert_never_shut_out, reach_now
from integration.tenants import ROLES, Tenants, recording_emulator
from integration.witness import exchange_writes, last_request, writes

#: Longer than connector_enforcement_delay, and than any of the lags below.
LATER = 3 * 3600
INSIDE = {CALENDAR: {ANN, SENDER}, MAIL: {SENDER}}
MODES = {
    "access_policy": {"connector_mail_restriction": "access_policy", "connector_calendar_restriction": "access_policy"},
    "rbac": {"connector_mail_restriction": "rbac", "connector_calendar_restriction": "rbac"},
}
#: How far behind Exchange enforces: at once, within one run's wait, within the delay that Microsoft names.
LAGS = {"at-once": 0, "an-hour": 3600, "two-hours": 7000}
WAITING = {"waiting_for_exchange", "complete"}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """With a clock of its own."""
    with recording_emulator() as running:
        yield running


@pytest.fixture
def fleet(desk: Desk, tenants: Tenants) -> dict[str, str]:
    ids = {
        **{host: tenants.make(users=USERS, exchange={"enforcement": {"seconds": lag}}) for host, lag in LAGS.items()},
        "graph-beta": tenants.make(users=USERS, roles=(*ROLES, "RoleManagement.ReadWrite.Exchange")),
    }
    for host, tenant in ids.items():
        desk.hosts[host] = {"connector_tenant_id": tenant, "connector_calendar_members": sorted(INSIDE[CALENDAR])}
    desk.hosts["graph-beta"]["connector_rbac_api"] = "graph_beta"
    return ids


@pytest.mark.parametrize(("old", "new"), [("access_policy", "rbac"), ("rbac", "access_policy")])
def test_a_change_of_mode_opens_no_door_and_shuts_nobody_out(
    desk: Desk, fleet: dict[str, str], emulator: Emulator, old: str, new: str
) -> None:
    desk.variables.update(MODES[old])
    _run_until_complete(desk, fleet, emulator, runs=2)
    handed_off = last_request(emulator)

    desk.variables.update(MODES[new])
    first = desk.run()
    assert first.code == 0, first.output
    assert {first.tenant(host)["state"] for host in fleet} <= WAITING
    assert any("You run again after" in first.tenant(host)["next"] for host in fleet)
    emulator.advance_clock(LATER)
    _run_until_complete(desk, fleet, emulator, runs=3)

    for host, tenant in fleet.items():
        assert reach_now(emulator, tenant) == INSIDE, host
        assert_never_beyond(emulator, tenant, INSIDE, enforced_after=handed_off)
        assert_never_shut_out(emulator, tenant, INSIDE, after=handed_off)
        exchange = emulator.snapshot(tenant)["exchange"]
        left = ("assignments", "scopes", "pointers") if new == "access_policy" else ("policies",)
        assert [exchange[kind] for kind in left] == [[]] * len(left), host
    _assert_settled(desk, fleet, emulator)


def _run_until_complete(desk: Desk, fleet: dict[str, str], emulator: Emulator, *, runs: int) -> None:
    states: dict[str, str] = {}
    for _unused in range(runs):
        run = desk.run()
        assert run.code == 0, run.output
        states = {host: run.tenant(host)["state"] for host in fleet}
        assert set(states.values()) <= WAITING
        emulator.advance_clock(LATER)
        if set(states.values()) == {"complete"}:
            return
    pytest.fail(f"not complete after {runs} runs: {states}")


def _assert_settled(desk: Desk, fleet: dict[str, str], emulator: Emulator) -> None:
    mark = last_request(emulator)
    again = desk.run()
    assert {host: row["changed"] for host, row in again.stats.items()} == dict.fromkeys(fleet, 0)
    for tenant in fleet.values():
        assert writes(emulator, tenant, mark) == []
        assert exchange_writes(emulator, tenant, mark) == []


def test_giving_up_the_restriction_of_calendars_removes_what_is_ours(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make(users=USERS)
    fleet = {"contoso": tenant}
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_calendar_members": sorted(INSIDE[CALENDAR])}
    desk.variables.update(MODES["access_policy"])
    _run_until_complete(desk, fleet, emulator, runs=2)

    desk.variables["connector_calendar_restriction"] = "none"
    _run_until_complete(desk, fleet, emulator, runs=2)

    assert len(emulator.snapshot(tenant)["exchange"]["policies"]) == 1, "e-mail stays restricted"
    assert reach_now(emulator, tenant) == {CALENDAR: EVERYBODY, MAIL: {SENDER}}
    _assert_settled(desk, fleet, emulator)
