# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request log: the independent witness of what clients asked and were told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from emulator.clock import stamp


@dataclass(slots=True)
class Entry:
    number: int
    time: datetime
    service: str
    host: str
    method: str
    path: str
    query: str
    status: int
    tenant: str | None
    client_request_id: str
    request_id: str
    user_agent: str
    batch_of: int | None
    fault: str | None
    unknown: str | None = None
    recording: dict[str, Any] | None = None

    def shown(self) -> dict[str, Any]:
        """The bodies, where they were recorded, stand beside the rest."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        recording = fields.pop("recording") or {}
        return {**fields, "time": stamp(self.time), **recording}


class Refused(NamedTuple):
    """What refused requests have in common that are told in one line; `template` is the path where there is none."""

    service: str
    method: str
    template: str
    status: int
    why: str
    unknown: str | None
    fault: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """`after` is a request number; empty strings ask for everything."""

    after: int = 0
    tenant: str = ""
    service: str = ""

    def takes(self, entry: Entry) -> bool:
        return entry.number > self.after and self.tenant in ("", entry.tenant) and self.service in ("", entry.service)


class Journal:
    def __init__(self) -> None:
        self.record_bodies = False
        self._number = 0
        self._refused: Counter[Refused] = Counter()
        self._entries: list[Entry] = []
        self._of_tenant: defaultdict[str | None, list[Entry]] = defaultdict(list)

    def next_number(self) -> int:
        """Numbers go on after the log was cleared, so that `after` never means something else."""
        self._number += 1
        return self._number

    @property
    def last_number(self) -> int:
        return self._number

    def write(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._of_tenant[entry.tenant].append(entry)

    def count_refusal(self, refused: Refused) -> None:
        """Counted since the start: neither a reset nor clearing the log forgets."""
        self._refused[refused] += 1

    def refusals(self) -> Iterator[dict[str, Any]]:
        return ({**refused._asdict(), "count": count} for refused, count in self._refused.items())

    def entries(self, wanted: Wanted) -> Iterator[Entry]:
        candidates = self._of_tenant.get(wanted.tenant, ()) if wanted.tenant else self._entries
        return (entry for entry in candidates if wanted.takes(entry))

    def clear(self) -> None:
        self._entries.clear()
        self._of_tenant.clear()
