# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault: which requests it meets, how often, and what it does to them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from emulator.call import Answer, Call, Refusal
from emulator.faults.looking import cmdlet_of, is_write

if TYPE_CHECKING:
    from emulator.world import Tenant

Next = Callable[[Call], Awaitable[Answer]]
Effect = Literal["none", "done"]


class BadFault(ValueError):
    """Says which fault and which field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    tenant: str = ""
    service: str = ""
    method: str = ""
    path: re.Pattern[str] | None = None
    cmdlet: re.Pattern[str] | None = None
    writes_only: bool = False

    def meets(self, call: Call, tenant: Tenant | None) -> bool:
        if self.tenant and (tenant is None or call.world.tenant(self.tenant) is not tenant):
            return False
        if self.service not in ("", call.service.name) or self.method not in ("", call.method):
            return False
        if self.path is not None and self.path.search(call.path) is None:
            return False
        if self.cmdlet is not None and self.cmdlet.search(cmdlet_of(call)) is None:
            return False
        return not self.writes_only or is_write(call)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of what the filter meets, what is hit. Every tenant counts for itself."""

    at: int | None = None
    times: int | None = None
    skip: int = 0
    probability: float | None = None
    script: tuple[bool, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Fault(ABC):
    """`usual` are the filters that hold when a fault says nothing about which requests it is for."""

    usual: ClassVar[Mapping[str, Any]] = {}
    needs_connection: ClassVar[bool] = False

    def applies(self, call: Call, tenant: Tenant | None) -> bool:
        """Whether this kind of thing can happen to this request at all."""
        return True

    @abstractmethod
    async def inject(self, call: Call, go_on: Next) -> Answer: ...


@dataclass(frozen=True, kw_only=True)
class AnsweredOtherwise(Fault):
    """The client is told something else than what happened; with `effect: done` the request did happen."""

    effect: Effect = "none"

    async def inject(self, call: Call, go_on: Next) -> Answer:
        done = await outcome(call, go_on) if self.effect == "done" else None
        return self.told(call, done)

    @abstractmethod
    def told(self, call: Call, done: Answer | None) -> Answer: ...


async def outcome(call: Call, go_on: Next) -> Answer:
    """What the request came to, a refusal included."""
    try:
        return await go_on(call)
    except Refusal as refusal:
        return refusal.answer(call)
