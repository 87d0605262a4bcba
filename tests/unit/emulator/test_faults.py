# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests a fault hits, and how often."""

from __future__ import annotations

import os
from typing import Any

import pytest

from emulator.launch import EmulatorError
from emulator.rig import Rig
from emulator.seed import BadSeed, check_seed
from emulator.world import World

FABRIKAM = "fabrikam.onmicrosoft.com"
CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
SECRET = "the-automations-own-secret"
JSON = {"Content-Type": "application/json"}


def statuses(rig: Rig, number: int, *, tenant: str = "") -> list[int]:
    token = rig.token(tenant=tenant)
    return [rig.graph("GET", "/organization", token=token).status_code for _unused in range(number)]


def injected(rig: Rig) -> list[int]:
    return [fault["injected"] for fault in rig.admin.faults()]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, [503] * 5),
        ({"times": 2}, [503, 503, 200, 200, 200]),
        ({"skip": 2}, [200, 200, 503, 503, 503]),
        ({"skip": 1, "times": 1}, [200, 503, 200, 200, 200]),
        ({"at": 3}, [200, 200, 503, 200, 200]),
        ({"script": [True, False, True]}, [503, 200, 503, 200, 200]),
        ({"script": [True, False, True], "skip": 1}, [200, 503, 200, 503, 200]),
        ({"probability": 0}, [200] * 5),
        ({"probability": 1}, [503] * 5),
    ],
)
def test_how_often(rig: Rig, limits: dict[str, Any], expected: list[int]) -> None:
    rig.admin.faults({"kind": "unavailable", **limits})
    assert statuses(rig, 5) == expected
    assert injected(rig) == [expected.count(503)]


@pytest.mark.parametrize(
    ("filters", "hit"),
    [
        ({"service": "graph"}, True),
        ({"service": "identity"}, False),
        ({"method": "GET"}, True),
        ({"method": "POST"}, False),
        ({"path": "^/organization$"}, True),
        ({"path": "^/applications"}, False),
        ({"writes_only": True}, False),
        ({"tenant": "contoso.example"}, True),
        ({"tenant": "CONTOSO.example", "method": "GET"}, True),
        ({"tenant": FABRIKAM}, False),
        ({"cmdlet": "Get-"}, False),
    ],
)
def test_filters(rig: Rig, filters: dict[str, Any], hit: bool) -> None:
    rig.admin.faults({"kind": "unavailable", **filters})
    assert statuses(rig, 1) == [503 if hit else 200]


def test_paths_are_normalised(rig: Rig) -> None:
    rig.admin.faults({"kind": "unavailable", "path": r"^/applications/\(appId='.+'\)$"})
    path = f"//applications(appId='{CLIENT_ID}')"
    assert rig.graph("GET", path).status_code == 503


def test_writes_only(rig: Rig) -> None:
    rig.admin.faults({"kind": "unavailable", "writes_only": True})
    item = {"id": "1", "method": "POST", "url": "/applications", "headers": JSON}
    answer = rig.graph("POST", "/$batch", {"requests": [{**item, "body": {"displayName": "x"}}]})
    assert (answer.status_code, answer.json()["responses"][0]["status"]) == (200, 503)
    assert rig.graph("POST", "/applications", {"displayName": "x"}).status_code == 503
    assert rig.sign_in(CLIENT_ID, SECRET).status_code == 200


def test_sign_ins_count_for_the_tenant_in_their_path(rig: Rig) -> None:
    rig.admin.faults({"kind": "unavailable", "at": 2, "tenant": rig.home})
    seen = [statuses(rig, 1)[0], rig.sign_in(CLIENT_ID, SECRET).status_code, statuses(rig, 1)[0]]
    assert seen == [200, 503, 200]


def test_every_tenant_counts_for_itself(rig: Rig) -> None:
    rig.admin.faults({"kind": "unavailable", "times": 1})
    assert statuses(rig, 2, tenant=FABRIKAM) == [503, 200]
    assert statuses(rig, 2) == [503, 200]
    [fault] = rig.admin.faults()
    assert fault["injected"] == 2
    assert fault["injected_by_tenant"][rig.home] == 1


def test_counting_begins_when_the_fault_is_set(rig: Rig) -> None:
    rig.admin.faults({"kind": "unavailable", "at": 9})
    assert statuses(rig, 3) == [200] * 3
    rig.admin.faults({"kind": "throttle", "at": 2})
    assert statuses(rig, 2) == [200, 429]


def test_the_first_that_hits_is_the_only_one(rig: Rig) -> None:
    rig.admin.faults({"kind": "throttle", "times": 1}, {"kind": "unavailable"})
    assert statuses(rig, 2) == [429, 503]
    assert injected(rig) == [1, 1]


