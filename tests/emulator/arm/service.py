# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Resource Manager's share of the pipeline."""

from __future__ import annotations

from emulator.arm.errors import UnknownPath, unauthorized
from emulator.arm.routes import ROUTES
from emulator.call import Answer, Call
from emulator.graph.store.resources import ARM, resources
from emulator.service import RouteTable, Service


class Arm(Service):
    name = "arm"
    routes: RouteTable = ROUTES

    def accepts(self, path: str) -> bool:
        return path.split("/", 2)[1].lower() in ("subscriptions", "tenants", "providers")

    def authenticate(self, call: Call) -> None:
        scheme, _unused, token = call.headers.get("authorization", "").partition(" ")
        claims = call.world.signing_key.claims(token.strip()) if scheme.lower() == "bearer" else None
        if claims is None or claims["exp"] <= call.now().timestamp():
            raise unauthorized("The access token is missing, invalid or expired.")
        if str(claims["aud"]) not in resources()[ARM].names:
            raise unauthorized(f"The access token has been obtained for wrong audience or resource '{claims['aud']}'.")
        call.tenant, call.claims = call.world.tenant(str(claims["tid"])), claims
        if call.tenant is None:
            raise unauthorized("The tenant of the access token is unknown.")

    def authorise(self, call: Call) -> None:
        """Whoever has a token sees what they have a role for: nothing, here."""
        if call.route is None:
            raise UnknownPath

    def replicate(self, call: Call) -> None:
        """Nothing here changes."""

    def finish(self, call: Call, answer: Answer) -> None:
        answer.headers.setdefault("x-ms-request-id", call.request_id)
        answer.headers.setdefault("content-type", "application/json; charset=utf-8")
