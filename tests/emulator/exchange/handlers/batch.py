# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`$batch`: up to ten commands in one, each through the whole pipeline."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from emulator.call import Answer, Body, Call
from emulator.exchange.errors import ExchangeError

# What known clients send; nobody says how many Microsoft takes.
MOST_ITEMS = 10


async def run(call: Call) -> Answer:
    return Answer(200, {"responses": [await _run_item(call, item) for item in _checked_items(call)]})


def _checked_items(call: Call) -> list[Body]:
    items = call.json().get("requests")
    if not isinstance(items, list) or not items or not all(_well_formed(item) for item in items):
        raise ExchangeError("bad_request", "Invalid batch payload.")
    if len(items) > MOST_ITEMS:
        raise ExchangeError("bad_request", f"A batch holds at most {MOST_ITEMS} requests.")
    if len({item["id"] for item in items}) < len(items):
        raise ExchangeError("bad_request", "Batch request ids must be unique.")
    return items


def _well_formed(item: Any) -> bool:
    if not isinstance(item, dict) or not all(isinstance(item.get(name), str) for name in ("id", "method", "url")):
        return False
    names = {str(name).lower() for name in item.get("headers") or {}}
    is_command = urlsplit(item["url"]).path.endswith("InvokeCommand") and isinstance(item.get("body"), dict)
    return is_command and item["method"].upper() == "POST" and "content-type" in names


async def _run_item(call: Call, item: Body) -> Body:
    answer = await call.dispatch(_inner_call(call, item))
    found: Body = {"id": item["id"], "status": answer.status, "headers": dict(answer.headers)}
    if answer.body is not None:
        found["body"] = answer.body
    return found


def _inner_call(call: Call, item: Body) -> Call:
    """An address of its own, or one that begins where the batch's own ends."""
    url = urlsplit(item["url"])
    own = {str(name).lower(): str(value) for name, value in item["headers"].items()}
    kept = ("authorization", "user-agent", "x-anchormailbox", "prefer")
    inherited = {name: call.headers[name] for name in kept if name in call.headers}
    return Call(
        world=call.world,
        method="POST",
        path=url.path if url.path.startswith("/") else f"{call.path.removesuffix('$batch')}{url.path}",
        query_string=url.query,
        headers={"client-request-id": call.client_request_id, **inherited, **own},
        raw_body=json.dumps(item["body"]).encode(),
        origin=call.origin,
        client_host=call.client_host,
        dispatch=call.dispatch,
        batch_of=call.number,
    )
