# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request on its way through the pipeline, and its answer."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Send
    from starlette.types import Scope as AsgiScope

    from emulator.graph.rights import Scope
    from emulator.graph.store.records import Record, Version
    from emulator.service import Route, Service
    from emulator.world import Tenant, World

Body = dict[str, Any]
# How an answer leaves, where that is not the ordinary way.
Delivery = Callable[["ASGIApp", "AsgiScope", "Receive", "Send"], Awaitable[None]]


@dataclass(slots=True)
class Answer:
    """`body` is a JSON value, HTML as a string, or None for no body at all."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delivery: Delivery | None = None


class Refusal(Exception):
    """A no of one of the services; each service's own errors know their form on the wire.

    `why` is the code that tells them apart; `unknown` says what the emulator does not know, where that is the reason.
    """

    why: str = ""
    unknown: str | None = None

    def answer(self, call: Call) -> Answer:
        raise NotImplementedError


class MalformedBody(Exception):
    """The body is not the JSON object that it says it is."""


@dataclass(slots=True)
class Call:
    world: World
    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    raw_body: bytes
    origin: str
    client_host: str
    dispatch: Callable[[Call], Awaitable[Answer]]
    batch_of: int | None = None

    asked_path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    number: int = 0
    request_id: str = ""
    client_request_id: str = ""
    service: Service = field(init=False)
    route: Route | None = None
    params: dict[str, str] = field(default_factory=dict)
    tenant: Tenant | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    scope: Scope | None = None
    target: Record | None = None
    seen: Version | None = None
    fault: str | None = None
    refusal: Refusal | None = None
    skew: float = 0.0
    _json: Body | None = None

    @property
    def host(self) -> str:
        """The name that the client asked for, without a port."""
        return (urlsplit(self.origin).hostname or "").lower()

    def now(self) -> datetime:
        """What the clock shows to this client."""
        return self.world.clock.now() + timedelta(seconds=self.skew)

    def json(self) -> Body:
        """The body as a JSON object; no body at all is an empty one."""
        if self._json is None:
            self._json = self._parse_json()
        return self._json

    def _parse_json(self) -> Body:
        try:
            value = json.loads(self.raw_body) if self.raw_body.strip() else {}
        except ValueError as error:
            raise MalformedBody from error
        if not isinstance(value, dict):
            raise MalformedBody
        return value

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw_body.decode("utf-8", "replace"), keep_blank_values=True))
