# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two operators run at once on the same tenants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chaos.conftest import SECONDS
from chaos.fleet import Fleet, new_fleet
from chaos.processes import started
from chaos.reading import crashes, leaks, state_of, words_of
from chaos.stores import SERVERS
from chaos.truth import complaints, registrations
from integration.administrator import CALENDAR, MAIL
from integration.operator_desk import ONBOARD, Desk, Leg, Run
from integration.witness import exchange_writes, writes

HOSTS = [f"tenant-{number}" for number in range(10)]
WANTED = registrations("access_policy")


def _second_desk(fleet: Fleet, hosts: Sequence[str] = HOSTS, **variables: Any) -> Desk:
    desk = fleet.desk
    folder = desk.folder.with_name("second")
    second = Desk(folder, desk.temporary, desk.leg, desk.emulator_url, desk.ca_file, variables={**desk.variables})
    second.variables.update(variables)
    second.hosts = {host: {"connector_tenant_id": fleet.tenants[host]} for host in hosts}
    return second


def _at_once(desks: list[Desk]) -> list[Run]:
    with ExitStack() as both:
        runs = [both.enter_context(started(desk.prepare(ONBOARD, "--forks", "5"), desk.folder)) for desk in desks]
        for run in runs:
            run.go()
        return [run.ended(SECONDS) for run in runs]


@pytest.fixture
def tenants(fleet: Fleet) -> Fleet:
    fleet.grow(HOSTS)
    fleet.desk.hosts = {host: {"connector_tenant_id": fleet.tenants[host]} for host in HOSTS}
    return fleet


def _assert_said_well(fleet: Fleet, runs: list[Run]) -> None:
    for run in runs:
        assert list(crashes(run, fleet.tenants)) == []
        assert leaks(run, fleet.emulator) == []


def test_with_the_same_store(tenants: Fleet) -> None:
    second = _second_desk(tenants, connector_store_folder=str(tenants.desk.store))

    _assert_said_well(tenants, _at_once([tenants.desk, second]))

    mark = _settle(tenants, second)
    told = {host: complaints(tenants, host, WANTED, quiet_since=mark) for host in HOSTS}
    assert not any(told.values()), told


def test_with_the_same_key_vault(leg: Leg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which has no locks, and no write that depends on what was read."""
    hosts = HOSTS[:3]
    with new_fleet(leg, tmp_path / "fleet", seconds=SECONDS, store=SERVERS["azure_key_vault"]) as fleet:
        for name, value in fleet.store.environment.items():
            monkeypatch.setenv(name, value)
        fleet.grow(hosts)
        fleet.desk.hosts = {host: {"connector_tenant_id": fleet.tenants[host]} for host in hosts}
        second = _second_desk(fleet, hosts)

        _assert_said_well(fleet, _at_once([fleet.desk, second]))

        # What one of them issued and the other replaced at once is known to the vault, and stays for the overlap.
        mark = _settle(fleet, second, hosts)
        told = {host: complaints(fleet, host, WANTED, quiet_since=mark) for host in hosts}
        assert not any(told.values()), told


def test_with_stores_of_their_own(tenants: Fleet) -> None:
    """What the other made is not known to one's own store: it is told, nothing is granted, and nobody's secret goes.

    Where each of them made one of the two registrations, both are stopped before there is a secret, and told the way
    out.
    """
    second = _second_desk(tenants, connector_secret_owner="second")
    tenants.desk.variables["connector_secret_owner"] = "first"

    _assert_said_well(tenants, _at_once([tenants.desk, second]))
    _assert_said_well(tenants, [desk.run() for desk in (tenants.desk, second)])

    stopped = set()
    for host in HOSTS:
        tenant = tenants.tenants[host]
        applications = [row for row in tenants.emulator.snapshot(tenant)["applications"] if row["uniqueName"]]
        assert sorted(row["uniqueName"] for row in applications) == [CALENDAR, MAIL]
        files = [(desk, desk.store / f"{tenant}.json") for desk in (tenants.desk, second)]
        stores = [json.loads(desk.view(file))["secrets"] for desk, file in files if file.exists()]
        for row in applications:
            live = {credential["keyId"] for credential in row["passwordCredentials"]}
            held = {store[row["uniqueName"]]["key_id"] for store in stores if row["uniqueName"] in store}
            assert live >= held, "nobody's secret is taken away"
            if not held:
                assert live == set()
                stopped.add(host)
    assert stopped < set(HOSTS)
    decided = tenants.desk.run(ONBOARD, "-e", "connector_lost_store=replace")
    assert {host: decided.tenant(host)["state"] for host in stopped} == dict.fromkeys(stopped, "complete")


def _settle(fleet: Fleet, second: Desk, hosts: Sequence[str] = HOSTS) -> int:
    """A quiet run of each makes good what the other was in the way of; one more of each changes nothing.

    The request after which nobody had a reason to write.
    """
    for desk in (fleet.desk, second):
        run = desk.run()
        assert {host: state_of(run, host) for host in hosts} == dict.fromkeys(hosts, "complete"), run.output
    mark = fleet.emulator.last_request()
    for desk in (fleet.desk, second):
        run = desk.run()
        assert run.code == 0, [words_of(run, host) for host in hosts]
    for tenant in fleet.tenants.values():
        assert writes(fleet.emulator, tenant, mark) == []
        assert exchange_writes(fleet.emulator, tenant, mark) == []
    return mark
