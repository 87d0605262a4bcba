# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store's server stops to answer in the midst of a run: at each of its requests, one tenant for each.

A token of OpenBao's may be good for so many requests and no more; after them the server says that it is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.crash_matrix import CrashMatrix
from chaos.fleet import Fleet
from chaos.reading import Case, blame, state_of, words_of
from chaos.scenarios import Scenario
from chaos.stores import Kv2
from openbao import policy_for

#: More than any run makes.
PLENTY = 100_000
#: So many requests less one tenant's run may make than another's: what is waited for is asked for more or less often.
SPARE = 10


@dataclass(kw_only=True)
class Expiry(Case):
    """`uses`: how many requests the tenant's token was good for."""

    uses: int

    def __str__(self) -> str:
        return f"the token is none any more after {self.uses} requests"


def expiries(fleet: Fleet, store: Kv2, scenario: Scenario, choose: Callable[[range], Sequence[int]]) -> list[Expiry]:
    """Judged. `choose`: of all the requests to the store that a run makes, after which the token shall end."""
    fleet.grow(["probe"])
    probe = _give_token(fleet, store, "probe", PLENTY)
    fleet.run(["probe"], scenario.playbook)
    needed = PLENTY - int(store.server.ask("POST", "auth/token/lookup", {"token": probe})["num_uses"])
    cases = [Expiry(host=f"expiry-{uses}", uses=uses) for uses in choose(range(1, needed - SPARE))]
    fleet.grow(case.host for case in cases)
    for case in cases:
        _give_token(fleet, store, case.host, case.uses)
    run = fleet.run([case.host for case in cases], scenario.playbook)
    fleet.variables.clear()
    blame(run, fleet, cases)
    for case in cases:
        said = words_of(run, case.host)
        if state_of(run, case.host) != "failed" or "does not take the token" not in said:
            case.complaints.append(f"{state_of(run, case.host)} with a token that ended: {said}")
    CrashMatrix(fleet).judge(scenario, cases)
    return cases


def _give_token(fleet: Fleet, store: Kv2, host: str, uses: int) -> str:
    token = store.server.token(policy_for(store.engine), num_uses=uses)
    fleet.variables[host] = {"connector_store_token": token}
    return token
