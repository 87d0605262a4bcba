# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Administrators who sign in themselves: which tenants know them, their refresh tokens, and the codes they type in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from emulator.graph.store.ids import DerivedIds

# learn.microsoft.com/entra/identity-platform/refresh-tokens: without use; each use brings a new one.
INACTIVE = timedelta(days=90)
CODE_SECONDS = 900


@dataclass(slots=True)
class Person:
    """`roles`: directory roles by tenant id, at home and by delegated administration. `answer`: to device codes."""

    upn: str
    home: str
    roles: Mapping[str, list[str]]
    answer: str | None = None
    revoked: datetime | None = None

    @property
    def id(self) -> str:
        return DerivedIds(self.home, "people").object_id(self.upn.lower())


@dataclass(slots=True)
class Held:
    """A refresh token that somebody holds. It goes on to work when a newer one has been given out."""

    person: Person
    client_id: str
    issued: datetime
    used: datetime


@dataclass(slots=True)
class Device:
    user_code: str
    client_id: str
    tenant: str
    scope: str
    ends: datetime
    asked: int = 0


@dataclass(slots=True)
class People:
    by_name: dict[str, Person] = field(default_factory=dict)
    refresh_tokens: dict[str, Held] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)

    def add(self, wanted: Mapping[str, Any]) -> Person:
        person = Person(wanted["upn"], wanted["home"], wanted["roles"], wanted.get("answer"))
        self.by_name[person.upn.lower()] = person
        return person

    def hand_out(self, person: Person, client_id: str, now: datetime) -> str:
        text = f"0.A{secrets.token_urlsafe(96)}"
        self.refresh_tokens[text] = Held(person, client_id.lower(), now, now)
        return text

    def open_device(self, client_id: str, tenant: str, scope: str, now: datetime) -> tuple[str, Device]:
        code, ends = secrets.token_urlsafe(48), now + timedelta(seconds=CODE_SECONDS)
        device = Device(secrets.token_hex(4).upper(), client_id.lower(), tenant, scope, ends)
        self.devices[code] = device
        return code, device

    def at_the_browser(self) -> Person | None:
        """Who answers each code that is shown."""
        return next((person for person in self.by_name.values() if person.answer), None)
