# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many tenants in a cloud that does everything wrong now and then; later it comes to its senses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chaos.fleet import ANN, MAILBOXES, Fleet
from chaos.reading import Case, blame, state_of, words_of
from chaos.scenarios import LATER, MODE_VARIABLES
from chaos.truth import Wanted, complaints, registrations
from integration.administrator import CALENDAR
from integration.operator_desk import Run

Json = dict[str, Any]

#: At the few requests that they can happen to.
RARE: Sequence[Json] = (
    {"kind": "young_secret", "attempts": 1, "probability": 0.2},
    {"kind": "young_application", "attempts": 1, "probability": 0.2},
    {"kind": "lost_update", "seconds": 5, "probability": 0.2},
    *(
        {"kind": "misleading", "which": which, "probability": 0.1}
        for which in ("appid_not_valid", "backing_application", "not_a_valid_reference")
    ),
    *({"kind": "server_error", "effect": effect, "probability": 0.05} for effect in ("none", "done")),
    {"kind": "concurrency", "probability": 0.03},
)
#: Everywhere, each kind with the same small probability.
ANYWHERE: Sequence[Json] = (
    {"kind": "misleading", "which": "resource_not_found"},
    {"kind": "refuse"},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    *({"kind": "timeout", "seconds": 0.5, "effect": effect} for effect in ("none", "done")),
    {"kind": "drip", "seconds_per_byte": 0.001, "seconds": 1},
    *({"kind": "throttle", "retry_after": after} for after in (0.3, "date:+1", None)),
    *({"kind": "unavailable", "status": status, "effect": "none"} for status in (503, 504)),
    *({"kind": "unavailable", "status": status, "effect": "done"} for status in (503, 504)),
    {"kind": "server_error", "service": "exchange", "effect": "done"},
    {"kind": "server_error", "service": "identity"},
    {"kind": "concurrency", "service": "exchange"},
    *({"kind": "stale_read", "versions": 1, "flap": flap} for flap in (False, True)),
    *(
        {"kind": "garbage", "body": body, "effect": effect}
        for body in ("html", "empty", "truncated", "nul", "text", "array", "wrong_types")
        for effect in ("none", "done")
    ),
    *({"kind": "clock_skew", "seconds": seconds} for seconds in (-400, 400)),
)
#: How many of a tenant's requests go wrong by the latter, all together.
SHARE = 0.02
ENDS = {"complete", "failed", "waiting_for_consent", "waiting_for_exchange"}


@dataclass(frozen=True)
class Circumstance:
    """What a tenant is like, and what its operator wants; there are as many tenants of each kind."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    seed: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "access_policy"
    calendar: str = ""

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        calendar, mail = registrations(self.mode)
        if self.calendar == "none":
            everybody = frozenset(MAILBOXES)
            calendar = Wanted(CALENDAR, "calendar", calendar.permissions, "", everybody, "none")
        return calendar, mail


CIRCUMSTANCES: Sequence[Circumstance] = (
    Circumstance(),
    Circumstance(dict.fromkeys(MODE_VARIABLES, "rbac"), mode="rbac"),
    Circumstance({"connector_calendar_restriction": "none"}, calendar="none"),
    Circumstance(seed={"exchange": {"enforcement": {"seconds": 3600}}}),
    Circumstance(seed={"lag": {"reads": 1}, "policy": {"max_secret_lifetime": "P180D"}}),
    Circumstance(
        dict.fromkeys(MODE_VARIABLES, "rbac"),
        {"exchange": {"language": "fr", "sync": {"attempts": 1}, "dehydrated": True, "customization": {"attempts": 0}}},
        mode="rbac",
    ),
)


@dataclass(kw_only=True)
class Outcome(Case):
    """A tenant of the hostile cloud."""

    seed: int
    wanted: Sequence[Wanted]

    def __str__(self) -> str:
        return f"hostile cloud, seed {self.seed}, {self.host}"


def outcomes(fleet: Fleet, seed: int, tenants: int) -> Iterator[Outcome]:
    """Judged, of a fleet of so many new tenants."""
    found = list(_settle(fleet, seed, tenants))
    hosts = [outcome.host for outcome in found]
    fleet.emulator.faults(*RARE, *_everywhere(), seed=seed)
    run = fleet.run(hosts)
    fleet.emulator.clear_faults()
    _judge_words(fleet, run, found)
    _recover(fleet, found)
    mark = fleet.emulator.last_request()
    _judge_words(fleet, fleet.run(hosts), found)
    for outcome in found:
        outcome.complaints += complaints(fleet, outcome.host, outcome.wanted, quiet_since=mark)
    yield from found


def _everywhere() -> Iterator[Json]:
    kinds = Counter(fault["kind"] for fault in ANYWHERE)
    for fault in ANYWHERE:
        yield {**fault, "probability": SHARE / len(kinds) / kinds[fault["kind"]]}


def _settle(fleet: Fleet, seed: int, tenants: int) -> Iterator[Outcome]:
    for number in range(tenants):
        circumstance = CIRCUMSTANCES[number % len(CIRCUMSTANCES)]
        host = f"tenant-{number + 1}"
        fleet.grow([host], **circumstance.seed)
        fleet.variables[host] = {"connector_calendar_members": [ANN], **circumstance.variables}
        yield Outcome(seed=seed, host=host, wanted=circumstance.wanted)


def _recover(fleet: Fleet, found: Sequence[Outcome]) -> None:
    """Some runs without faults, hours apart, are enough for everybody, Exchange's waits included."""
    left = list(found)
    for _run in range(3):
        fleet.emulator.advance_clock(LATER)
        run = fleet.run(outcome.host for outcome in left)
        _judge_words(fleet, run, left)
        states = {outcome.host: state_of(run, outcome.host) for outcome in left}
        for outcome in left:
            if states[outcome.host] == "failed":
                outcome.complaints.append(f"failed again: {words_of(run, outcome.host)}")
        left = [outcome for outcome in left if states[outcome.host] != "complete"]
        if not left:
            return
    for outcome in left:
        outcome.complaints.append("never complete")


def _judge_words(fleet: Fleet, run: Run, found: Sequence[Outcome]) -> None:
    """Every tenant has its say, and those that failed say what to do."""
    blame(run, fleet, found)
    for outcome in found:
        state = state_of(run, outcome.host)
        if state not in ENDS:
            outcome.complaints.append(f"no end: {state}")
