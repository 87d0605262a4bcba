# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One tenant's Exchange: its true rules, the older ones that its mailboxes still go by, and how it is minded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from emulator.exchange.store.conflicts import ExchangeConflict, Reason
from emulator.exchange.store.model import Rules
from emulator.graph.store.records import Kind

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.graph.store.directory import Directory


@dataclass(slots=True, kw_only=True)
class Organisation:
    tenant_id: str
    domains: tuple[str, ...]
    clock: Clock
    directory: Directory
    language: str = "en"
    refusals: str = "cmdlet"
    enforcement_seconds: float = 0.0
    sync_seconds: float = 0.0
    sync_attempts: int = 0
    dehydrated: bool = False
    customization_attempts: int = 0
    concurrency: int = 0
    naming_policy: str = "{}"
    changed_jitter_seconds: float = 0.0
    sent: list[Any] = field(default_factory=list)
    #: By guid of the mailbox and id of the event, from when somebody first looks.
    calendars: dict[str, dict[str, Any]] = field(default_factory=dict)
    _history: list[tuple[datetime, Rules]] = field(default_factory=list)
    _not_yet_synced: Counter[str] = field(default_factory=Counter)
    _told: int = 0

    @property
    def domain(self) -> str:
        return self.domains[0]

    def found(self, rules: Rules) -> None:
        """What was true before anybody looked."""
        self._history = [(datetime.min.replace(tzinfo=self.clock.now().tzinfo), rules)]

    # --- rules ----------------------------------------------------------------------------------------------------

    @property
    def rules(self) -> Rules:
        """When next looked at, a pointer is gone like its service principal in Entra (application-rbac)."""
        true = self._history[-1][1]
        gone = [app_id for app_id, pointer in true.pointers.items() if not self._in_entra(pointer.object_id)]
        if gone:
            self.change(true.without_pointers(gone))
        return self._history[-1][1]

    def change(self, rules: Rules) -> None:
        now = self.clock.now()
        self._forget_before(now)
        self._history.append((now, rules))

    def enforced(self) -> Rules:
        """Mailboxes learn of a change only after a while, one change after the other."""
        current = self.rules
        if self.enforcement_seconds <= 0:
            return current
        moment = self.clock.now() - timedelta(seconds=self.enforcement_seconds)
        return next((rules for since, rules in reversed(self._history) if since <= moment), self._history[0][1])

    def _forget_before(self, now: datetime) -> None:
        """Each entry is a whole organisation: keeps the newest that is old enough to be enforced, and younger ones."""
        moment = now - timedelta(seconds=self.enforcement_seconds)
        old = sum(since <= moment for since, _rules in self._history)
        del self._history[: max(old - 1, 0)]

    def _in_entra(self, object_id: str) -> bool:
        return self.directory.find_live(Kind.SERVICE_PRINCIPAL, "id", object_id) is not None

    # --- how it is minded -----------------------------------------------------------------------------------------

    def require_customised(self) -> None:
        """Role assignments and scopes wait for Enable-OrganizationCustomization, and then some more."""
        if self.dehydrated:
            raise ExchangeConflict(Reason.DEHYDRATED)
        if self.customization_attempts > 0:
            self.customization_attempts -= 1
            raise ExchangeConflict(Reason.DEHYDRATED)

    def customise(self) -> None:
        if not self.dehydrated:
            raise ExchangeConflict(Reason.ALREADY_CUSTOMISED)
        self.dehydrated = False

    def knows_from_entra(self, object_id: str, created: datetime) -> bool:
        """Exchange hears of a new service principal late; each time it is asked counts."""
        if self.clock.now() < created + timedelta(seconds=self.sync_seconds):
            return False
        self._not_yet_synced[object_id] += 1
        return self._not_yet_synced[object_id] > self.sync_attempts

    def told(self, changed: datetime) -> datetime:
        """By the directory server that answers: every second one keeps an earlier date ([MS-ADA3] 2.370)."""
        self._told += 1
        return changed - timedelta(seconds=self.changed_jitter_seconds * (self._told % 2))

    def too_busy(self) -> bool:
        """Whether this request meets the limit of concurrent ones."""
        self.concurrency -= 1
        return self.concurrency >= 0
