# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All faults that are set, in their order, and what each has met so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from emulator.faults.looking import tenant_of

if TYPE_CHECKING:
    from emulator.call import Call
    from emulator.faults.model import Fault, Filter, Limits
    from emulator.world import Tenant

NOBODY = ""
EVERYBODY = ""


@dataclass(slots=True)
class _Tally:
    matched: int = 0
    injected: int = 0


@dataclass(frozen=True, slots=True)
class _Turn:
    """One request; `number` counts those of its tenant."""

    call: Call
    tenant: Tenant | None
    number: int
    dice: dict[tuple[int, int], Random] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.tenant.id if self.tenant is not None else NOBODY


@dataclass(slots=True)
class Planned:
    """A fault as it was asked for (`spec`), made ready."""

    spec: Mapping[str, Any]
    fault: Fault
    filter: Filter
    limits: Limits
    seed: int = 0
    position: int = 0
    _before: Mapping[str, int] = field(default_factory=dict)
    _tallies: dict[str, _Tally] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return str(self.spec["kind"])

    def shown(self) -> dict[str, Any]:
        by_tenant = {name: tally.injected for name, tally in self._tallies.items() if tally.injected}
        return {**self.spec, "seed": self.seed, "injected": sum(by_tenant.values()), "injected_by_tenant": by_tenant}

    def start(self, position: int, before: Mapping[str, int]) -> None:
        """Counts from here on; `before` is how many requests each tenant had made."""
        self.position, self._before = position, before

    def hits(self, turn: _Turn) -> bool:
        if turn.call.batch_of is not None and self.fault.needs_connection:
            return False
        if not self.filter.meets(turn.call, turn.tenant) or not self.fault.applies(turn.call, turn.tenant):
            return False
        tally = self._tallies.setdefault(turn.name, _Tally())
        hit = self._is_due(turn, tally)
        tally.injected += hit
        return hit

    def _is_due(self, turn: _Turn, tally: _Tally) -> bool:
        limits, number = self.limits, turn.number - self._before.get(turn.name, 0)
        if limits.at not in (None, number) or (limits.times is not None and tally.injected >= limits.times):
            return False
        tally.matched += 1
        index = tally.matched - limits.skip - 1
        if index < 0:
            return False
        if limits.script is not None and not (index < len(limits.script) and limits.script[index]):
            return False
        return limits.probability is None or self._roll(turn, number) < limits.probability

    def _roll(self, turn: _Turn, number: int) -> float:
        """From nothing but seed, tenant and count, so that tenants that run side by side do not disturb each other."""
        dice = turn.dice.get((self.seed, number))
        if dice is None:
            dice = turn.dice[self.seed, number] = Random(f"{self.seed}/{turn.name}/{number}")
        return dice.random()


class Plan:
    """Kept by the tenant's name in the filter: a seed may bring faults for each of thousands of tenants."""

    def __init__(self) -> None:
        self._planned: dict[str, list[Planned]] = {}
        self._positions = count()
        self._requests: Counter[str] = Counter()
        self._parked: Counter[int] = Counter()

    def add(self, planned: Sequence[Planned]) -> None:
        before = dict(self._requests) if planned else {}
        for one in planned:
            one.start(next(self._positions), before)
            self._planned.setdefault(one.filter.tenant.lower(), []).append(one)

    def clear(self) -> None:
        self._planned.clear()

    def clear_tenant(self, tenant: Tenant) -> None:
        """What names that tenant, by id or domain; what holds for all of them stays."""
        for name in _names(tenant):
            self._planned.pop(name, None)

    def shown(self) -> list[dict[str, Any]]:
        return [one.shown() for one in self._in_order(self._planned)]

    def park(self, pgid: int) -> int:
        """How many requests of this process group wait for its end, with this one."""
        self._parked[pgid] += 1
        return self._parked[pgid]

    def draw(self, call: Call) -> Planned | None:
        """The first that hits; a request never meets two."""
        if not self._planned or call.service.name == "admin":
            return None
        tenant = tenant_of(call)
        name = tenant.id if tenant is not None else NOBODY
        self._requests[name] += 1
        turn = _Turn(call, tenant, self._requests[name])
        hit = next((one for one in self._in_order({EVERYBODY, *_names(tenant)}) if one.hits(turn)), None)
        if hit is not None:
            call.fault, call.tenant = hit.kind, tenant
        return hit

    def _in_order(self, names: Iterable[str]) -> list[Planned]:
        found = (one for name in names for one in self._planned.get(name, ()))
        return sorted(found, key=lambda one: one.position)


def _names(tenant: Tenant | None) -> set[str]:
    return {name.lower() for name in (tenant.id, *tenant.domains)} if tenant is not None else set()
