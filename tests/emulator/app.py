# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as one ASGI application: every request of every service goes through the same stages."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from emulator.admin.service import Admin
from emulator.admin.store import Entry, Refused
from emulator.arm.service import Arm
from emulator.call import Answer, Body, Call, Refusal
from emulator.exchange.service import Exchange
from emulator.graph.service import Graph
from emulator.identity.service import Identity
from emulator.key_vault.service import KeyVault
from emulator.platform.service import PlatformService
from emulator.service import Service, find_route
from emulator.world import World

Next = Callable[[Call], Awaitable[Answer]]
Stage = Callable[[Call, Next], Awaitable[Answer]]

# Asked in this order; identity takes every path that no other service wants.
SERVICES: tuple[Service, ...] = (Admin(), Graph(), Exchange(), Arm(), KeyVault(), PlatformService(), Identity())


async def normalise_path(call: Call, go_on: Next) -> Answer:
    """Doubled slashes are common in clients' URLs and harmless at Microsoft."""
    call.asked_path = call.path
    call.path = "/" + "/".join(part for part in call.path.split("/") if part)
    call.query = {_option(name): value for name, value in parse_qsl(call.query_string, keep_blank_values=True)}
    call.service = next(service for service in SERVICES if service.accepts(call.path))
    call.path = call.service.normalise(call.path)
    match = find_route(call.service.routes, call.method, call.path)
    call.route, call.params = match.route, dict(match.params)
    return await go_on(call)


def _option(name: str) -> str:
    """System query options come in any case (azure-cli, Az PowerShell)."""
    return name.lower() if name.startswith("$") else name


async def log(call: Call, go_on: Next) -> Answer:
    """Numbers the request, gives every refusal its wire form, and writes down what came of it."""
    watched = call.service.name != "admin"
    call.number = call.world.journal.next_number() if watched else 0
    call.request_id = str(uuid4())
    call.client_request_id = call.headers.get("client-request-id") or str(uuid4())
    try:
        answer = await go_on(call)
    except Refusal as refusal:
        call.refusal, answer = refusal, refusal.answer(call)
    call.service.finish(call, answer)
    answer.headers["date"] = format_datetime(call.now(), usegmt=True)
    if watched:
        _write_down(call, answer)
    if call.tenant is not None and call.tenant.planted:
        call.tenant.look_at_reach(call.number or call.world.journal.last_number)
    return answer


def _write_down(call: Call, answer: Answer) -> None:
    entry = Entry(
        number=call.number,
        time=call.world.clock.now(),
        service=call.service.name,
        host=sys.intern(call.host),
        method=sys.intern(call.method),
        path=unquote(call.asked_path),
        query=call.query_string,
        status=answer.status,
        tenant=call.tenant.id if call.tenant else None,
        client_request_id=call.client_request_id,
        request_id=call.request_id,
        user_agent=sys.intern(call.headers.get("user-agent", "")),
        batch_of=call.batch_of,
        fault=call.fault,
        unknown=call.refusal.unknown if call.refusal else None,
    )
    journal = call.world.journal
    if answer.status >= 400:
        journal.count_refusal(_refused(call, answer))
    if journal.record_bodies:
        entry.recording = _recording(call, answer)
    journal.write(entry)


def _refused(call: Call, answer: Answer) -> Refused:
    return Refused(
        service=call.service.name,
        method=call.method,
        template=call.route.template if call.route else call.path,
        status=answer.status,
        why=call.refusal.why if call.refusal else "",
        unknown=call.refusal.unknown if call.refusal else None,
        fault=call.fault,
    )


def _recording(call: Call, answer: Answer) -> Body:
    return {
        "request_headers": {name: value for name, value in call.headers.items() if name != "authorization"},
        "request_body": call.raw_body.decode("utf-8", "replace"),
        "response_headers": dict(answer.headers),
        "response_body": answer.body,
    }


async def faults(call: Call, go_on: Next) -> Answer:
    """Throttling, outages, lost answers: what was set through the admin door or the seed."""
    planned = call.world.faults.draw(call)
    return await (go_on(call) if planned is None else planned.fault.inject(call, go_on))


async def authenticate(call: Call, go_on: Next) -> Answer:
    call.service.authenticate(call)
    return await go_on(call)


async def rights(call: Call, go_on: Next) -> Answer:
    call.service.authorise(call)
    return await go_on(call)


async def lag(call: Call, go_on: Next) -> Answer:
    call.service.replicate(call)
    return await go_on(call)


async def handler(call: Call) -> Answer:
    return await call.service.handle(call)


STAGES: tuple[Stage, ...] = (normalise_path, log, faults, authenticate, rights, lag)


def pipeline(stages: tuple[Stage, ...] = STAGES, last: Next = handler) -> Next:
    go_on = last
    for stage in reversed(stages):
        go_on = _before(stage, go_on)
    return go_on


def _before(stage: Stage, go_on: Next) -> Next:
    return lambda call: stage(call, go_on)


class EmulatorApp:
    """ASGI application over one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._dispatch = pipeline()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # ASGI gives header names in lower case.
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        call = Call(
            world=self.world,
            method=scope["method"],
            path=scope.get("raw_path", scope["path"].encode()).decode("ascii", "replace").partition("?")[0],
            query_string=scope["query_string"].decode("latin-1"),
            headers=headers,
            raw_body=await Request(scope, receive).body(),
            origin=f"https://{headers.get('host', '127.0.0.1')}",
            client_host=scope["client"][0] if scope["client"] else "",
            dispatch=self._dispatch,
        )
        answer = await self._dispatch(call)
        await _travel(call)
        response = _response(answer)
        if answer.delivery is None:
            await response(scope, receive, send)
        else:
            await answer.delivery(response, scope, receive, send)


async def _travel(call: Call) -> None:
    """What the network costs a client: once for each request, however many a batch holds."""
    if call.world.latency_ms and call.service.name != "admin":
        await asyncio.sleep(call.world.latency_ms / 1000)


def _response(answer: Answer) -> Response:
    if answer.body is None or isinstance(answer.body, str):
        return Response(answer.body, answer.status, answer.headers)
    return JSONResponse(answer.body, answer.status, answer.headers)
