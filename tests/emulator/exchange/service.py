# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange's share of the pipeline."""

from __future__ import annotations

from urllib.parse import unquote

from emulator.call import Answer, Call, MalformedBody
from emulator.clouds import is_at_home
from emulator.exchange.errors import ExchangeError, Forbidden, Unauthorized, UnknownPath
from emulator.exchange.routes import ROUTES
from emulator.graph.store.resources import EXCHANGE, resources
from emulator.service import RouteTable, Service, find_route

SCOPE = "Exchange.Manage"
APP_ROLE = "Exchange.ManageAsApp"
# Other names of the resource; tokens for them are for other parts of Exchange.
OTHER_NAMES = frozenset({EXCHANGE, "https://outlook.office.com"})
NUL_BYTES = 32


class Exchange(Service):
    name = "exchange"
    routes: RouteTable = ROUTES

    def accepts(self, path: str) -> bool:
        return path.startswith("/adminapi/")

    def normalise(self, path: str) -> str:
        return unquote(path)

    def authenticate(self, call: Call) -> None:
        scheme, _unused, token = call.headers.get("authorization", "").partition(" ")
        claims = call.world.signing_key.claims(token.strip()) if scheme.lower() == "bearer" else None
        if claims is None:
            raise Unauthorized("The token is missing or its signature is invalid.")
        if claims["exp"] <= call.now().timestamp():
            raise Unauthorized("The token has expired.")
        if str(claims["aud"]) not in resources()[EXCHANGE].names - OTHER_NAMES:
            raise Unauthorized(f"The audience claim value is invalid '{claims['aud']}'.")
        call.tenant, call.claims = call.world.tenant(str(claims["tid"])), claims
        if call.tenant is None or call.tenant.exchange is None:
            raise Unauthorized("The tenant of the token is unknown.")
        if not is_at_home(call.tenant.cloud, call.host):
            raise Unauthorized("The token is for a tenant of another cloud.")

    def authorise(self, call: Call) -> None:
        """The app role in the token and a directory role of its service principal, both."""
        if call.route is None:
            raise UnknownPath(405 if find_route(ROUTES, "", call.path).known_path else 404)
        assert call.tenant is not None
        if call.world.tenant(call.params["tenant"]) is not call.tenant:
            raise Unauthorized("The token is for another tenant.")
        person = "scp" in call.claims
        if person and SCOPE not in call.claims["scp"].split():
            raise Forbidden
        if not person and APP_ROLE not in call.claims.get("roles", ()):
            raise Forbidden
        if not call.tenant.directory_roles_of(call.claims):
            raise Forbidden(NUL_BYTES)

    def replicate(self, call: Call) -> None:
        """Each organisation has its own ways of being late; see the store."""

    async def handle(self, call: Call) -> Answer:
        if "json" not in call.headers.get("content-type", ""):
            raise ExchangeError("bad_request", "The content type must be application/json.")
        try:
            return await super().handle(call)
        except MalformedBody as error:
            raise ExchangeError("bad_request", "The body is not a JSON object.") from error

    def finish(self, call: Call, answer: Answer) -> None:
        answer.headers.setdefault("request-id", call.request_id)
        answer.headers.setdefault("cache-control", "no-cache, no-store")
        if answer.body is not None:
            answer.headers.setdefault("content-type", "application/json;odata.metadata=minimal")
