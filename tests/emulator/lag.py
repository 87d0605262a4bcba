# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication lag: what was written is seen by readers only later.

Microsoft's directory answers from replicas, so a fresh object is absent for a while and an update shows the old body.
Here a written value waits behind a gate that opens after N reads that would have returned it, or after S seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class Lag:
    reads: int = 0
    seconds: float = 0.0

    @property
    def off(self) -> bool:
        return self.reads <= 0 and self.seconds <= 0

    @classmethod
    def parse(cls, setting: Mapping[str, Any] | str | None) -> Lag:
        if isinstance(setting, Mapping):
            return cls(int(setting.get("reads", 0)), float(setting.get("seconds", 0.0)))
        return cls()


OFF = Lag()


@dataclass(slots=True)
class _Gate(Generic[T]):
    value: T
    reads: int
    due: float

    def open(self, now: float) -> bool:
        return self.reads <= 0 and self.due <= now


class Lagging(Generic[T]):
    """A value with one truth for writers and a possibly older one for readers."""

    __slots__ = ("_gates", "_past", "_seen", "refusals", "true")

    def __init__(self, value: T) -> None:
        self.true = value
        self.refusals = 0
        self._seen = value
        self._gates: list[_Gate[T]] = []
        self._past: tuple[T, ...] = ()

    def settle(self, value: T) -> None:
        """Truth and sight at once, as if it had always been so."""
        self.true = self._seen = value
        self._gates.clear()
        self._past = ()

    def write(self, value: T, lag: Lag, now: float) -> None:
        self._past = (*self._past, self.true)[-REMEMBERED:]
        self.true = value
        if lag.off:
            self._seen = value
            self._gates.clear()
        else:
            self._gates.append(_Gate(value, lag.reads, now + lag.seconds))

    def seen(self, lag: Lag, now: float) -> T:
        """What a reader is shown; looking alone moves nothing, see `count_read`."""
        while self._gates and (lag.off or self._gates[0].open(now)):
            self._seen = self._gates.pop(0).value
        return self._seen

    def before(self, writes: int) -> T:
        """The truth as it was so many writes ago, or the oldest that is remembered."""
        return self._past[-min(writes, len(self._past))] if self._past else self.true

    def count_read(self) -> None:
        for gate in self._gates:
            gate.reads -= 1

    def refuse(self) -> int:
        """A write that readers' state made impossible: counts as a read; tells how many there were before it."""
        self.count_read()
        self.refusals += 1
        return self.refusals - 1
