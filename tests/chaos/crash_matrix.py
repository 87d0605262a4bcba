# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run is cut down at every request it makes, in every way; what the next runs make of it is judged.

One run of ansible-playbook holds many tenants, one for each request: each is stopped at its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import Any

from chaos.fleet import Fleet
from chaos.processes import Broken, Endless
from chaos.reading import Case, blame, state_of, words_of
from chaos.scenarios import Scenario
from chaos.truth import complaints

Fault = Mapping[str, Any]

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=/)[0-9a-f]{32}")
#: Parameters of the emulator's fault `kill`, by our names.
DEATHS: Mapping[str, Fault] = {
    "killed before": {"kind": "kill", "when": "before"},
    "killed after": {"kind": "kill", "when": "after"},
}
LOSSES: Mapping[str, Fault] = {"never arrived": {"kind": "refuse"}, "answer lost": {"kind": "reset_after"}}


#: One tenant more for so many: a later scenario may have more points than the first.
SPARE = 6


@dataclass(frozen=True)
class Request:
    """The how-manieth of a tenant's run, and what it is: ids are left out."""

    number: int
    text: str
    writes: bool


Choose = Callable[[Sequence[Request]], Sequence[Request]]


@dataclass(kw_only=True)
class Point(Case):
    """One request, one way to be cut down at it, and the tenant that it happened to."""

    scenario: str
    way: str
    request: Request

    def __str__(self) -> str:
        return f"{self.scenario}, {self.way} at request {self.request.number} ({self.request.text})"


def every_request(requests: Sequence[Request]) -> Sequence[Request]:
    return requests


class CrashMatrix:
    def __init__(self, fleet: Fleet, choose: Choose = every_request, ways: Sequence[str] = (*DEATHS, *LOSSES)) -> None:
        self._fleet = fleet
        self._choose = choose
        self._ways = ways
        self._healthy: list[str] = []

    def rounds(self, scenarios: Sequence[Scenario]) -> Iterator[tuple[Scenario, list[Point]]]:
        """Each scenario's points, judged. The first one begins with fresh tenants, the others with what it has left."""
        probes = [f"probe-{number}" for number, _scenario in enumerate(scenarios)]
        self._fleet.grow(probes)
        for number, scenario in enumerate(scenarios):
            scenario.begin(self._fleet)
            requests = self._choose(self._requests_of(probes[number], scenario))
            points = self._points_of(scenario, requests)
            self._cut_down(scenario, points)
            unused = self._healthy[len(points) :]
            self.judge(scenario, points, others=[*probes[number + 1 :], *unused])
            self._healthy = [*(point.host for point in points if not point.complaints), *unused]
            yield scenario, points

    def _requests_of(self, host: str, scenario: Scenario) -> list[Request]:
        """What a run that nothing happens to asks for. Items of batches come and go with their batch."""
        mark = self._fleet.emulator.last_request()
        self._fleet.run([host], scenario.playbook)
        rows = self._fleet.emulator.requests(tenant=self._fleet.tenants[host], after=mark)
        rows.sort(key=lambda row: int(row["number"]))
        return [_request(number, row) for number, row in enumerate(rows, 1) if row["batch_of"] is None]

    def _points_of(self, scenario: Scenario, requests: Sequence[Request]) -> list[Point]:
        places = list(product(self._ways, requests))
        if not self._healthy:
            self._healthy = [f"tenant-{number}" for number in range(1, len(places) + len(places) // SPARE + 1)]
            self._fleet.grow(self._healthy)
        if len(self._healthy) < len(places):
            raise Broken(f"{scenario.name}: {len(places)} points, but only {len(self._healthy)} tenants are left")
        return [
            Point(scenario=scenario.name, way=way, request=request, host=host)
            for (way, request), host in zip(places, self._healthy, strict=False)
        ]

    def _cut_down(self, scenario: Scenario, points: Sequence[Point]) -> None:
        for way in DEATHS:
            self._kill(scenario, [point for point in points if point.way == way])
        lost = [point for point in points if point.way in LOSSES]
        if lost:
            self._fleet.emulator.faults(*(self._fault(point, LOSSES[point.way]) for point in lost))
            blame(self._fleet.run([point.host for point in lost], scenario.playbook), self._fleet, lost)
            self._clear_faults(lost)

    def _kill(self, scenario: Scenario, points: Sequence[Point]) -> None:
        if not points:
            return

        def faults(pgid: int) -> list[Fault]:
            parameters = {"pgid": pgid, "gather": len(points)}
            return [self._fault(point, {**DEATHS[point.way], **parameters}) for point in points]

        # Where a tenant never comes to its request, its run is not killed by the fault: `_clear_faults` tells.
        with suppress(Endless):
            self._fleet.run_until_killed([point.host for point in points], scenario.playbook, faults)
        self._clear_faults(points)

    def _fault(self, point: Point, fault: Fault) -> Fault:
        return {**fault, "tenant": self._fleet.tenants[point.host], "at": point.request.number}

    def _clear_faults(self, points: Iterable[Point]) -> None:
        hit = {tenant for fault in self._fleet.emulator.faults() for tenant in fault["injected_by_tenant"]}
        self._fleet.emulator.clear_faults()
        for point in points:
            if self._fleet.tenants[point.host] not in hit:
                point.complaints.append("the request was never made")

    def judge(self, scenario: Scenario, points: Sequence[Case], others: Sequence[str] = ()) -> None:
        """What the next runs make of it. `others`: tenants to be brought to the same end, without being judged."""
        states = self._recover(scenario, points, others)
        for point in points:
            if states[point.host] != scenario.end:
                point.complaints.append(f"{states[point.host]} after everything was in order again")
        mark = self._fleet.emulator.last_request()
        blame(self._fleet.run([point.host for point in points], scenario.playbook), self._fleet, points)
        for point in points:
            point.complaints += complaints(self._fleet, point.host, scenario.wanted, quiet_since=mark)

    def _recover(self, scenario: Scenario, points: Sequence[Case], others: Sequence[str]) -> dict[str, str]:
        """Runs without faults, the first one at once, until nobody waits any more."""
        open_hosts = [*(point.host for point in points), *others]
        states: dict[str, str] = {}
        for _run in range(scenario.recoveries):
            run = self._fleet.run(open_hosts, scenario.playbook)
            blame(run, self._fleet, points)
            states |= {host: state_of(run, host) for host in open_hosts}
            for point in points:
                if states[point.host] == "failed" and point.host in open_hosts:
                    point.complaints.append(f"failed again: {words_of(run, point.host)}")
            open_hosts = [host for host in open_hosts if states[host].startswith(("waiting", "offboarding"))]
            if not open_hosts:
                break
            self._fleet.emulator.advance_clock(scenario.pause)
        hosts = [*(point.host for point in points), *others]
        for _run in range(scenario.later):
            self._fleet.emulator.advance_clock(scenario.pause)
            run = self._fleet.run(hosts, scenario.playbook)
            blame(run, self._fleet, points)
            states |= {host: state_of(run, host) for host in hosts}
        return states


def _request(number: int, row: Mapping[str, Any]) -> Request:
    path = _ID.sub("{id}", row["path"])
    if row["service"] != "exchange" or path.endswith("/$batch"):
        signs_in = row["service"] == "identity" or path.endswith("/$batch")
        return Request(number, f"{row['method']} {path}", row["method"] != "GET" and not signs_in)
    cmdlet = json.loads(row["request_body"])["CmdletInput"]["CmdletName"]
    return Request(number, cmdlet, not cmdlet.startswith(("Get-", "Test-")))
