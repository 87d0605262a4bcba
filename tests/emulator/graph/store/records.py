# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory objects as records with versions, so that readers and writers may see different ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, NamedTuple

from emulator.lag import Lagging

Body = dict[str, Any]


class Kind(Enum):
    """Values are the type names that Graph uses."""

    APPLICATION = "application"
    SERVICE_PRINCIPAL = "servicePrincipal"
    ROLE_ASSIGNMENT = "appRoleAssignment"
    OAUTH_GRANT = "oAuth2PermissionGrant"
    USER = "user"
    DIRECTORY_ROLE = "unifiedRoleAssignment"
    APP_POLICY = "appManagementPolicy"
    OTHER = "entity"


class Place(Enum):
    GONE = "gone"
    LIVE = "live"
    DELETED = "deleted"


class Version(NamedTuple):
    """One state of an object. Bodies are never changed in place: a change makes a new version."""

    place: Place
    body: Body
    owners: tuple[str, ...] = ()

    @property
    def live(self) -> bool:
        return self.place is Place.LIVE


NOWHERE = Version(Place.GONE, {})


class Record:
    __slots__ = ("id", "kind", "sequence", "state")

    def __init__(self, kind: Kind, object_id: str, sequence: int) -> None:
        self.kind = kind
        self.id = object_id
        self.sequence = sequence
        self.state = Lagging(NOWHERE)

    @property
    def true(self) -> Version:
        return self.state.true


def settled(bodies: Iterable[Body]) -> Iterator[Record]:
    """What is listed like an object of the directory but is none, so readers see it at once."""
    for number, body in enumerate(bodies, start=1):
        record = Record(Kind.OTHER, body["id"], number)
        record.state.settle(Version(Place.LIVE, body))
        yield record


class Table:
    """Records of one kind in the order of their making."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._records.values()))

    def get(self, object_id: str) -> Record | None:
        return self._records.get(object_id)

    def add(self, record: Record) -> None:
        self._records[record.id] = record

    def drop(self, record: Record) -> None:
        self._records.pop(record.id, None)