def test_the_first_is_the_one_that_was_set_first_however_it_names_the_tenant(rig: Rig) -> None:
    names = (rig.home, "", "CONTOSO.example", "")
    kinds = ("throttle", "unavailable", "server_error", "concurrency")
    faults = [
        {"kind": kind, "times": 1, "method": "GET", **({"tenant": name} if name else {})}
        for kind, name in zip(kinds, names, strict=True)
    ]
    rig.admin.faults(*faults[:2])
    rig.admin.faults(*faults[2:])
    assert [fault["kind"] for fault in rig.admin.faults()] == list(kinds)
    assert statuses(rig, 5) == [429, 503, 500, 409, 200]


def drawn(rig: Rig, seed: int, order: list[str]) -> dict[str, list[int]]:
    rig.admin.clear_faults()
    rig.admin.faults({"kind": "unavailable", "probability": 0.5}, seed=seed)
    found: dict[str, list[int]] = {name: [] for name in order}
    for name in order:
        found[name] += statuses(rig, 1, tenant=name)
    return found


def test_chance_depends_on_seed_tenant_and_count_alone(rig: Rig) -> None:
    home = rig.home
    first = drawn(rig, 7, [home, FABRIKAM] * 20)
    assert drawn(rig, 7, [home] * 20 + [FABRIKAM] * 20) == first
    assert first[home] != first[FABRIKAM]
    assert drawn(rig, 8, [home, FABRIKAM] * 20) != first
    assert 0 < first[home].count(503) < 20


def test_the_admin_door_is_never_hit(rig: Rig) -> None:
    rig.admin.faults({"kind": "refuse"})
    assert rig.admin.tenants()


def test_the_log_names_the_fault(rig: Rig) -> None:
    rig.token()
    rig.admin.faults({"kind": "throttle", "times": 1})
    statuses(rig, 2)
    seen = [(entry["fault"], entry["status"], entry["tenant"]) for entry in rig.admin.requests(service="graph")]
    assert seen == [("throttle", 429, rig.home), (None, 200, rig.home)]


def test_clearing(rig: Rig) -> None:
    mine = {"kind": "throttle", "tenant": "contoso.example"}
    rig.admin.faults(mine, {"kind": "unavailable", "tenant": FABRIKAM}, {"kind": "refuse", "at": 99})
    rig.admin.clear_faults(rig.home)
    assert [fault["kind"] for fault in rig.admin.faults()] == ["unavailable", "refuse"]
    rig.admin.clear_faults()
    assert rig.admin.faults() == []
    assert statuses(rig, 1) == [200]


def test_faults_in_the_seed(rig: Rig) -> None:
    fault = {"kind": "throttle", "times": 1}
    tenant = {"domains": ["c.example"], "display_name": "C", "faults": [fault, {"kind": "server_error"}]}
    rig.admin.seed({"tenants": [tenant], "faults": [{"kind": "unavailable", "tenant": FABRIKAM}]})
    assert statuses(rig, 1, tenant="c.example") == [429]
    assert (statuses(rig, 1), statuses(rig, 1, tenant=FABRIKAM)) == ([200], [503])
    rig.admin.seed({"tenants": [tenant]})
    assert [item["kind"] for item in rig.admin.faults()] == ["unavailable", "throttle", "server_error"]
    assert injected(rig) == [1, 0, 0]
    rig.admin.reset()
    assert rig.admin.faults() == []


def test_a_reset_sets_the_faults_of_the_start_seed_again() -> None:
    world = World()
    tenant = {"domains": ["c.example"], "display_name": "C", "faults": [{"kind": "refuse"}]}
    world.start(check_seed({"tenants": [tenant], "faults": [{"kind": "throttle"}]}))
    world.reset()
    assert [fault["kind"] for fault in world.faults.shown()] == ["throttle", "refuse"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "nonsense"}, "nonsense"),
        ({"kind": "throttle", "seconds": 1}, "seconds"),
        ({"kind": "throttle", "retry_after": "soon"}, "retry_after"),
        ({"kind": "timeout"}, "seconds"),
        ({"kind": "young_secret", "seconds": 1, "attempts": 1}, "attempts"),
        ({"kind": "kill"}, "pgid"),
        ({"kind": "kill", "pgid": 1}, "pgid"),
        ({"kind": "kill", "pgid": os.getpgrp()}, "in that process group itself"),
        ({"kind": "refuse", "path": "("}, "regular expression"),
        ({"kind": "refuse", "tenant": "nowhere.example"}, "nowhere.example"),
    ],
)
def test_bad_faults(rig: Rig, fault: dict[str, Any], words: str) -> None:
    with pytest.raises(EmulatorError, match=words):
        rig.admin.faults(fault)
    assert rig.admin.faults() == []


def test_a_bad_fault_in_a_seed_names_its_tenant() -> None:
    tenant = {"domains": ["c.example"], "display_name": "C", "faults": [{"kind": "refuse", "path": "("}]}
    with pytest.raises(BadSeed, match=r"tenant C: faults\.0: path: not a regular expression"):
        check_seed({"tenants": [tenant]})
