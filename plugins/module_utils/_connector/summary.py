# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Standing:
    """How a tenant stands after a task.

    `changed`: as in ["mail: consent", "hand-off"]. `links`: of each consent that is waited for. `waits`: what Exchange
    Online has not caught up with, until `try_again_at`. `handed_off`: once at least. `pending`: there is something to
    write, which the task did not.
    """

    changed: t.Sequence[str]
    links: t.Sequence[str | None]
    waits: t.Sequence[str]
    try_again_at: str | None
    handed_off: bool
    pending: bool

    def result(self, host: str) -> dict[str, t.Any]:
        """The role's connector_result, which a person reads in the table."""
        state, follows = self._state_and_next()
        return {"tenant": host, "state": state, "changed": list(self.changed), "next": follows}

    def _state_and_next(self) -> tuple[str, str]:
        if self.links:
            where = " and ".join(link for link in self.links if link) or "the link follows with the real run"
            return "waiting_for_consent", f"A Global Administrator of the tenant gives consent: {where}"
        if self.waits:
            return "waiting_for_exchange", self._later()
        return ("changes_pending", "You run again without check mode") if self.pending else ("complete", "-")

    def _later(self) -> str:
        when = f" after {self.try_again_at}" if self.try_again_at else ""
        reasons = "; ".join(dict.fromkeys(wait.removesuffix(".") for wait in self.waits))
        secret = "" if self.handed_off else " Nobody but your store holds a new secret until then."
        return f"You run again{when}. Not yet: {reasons}.{secret}"
