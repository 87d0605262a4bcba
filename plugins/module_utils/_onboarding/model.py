# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._client_secret import model as client_secret
from ansible_collections.totalview.exchange365.plugins.module_utils._permission import ResourcePermissions
from ansible_collections.totalview.exchange365.plugins.module_utils._permission_names import MICROSOFT_GRAPH
from ansible_collections.totalview.exchange365.plugins.module_utils._proof import model as proof
from ansible_collections.totalview.exchange365.plugins.module_utils._registration import model as registration
from ansible_collections.totalview.exchange365.plugins.module_utils._restriction import model as restriction


@dataclass(frozen=True)
class Wanted:
    """One registration with all that belongs to it. `permissions`: of Microsoft Graph, application, by name."""

    name: str
    registration: registration.Desired
    permissions: tuple[str, ...]
    restriction: restriction.Desired
    secret: client_secret.Desired
    proof: proof.Task

    @property
    def declared(self) -> tuple[ResourcePermissions, ...]:
        """Roles of Exchange and grants of Microsoft Entra add up: what Exchange gives, Entra must not."""
        by_exchange = self.restriction.mode == "rbac"
        names = [name for name in self.permissions if not (by_exchange and restriction.is_mailbox_permission(name))]
        return (ResourcePermissions(MICROSOFT_GRAPH, tuple(names)),)


@dataclass
class Findings:
    """What is to be done for one registration, stage by stage, and whom or what it waits for."""

    name: str
    changes: dict[str, Change[t.Any]] = field(default_factory=dict)
    message: str | None = None
    link: str | None = None
    waits: list[str] = field(default_factory=list)
    try_again_at: datetime | None = None
    proven: bool = False
    warnings: list[str] = field(default_factory=list)

    @property
    def planned(self) -> list[str]:
        return [stage for stage, change in self.changes.items() if change.changed]

    def wait(self, reasons: t.Iterable[str], until: datetime | None) -> None:
        self.waits += reasons
        self.try_again_at = max((moment for moment in (self.try_again_at, until) if moment), default=None)
