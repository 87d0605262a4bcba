# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass, field

#: Of a state's name: somebody else has to do something, or time has to pass.
_WAITING = "waiting_for_"


@dataclass(frozen=True)
class Slow:
    """A host, its current task, and for how many seconds it has been at it."""

    host: str
    task: str
    seconds: float


@dataclass(frozen=True)
class Progress:
    """How far a play is. `under_way`: hosts that have begun and have not come to an end. Times in seconds.

    `per_minute` and `left` are None as long as nothing can be said of them. `slow`: the longest first.
    """

    play: str
    check_mode: bool
    total: int
    done: int
    failed: int
    waiting: int
    under_way: int
    elapsed: float
    per_minute: float | None
    left: float | None
    slow: tuple[Slow, ...]

    @property
    def to_come(self) -> int:
        return self.total - self.done - self.under_way


@dataclass
class _Play:
    name: str
    hosts: frozenset[str]
    check_mode: bool
    began: float
    begun: set[str] = field(default_factory=set)
    #: By host; None where nothing was said but that it came to its end.
    states: dict[str, str | None] = field(default_factory=dict)
    #: Hosts whose plan has something to change, until one of its steps has run.
    planned: set[str] = field(default_factory=set)
    #: By host, the task that it is at and since when.
    current: dict[str, tuple[str, float]] = field(default_factory=dict)


class Fleet:
    """The hosts of one play after the other, as the events tell of them. Any thread may ask. Times in seconds, of one
    clock that the caller reads."""

    def __init__(self, slow_after: float, slow_shown: int = 5) -> None:
        self._slow_after = slow_after
        self._slow_shown = slow_shown
        self._lock = threading.Lock()
        self._play = _Play("", frozenset(), check_mode=False, began=0.0)

    def begin_play(self, name: str, hosts: t.Iterable[str], now: float, *, check_mode: bool) -> None:
        """`hosts`: of all batches. The next batch of the same play goes on where the last one ended."""
        found = frozenset(hosts)
        with self._lock:
            if self._play.begun and (self._play.name, self._play.hosts) == (name, found):
                self._end_batch()
            else:
                self._play = _Play(name, found, check_mode, now)

    def end_play(self) -> None:
        with self._lock:
            self._end_batch()

    def start(self, host: str, task: str, now: float) -> None:
        with self._lock:
            self._play.begun.add(host)
            self._play.current[host] = (task, now)

    def end(self, host: str) -> None:
        """Of its current task."""
        with self._lock:
            self._play.current.pop(host, None)

    def plan(self, host: str) -> None:
        """There is something to change: what is known of it now is not yet the end."""
        with self._lock:
            self._play.planned.add(host)

    def step(self, host: str) -> None:
        """One of what was planned has run."""
        with self._lock:
            self._play.planned.discard(host)

    def result(self, host: str, state: str) -> None:
        with self._lock:
            if host not in self._play.planned or state == "failed":
                self._play.states[host] = state

    def fail(self, host: str, state: str = "failed") -> None:
        """Unless a result comes that says otherwise."""
        with self._lock:
            self._play.states[host] = state

    def progress(self, now: float) -> Progress | None:
        """None: nobody has begun."""
        with self._lock:
            return self._progress(self._play, now) if self._play.begun else None

    def _end_batch(self) -> None:
        for host in self._play.begun:
            self._play.states.setdefault(host)
        self._play.current.clear()
        self._play.planned.clear()

    def _progress(self, play: _Play, now: float) -> Progress:
        states = play.states.values()
        done, elapsed = len(play.states), max(now - play.began, 0.0)
        total = max(len(play.hosts), len(play.begun))
        rate = done / elapsed if done and elapsed else None
        return Progress(
            play=play.name,
            check_mode=play.check_mode,
            total=total,
            done=done,
            failed=sum(state in ("failed", "unreachable") for state in states),
            waiting=sum(state is not None and state.startswith(_WAITING) for state in states),
            under_way=len(play.begun - play.states.keys()),
            elapsed=elapsed,
            per_minute=rate * 60 if rate else None,
            left=(total - done) / rate if rate else None,
            slow=self._slow(play, now),
        )

    def _slow(self, play: _Play, now: float) -> tuple[Slow, ...]:
        found = [Slow(host, task, now - since) for host, (task, since) in play.current.items()]
        late = [slow for slow in found if slow.seconds >= self._slow_after]
        return tuple(sorted(late, key=lambda slow: (-slow.seconds, slow.host))[: self._slow_shown])
