# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Graph's share of the pipeline."""

from __future__ import annotations

import re
from typing import cast

from emulator.call import Answer, Call, MalformedBody
from emulator.clouds import is_at_home
from emulator.exchange.store.conflicts import ExchangeConflict
from emulator.graph import errors, rights
from emulator.graph.handlers import audits
from emulator.graph.handlers.context import is_upsert, require_owned
from emulator.graph.keys import Target, detach_keys, parse_key
from emulator.graph.routes import ROUTES, Traits
from emulator.graph.store.conflicts import Conflict
from emulator.graph.store.resources import GRAPH, resources
from emulator.service import RouteTable, Service, find_route

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
# An action may be named with its namespace.
_BOUND = re.compile(
    r"/microsoft\.graph\.(?=(?:addPassword|removePassword|restore|sendMail|getSchedule)$)", re.IGNORECASE
)
PREFIXES = ("/v1.0/myorganization/", "/v1.0/")


class Graph(Service):
    name = "graph"
    routes: RouteTable = ROUTES

    def accepts(self, path: str) -> bool:
        return path.startswith(("/v1.0/", "/beta/")) or path in ("/v1.0", "/beta")

    def normalise(self, path: str) -> str:
        clean = _BOUND.sub("/", detach_keys(path))
        prefix = next((prefix for prefix in PREFIXES if clean.startswith(prefix)), "")
        return clean[len(prefix) - 1 :] if prefix else clean

    def authenticate(self, call: Call) -> None:
        scheme, _unused, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise errors.invalid_token(call, "Access token is empty.")
        claims = call.world.signing_key.claims(token.strip())
        if claims is None:
            raise errors.invalid_token(call, "IDX14100: JWT is not well formed or its signature is invalid.")
        if claims["exp"] <= call.now().timestamp():
            raise errors.invalid_token(call, "Lifetime validation failed, the token is expired.")
        if str(claims["aud"]) not in resources()[GRAPH].names:
            raise errors.invalid_token(call, "Access token validation failure. Invalid audience.")
        call.tenant = call.world.tenant(str(claims["tid"]))
        if call.tenant is None:
            raise errors.invalid_token(call, "The tenant of the access token is unknown.")
        if not is_at_home(call.tenant.cloud, call.host):
            raise errors.invalid_token(call, "The access token is for a tenant of another cloud.")
        call.claims = claims

    def authorise(self, call: Call) -> None:
        """From the roles in the token alone; with OwnedBy only, also from who owns the addressed object."""
        traits = _traits(call)
        if traits.right is None:
            return
        call.scope = traits.right.scope(rights.held(call.claims))
        if call.scope is None:
            raise errors.denied()
        if traits.target is not None:
            assert call.tenant is not None
            call.target = traits.target.find(call.tenant.directory, call.params["key"])
            require_owned(call, call.target)

    def replicate(self, call: Call) -> None:
        """Decides whether the addressed object is there for this request, and counts the look."""
        target = _traits(call).target
        if target is None or is_upsert(call, target.upsert_key):
            return
        present = _read(call, target) if call.method == "GET" else _writable(call, target)
        if not present:
            raise errors.not_found(parse_key(call.params["key"])[1])

    async def handle(self, call: Call) -> Answer:
        content_type = call.headers.get("content-type", "").lower()
        if call.raw_body and not any(name in content_type for name in _traits(call).formats):
            raise errors.malformed(
                "Write requests (excluding DELETE) must contain the Content-Type header declaration."
            )
        try:
            about = audits.subjects(call)
            answer = await super().handle(call)
            audits.note(call, about, answer)
            return answer
        except Conflict as conflict:
            raise errors.of_conflict(conflict) from conflict
        except ExchangeConflict as conflict:
            raise errors.of_exchange_conflict(conflict) from conflict
        except MalformedBody as error:
            raise errors.malformed("Unable to read JSON request payload.") from error

    def finish(self, call: Call, answer: Answer) -> None:
        """Headers as recorded: an error is plain JSON, a success says OData."""
        headers = answer.headers
        headers.setdefault("cache-control", "no-cache")
        headers["request-id"], headers["client-request-id"] = call.request_id, call.client_request_id
        headers["x-ms-resource-unit"] = str(_cost(call))
        if answer.status < 400 and answer.body is not None:
            headers.setdefault("content-type", JSON_TYPE)
            headers["odata-version"] = "4.0"
            headers["strict-transport-security"] = "max-age=31536000"
        elif answer.body is not None:
            headers.setdefault("content-type", "application/json")


def _traits(call: Call) -> Traits:
    if call.route is not None:
        return cast("Traits", call.route.traits)
    if call.path.split("/", 2)[1].lower() == "me":
        raise errors.nobody_is_me()
    if find_route(ROUTES, "", call.path).known_path:
        raise errors.unknown_method(call.method)
    raise errors.unknown_segment(_first_unknown_segment(call.path))


def _first_unknown_segment(path: str) -> str:
    parts = path.split("/")
    known = [route.template.lower().split("/") for route in ROUTES]
    for index, part in enumerate(parts[1:], start=1):
        known = [
            names for names in known if len(names) > index and (names[index] == part.lower() or names[index][0] == "{")
        ]
        if not known:
            return part
    return parts[-1]


def _read(call: Call, target: Target) -> bool:
    assert call.tenant is not None
    if call.target is None:
        return False
    call.seen = call.tenant.directory.read(call.target)
    return target.shows(call.seen, call.params["key"])


def _writable(call: Call, target: Target) -> bool:
    assert call.tenant is not None
    if call.target is None:
        return False
    call.seen = call.tenant.directory.peek(call.target)
    if target.shows(call.seen, call.params["key"]) and call.target.true.place is target.place:
        return True
    call.target.state.refuse()
    return False


def _cost(call: Call) -> int:
    """learn.microsoft.com/graph/throttling-limits: $select and a small $top make a call cheaper, $expand dearer."""
    cost: int = call.route.traits.cost if call.route is not None else 1
    cost += ("$expand" in call.query) - ("$select" in call.query)
    top = call.query.get("$top", "")
    cost -= top.isdecimal() and int(top) < 20
    return max(cost, 1)
