# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pipeline asks of every service: each of Microsoft's, the machine's own, and the admin door."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from emulator.call import Answer, Call


class Handler(Protocol):
    """Answers one call; may be a coroutine."""

    def __call__(self, call: Call, /) -> Answer | Awaitable[Answer]: ...


@dataclass(frozen=True, slots=True)
class Route:
    """One line of a service's route table; `traits` is what that service's own stages need to know about it.

    Microsoft takes path segments in any case (azure-cli sends `/oAuth2PermissionGrants`).
    """

    method: str
    template: str
    handler: Handler
    traits: Any = None
    pattern: re.Pattern[str] = field(init=False, repr=False)
    depth: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", _compile(self.template))
        object.__setattr__(self, "depth", self.template.count("/"))


def _compile(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    parts[0::2] = [re.escape(part) for part in parts[0::2]]
    parts[1::2] = [f"(?P<{name}>[^/]+)" for name in parts[1::2]]
    return re.compile("".join(parts), re.IGNORECASE)


class RouteTable:
    """Routes in the order in which they are tried, found by depth and first segment: no request looks at all."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)
        heads = {_head(route) for route in self._routes}
        self._index: dict[tuple[int, str], list[Route]] = {}
        for route in self._routes:
            for head in heads if _head(route) == "" else {_head(route)}:
                self._index.setdefault((route.depth, head), []).append(route)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def candidates(self, path: str) -> Iterable[Route]:
        head, depth = path.split("/", 2)[1].lower(), path.count("/")
        return self._index.get((depth, head)) or self._index.get((depth, "")) or ()


def _head(route: Route) -> str:
    """Empty for a placeholder, which fits every first segment."""
    head = route.template.split("/", 2)[1].lower()
    return "" if head.startswith("{") else head


@dataclass(frozen=True, slots=True)
class Match:
    route: Route | None
    params: Mapping[str, str]
    known_path: bool


class Service(Protocol):
    """What has a body here, most services do so."""

    name: str
    routes: RouteTable

    def accepts(self, path: str) -> bool: ...

    def normalise(self, path: str) -> str:
        return path

    def authenticate(self, call: Call) -> None: ...

    def authorise(self, call: Call) -> None: ...

    def replicate(self, call: Call) -> None: ...

    async def handle(self, call: Call) -> Answer:
        assert call.route is not None
        answer = call.route.handler(call)
        return await answer if inspect.isawaitable(answer) else answer

    def finish(self, call: Call, answer: Answer) -> None: ...


def find_route(routes: RouteTable, method: str, path: str) -> Match:
    known = False
    for route in routes.candidates(path):
        found = route.pattern.fullmatch(path)
        if found is None:
            continue
        if route.method == method:
            return Match(route, found.groupdict(), True)
        known = True
    return Match(None, {}, known)
