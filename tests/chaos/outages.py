# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store's server stumbles, or is no help any more, at one write of a run; one tenant for each write and each way.

What passes by itself the run gets over. What a person has to see to stops the tenant, with words that say so; when
it is seen to, the next runs bring everything to its end, and no secret is lost or issued twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

from chaos.crash_matrix import CrashMatrix
from chaos.door import Door, Trouble, door_of, refusal
from chaos.fleet import Fleet
from chaos.reading import Case, blame, state_of, words_of
from chaos.scenarios import Scenario
from chaos.stores import Kv2, Store
from emulator.launch import Emulator
from integration.operator_desk import Desk
from openbao import policy_for, running_openbao

#: What a run that stops says; None where it goes on.
Said = str | None
Choose = Callable[[Sequence[int]], Sequence[int]]

_SEALED = refusal("Vault is sealed")
_DENIED = refusal("1 error occurred:\n\t* permission denied\n\n")
_FULL = refusal("failed to persist data: write /openbao/file/_token: no space left on device")
#: What a cluster says while nobody leads it.
_HANDING_OVER = refusal("local node not active but active cluster node not found")
OPENBAO: Mapping[str, tuple[Trouble, Said]] = {
    "is sealed before it": (Trouble(503, _SEALED, lasts=True, writes=False), "is sealed"),
    "is sealed after it": (Trouble(503, _SEALED, done=True, lasts=True, writes=False), "is sealed"),
    "lets nobody write": (Trouble(403, _DENIED, lasts=True), "does not allow us to write"),
    "has a full disk": (Trouble(500, _FULL, lasts=True), "no space left on device"),
    "is gone": (Trouble(None, lasts=True, writes=False), "cannot be reached"),
    "hands over": (Trouble(500, _HANDING_OVER), None),
    "is behind a gateway without it": (Trouble(502, "<html>Bad Gateway</html>"), None),
    "never heard of it": (Trouble(None), None),
    "does it and does not answer": (Trouble(None, done=True), None),
    "does it and answers with a fault": (Trouble(504, "<html>Gateway Timeout</html>", done=True), None),
}


def _answers(status: int, code: str, text: str, **others: Any) -> Mapping[str, Any]:
    error: dict[str, Any] = {"code": "Forbidden" if status == 403 else "Conflict", "message": text}
    body = {"error": {**error, "innererror": {"code": code}}}
    return {"kind": "answer", "status": status, "body": body, "method": "PUT", **others}


_DISABLED = "Operation get is not allowed on a disabled secret."
_ROLE = "Caller is not authorized to perform action on resource. Action: 'Microsoft.KeyVault/vaults/secrets/setSecret'."
_DELETED = "Secret is currently in a deleted but recoverable state, and its name cannot be reused."
KEY_VAULT: Mapping[str, tuple[Mapping[str, Any], Said]] = {
    "throttles for a while": ({"kind": "throttle", "method": "PUT", "retry_after": 1, "times": 3}, None),
    "throttles on and on": ({"kind": "throttle", "method": "PUT", "retry_after": 1}, "too many requests"),
    "has a fault": ({"kind": "unavailable", "status": 503, "method": "PUT", "times": 1}, None),
    "has one, and does it": (
        {"kind": "unavailable", "status": 503, "method": "PUT", "effect": "done", "times": 1},
        None,
    ),
    "lets nobody write": (_answers(403, "ForbiddenByRbac", _ROLE), "No role on the vault allows it"),
    "has the secret disabled": (
        _answers(403, "SecretDisabled", _DISABLED, method="GET"),
        "has disabled the newest version",
    ),
    "says that the name is a deleted one's": (
        _answers(409, "ObjectIsDeletedButRecoverable", _DELETED, times=1),
        None,
    ),
}


@dataclass(kw_only=True)
class Outage(Case):
    """`write`: at the how-manieth of the tenant's run."""

    way: str
    write: int
    said: Said

    def __str__(self) -> str:
        return f"at write {self.write} the server {self.way}"


@dataclass(frozen=True)
class BehindDoor(Kv2):
    door: Door

    def token(self) -> str:
        return self.server.token(policy_for(self.engine))


@contextmanager
def behind_door(_desk: Desk, _emulator: Emulator) -> Iterator[Store]:
    with running_openbao() as server, door_of(server) as door:
        engine = server.engine()
        there = {"connector_store_url": door.url, "connector_store_ca_cert": door.ca_file}
        yield BehindDoor(server, engine, {**server.variables(engine), **there}, {}, door)


def outages_of_openbao(fleet: Fleet, scenario: Scenario, choose: Choose, ways: Sequence[str] = ()) -> list[Outage]:
    store = fleet.store
    assert isinstance(store, BehindDoor)
    fleet.grow(["probe"])
    token = fleet.variables.setdefault("probe", {"connector_store_token": store.token()})["connector_store_token"]
    fleet.run(["probe"], scenario.playbook)
    cases = _cases(OPENBAO, choose(range(1, store.door.writes[token] + 1)), ways)
    fleet.grow(case.host for case in cases)
    for case in cases:
        token = store.token()
        fleet.variables[case.host] = {"connector_store_token": token}
        store.door.set_[token] = (case.write, OPENBAO[case.way][0])
    return _judged(fleet, scenario, cases, store.door.mend)


def outages_of_key_vault(fleet: Fleet, scenario: Scenario, choose: Choose, ways: Sequence[str] = ()) -> list[Outage]:
    fleet.grow(["probe"])
    mark = fleet.emulator.last_request()
    fleet.run(["probe"], scenario.playbook)
    made = fleet.emulator.requests(tenant=fleet.tenants["probe"], after=mark)
    writes = sum(row["service"] == "key_vault" and row["method"] == "PUT" for row in made)
    cases = _cases(KEY_VAULT, choose(range(1, writes + 1)), ways)
    fleet.grow(case.host for case in cases)
    faults = [
        {"tenant": fleet.tenants[case.host], "service": "key_vault", "skip": case.write - 1, **KEY_VAULT[case.way][0]}
        for case in cases
    ]
    fleet.emulator.faults(*faults)
    return _judged(fleet, scenario, cases, fleet.emulator.clear_faults)


def _cases(troubles: Mapping[str, tuple[Any, Said]], writes: Sequence[int], ways: Sequence[str]) -> list[Outage]:
    places = product(ways or tuple(troubles), writes)
    return [
        Outage(host=f"outage-{number}", way=way, write=write, said=troubles[way][1])
        for number, (way, write) in enumerate(places, 1)
    ]


def _judged(fleet: Fleet, scenario: Scenario, cases: list[Outage], mend: Callable[[], object]) -> list[Outage]:
    run = fleet.run([case.host for case in cases], scenario.playbook)
    mend()
    blame(run, fleet, cases)
    for case in cases:
        state, said = state_of(run, case.host), words_of(run, case.host)
        if case.said is None and state != scenario.end:
            case.complaints.append(f"{state} where the run should have got over it: {said}")
        if case.said is not None and (state != "failed" or case.said not in said):
            case.complaints.append(f"{state} where a person is needed: {said}")
    CrashMatrix(fleet).judge(scenario, cases)
    return cases
