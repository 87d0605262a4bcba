# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pipeline asks of every service: Microsoft identity, Graph, the admin door, and later Exchange."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from starlette.routing import compile_path

if TYPE_CHECKING:
    from emulator.call import Answer, Call


class Handler(Protocol):
    """Answers one call; may be a coroutine."""

    def __call__(self, call: Call, /) -> Answer | Awaitable[Answer]: ...


@dataclass(frozen=True, slots=True)
class Route:
    """One line of a service's route table; `traits` is what that service's own stages need to know about it."""

    method: str
    template: str
    handler: Handler
    traits: Any = None
    pattern: re.Pattern[str] = field(init=False, repr=False)
    depth: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", compile_path(self.template)[0])
        object.__setattr__(self, "depth", self.template.count("/"))


@dataclass(frozen=True, slots=True)
class Match:
    route: Route | None
    params: Mapping[str, str]
    known_path: bool


class Service(Protocol):
    name: str
    routes: Sequence[Route]

    def accepts(self, path: str) -> bool: ...

    def normalise(self, path: str) -> str: ...

    def authenticate(self, call: Call) -> None: ...

    def authorise(self, call: Call) -> None: ...

    def replicate(self, call: Call) -> None: ...

    async def handle(self, call: Call) -> Answer: ...

    def finish(self, call: Call, answer: Answer) -> None: ...


def find_route(routes: Sequence[Route], method: str, path: str) -> Match:
    known, depth = False, path.count("/")
    for route in routes:
        if route.depth != depth:
            continue
        found = route.pattern.match(path)
        if found is None:
            continue
        if route.method == method:
            return Match(route, found.groupdict(), True)
        known = True
    return Match(None, {}, known)
