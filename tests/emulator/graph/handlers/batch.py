# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/$batch`: up to twenty calls in one, each through the whole pipeline (json-batching)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from emulator.call import Answer, Body, Call
from emulator.graph.errors import malformed

MOST_ITEMS = 20


async def run(call: Call) -> Answer:
    items = _checked_items(call.json())
    answers: dict[str, Body] = {}
    for item in items:
        answers[item["id"]] = await _run_item(call, item, answers)
    # Microsoft promises no order; the last answer comes first, so that nobody relies on one.
    in_order = list(answers.values())
    return Answer(200, {"responses": in_order[-1:] + in_order[:-1]})


def _checked_items(body: Body) -> list[Body]:
    listed = body.get("requests")
    items = [_with_text_id(item) for item in listed] if isinstance(listed, list) else []
    if not items or not all(_well_formed(item) for item in items):
        raise malformed("Invalid batch payload format.")
    if len(items) > MOST_ITEMS:
        raise malformed(f"Number of batch request steps exceeds the maximum value of {MOST_ITEMS}.")
    known: set[str] = set()
    for item in items:
        if item["id"] in known or not known.issuperset(item.get("dependsOn") or ()):
            raise malformed("Batch request ids must be unique, and dependsOn must name earlier requests.")
        known.add(item["id"])
    return items


def _with_text_id(item: Any) -> Any:
    """Numbers are taken as ids, and answered as texts."""
    if isinstance(item, dict) and isinstance(item.get("id"), int):
        return {**item, "id": str(item["id"])}
    return item


def _well_formed(item: Any) -> bool:
    if not isinstance(item, dict) or not all(isinstance(item.get(name), str) for name in ("id", "method", "url")):
        return False
    headers = item.get("headers") or {}
    typed = "content-type" in {str(name).lower() for name in headers}
    return typed or item.get("body") is None


async def _run_item(call: Call, item: Body, earlier: dict[str, Body]) -> Body:
    if any(earlier[name]["status"] >= 400 for name in item.get("dependsOn") or ()):
        error = {"code": "424", "message": "A request that this one depends on has failed."}
        return {"id": item["id"], "status": 424, "headers": {}, "body": {"error": error}}
    answer = await call.dispatch(_inner_call(call, item))
    found: Body = {"id": item["id"], "status": answer.status, "headers": _shown_headers(answer)}
    if answer.body is not None:
        found["body"] = answer.body
    return found


def _inner_call(call: Call, item: Body) -> Call:
    url = urlsplit(item["url"])
    own = {str(name).lower(): str(value) for name, value in (item.get("headers") or {}).items()}
    inherited = {name: call.headers[name] for name in ("authorization", "user-agent") if name in call.headers}
    return Call(
        world=call.world,
        method=item["method"].upper(),
        path=f"/{'beta' if call.path.startswith('/beta/') else 'v1.0'}/{url.path.lstrip('/')}",
        query_string=url.query,
        headers={"client-request-id": call.client_request_id, **own, **inherited},
        raw_body=json.dumps(item["body"]).encode() if item.get("body") is not None else b"",
        origin=call.origin,
        client_host=call.client_host,
        dispatch=call.dispatch,
        batch_of=call.number,
    )


def _shown_headers(answer: Answer) -> dict[str, str]:
    hidden = {"date", "strict-transport-security"}
    return {name: value for name, value in answer.headers.items() if name.lower() not in hidden}
