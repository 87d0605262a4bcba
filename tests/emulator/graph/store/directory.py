# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of one tenant: its objects, the keys they are found by, and what readers may see of them now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from emulator.graph.store.records import Body, Kind, Place, Record, Table, Version
from emulator.lag import Lag

if TYPE_CHECKING:
    from emulator.clock import Clock

ALTERNATE_KEYS: dict[Kind, tuple[str, ...]] = {
    Kind.APPLICATION: ("appId", "uniqueName"),
    Kind.SERVICE_PRINCIPAL: ("appId",),
    Kind.USER: ("userPrincipalName",),
}

OPAQUE_IDS = frozenset({Kind.ROLE_ASSIGNMENT, Kind.OAUTH_GRANT, Kind.DIRECTORY_ROLE})


@dataclass(slots=True)
class SignIns:
    """With one client secret: the application that it is of, and when."""

    app_id: str
    times: list[datetime] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Restoring:
    """What comes back besides what is restored. `grants`: of a service principal. `principal`: of an application."""

    grants: bool = False
    principal: bool = False


@dataclass(slots=True)
class Directory:
    """`births` is when what was made through Graph was made; readers see what was true `look_back` writes ago.

    `gone_with`: by id of a deleted service principal, what was granted to it.
    """

    tenant_id: str
    default_domain: str
    clock: Clock
    lag: Callable[[], Lag]
    policy: Body
    unsaid_inherited: bool = True
    restoring: Restoring = field(default_factory=Restoring)
    gone_with: dict[str, list[Record]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)
    births: dict[str, datetime] = field(default_factory=dict)
    sign_ins: dict[str, SignIns] = field(default_factory=dict)
    audits: list[Body] = field(default_factory=list)
    look_back: int = 0
    writes: int = 0
    _tables: dict[Kind, Table] = field(default_factory=lambda: {kind: Table() for kind in Kind})
    _keys: dict[tuple[Kind, str, str], Record] = field(default_factory=dict)
    _sequence: int = 0

    # --- finding, always among the true objects -------------------------------------------------------------------

    def records(self, kind: Kind) -> Iterator[Record]:
        return iter(self._tables[kind])

    def find(self, kind: Kind, key: str, value: str) -> Record | None:
        if key == "id":
            return self._tables[kind].get(value if kind in OPAQUE_IDS else value.lower())
        return self._keys.get((kind, key, value.casefold()))

    def live(self, kind: Kind) -> Iterator[Body]:
        return (record.true.body for record in self._tables[kind] if record.true.live)

    def find_live(self, kind: Kind, key: str, value: str) -> Record | None:
        record = self.find(kind, key, value)
        return record if record is not None and record.true.live else None

    # --- reading, through the lag ---------------------------------------------------------------------------------

    def peek(self, record: Record) -> Version:
        if self.look_back:
            return record.state.before(self.look_back)
        return record.state.seen(self.lag(), self.clock.elapsed())

    def read(self, record: Record) -> Version:
        seen = self.peek(record)
        record.state.count_read()
        return seen

    # --- writing --------------------------------------------------------------------------------------------------

    def add(self, kind: Kind, body: Body, *, owners: tuple[str, ...] = (), settled: bool = False) -> Record:
        self._sequence += 1
        record = Record(kind, body["id"], self._sequence)
        self._tables[kind].add(record)
        if not settled:
            self.births[record.id] = self.clock.now()
        self.put(record, Version(Place.LIVE, body, owners), settled=settled)
        return record

    def put(self, record: Record, version: Version, *, settled: bool = False) -> None:
        """Makes `version` the truth; `settled` shows it to readers at once, as things seeded or done by people are."""
        self.writes += 1
        self._index(record, version)
        if settled:
            record.state.settle(version)
        else:
            record.state.write(version, self.lag(), self.clock.elapsed())
        if version.place is Place.GONE and (settled or (self.lag().off and record.kind not in OPAQUE_IDS)):
            self._tables[record.kind].drop(record)

    def change(self, record: Record, changes: Body, *, settled: bool = False) -> None:
        self.put(record, record.true._replace(body={**record.true.body, **changes}), settled=settled)

    def remove(self, record: Record, *, settled: bool = False) -> None:
        self.put(record, record.true._replace(place=Place.GONE), settled=settled)

    def _index(self, record: Record, version: Version) -> None:
        for key in ALTERNATE_KEYS.get(record.kind, ()):
            value = version.body.get(key)
            if value is None:
                continue
            if version.place is Place.GONE:
                self._keys.pop((record.kind, key, value.casefold()), None)
            else:
                self._keys[record.kind, key, value.casefold()] = record
