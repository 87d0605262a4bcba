# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import TOKEN_LIFE
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredOffboarding

State: t.TypeAlias = t.Literal["begun", "closed", "finished"]


@dataclass(frozen=True)
class Desired:
    """How far the offboarding of a registration is to be noted. `ids`, `removals`: what goes. `kept`: what stays."""

    state: State
    by: str
    ids: t.Mapping[str, str] = field(default_factory=dict)
    removals: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Actual:
    """`noted`: by the store, None before it begins. `exists`: the application is still there."""

    now: datetime
    noted: StoredOffboarding | None = None
    exists: bool = False


@dataclass(frozen=True)
class Begin:
    noted: StoredOffboarding

    def describe(self) -> str:
        return f"note that it is being offboarded, by {self.noted.by}"


@dataclass(frozen=True)
class Close:
    noted: StoredOffboarding

    def describe(self) -> str:
        return "prove that a sign-in is refused, and note it"


@dataclass(frozen=True)
class Finish:
    noted: StoredOffboarding

    def describe(self) -> str:
        return "note that nothing of it is left"


Step: t.TypeAlias = "Begin | Close | Finish"


def tokens_until(noted: StoredOffboarding) -> datetime | None:
    """Until when a token may live that was issued before the registration was closed; None before that is proven."""
    return noted.closed + TOKEN_LIFE if noted.closed else None


def view(noted: StoredOffboarding | None, now: datetime) -> dict[str, t.Any]:
    """As connector_offboarding returns it."""
    until = tokens_until(noted) if noted else None
    return {
        "stage": stage(noted, now),
        "closed": noted.closed.isoformat(timespec="seconds") if noted and noted.closed else None,
        "refusal": noted.refusal if noted else None,
        "tokens_until": until and until.isoformat(timespec="seconds"),
        "kept": list(noted.kept) if noted else [],
    }


def stage(noted: StoredOffboarding | None, now: datetime) -> str:
    """How far it is: closing, waiting (for the last token to expire), finishing, or offboarded."""
    until = tokens_until(noted) if noted else None
    if noted is None or until is None:
        return "closing"
    if noted.finished:
        return "offboarded"
    return "waiting" if now < until else "finishing"
