# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft identity's share of the pipeline."""

from __future__ import annotations

from emulator.call import Answer, Call
from emulator.identity.errors import UnknownPage
from emulator.identity.routes import ROUTES
from emulator.service import RouteTable, Service


class Identity(Service):
    name = "identity"
    routes: RouteTable = ROUTES

    def accepts(self, path: str) -> bool:
        return True

    def authenticate(self, call: Call) -> None:
        """Nothing here needs a token: this is where tokens come from."""

    def authorise(self, call: Call) -> None:
        if call.route is None:
            raise UnknownPage

    def replicate(self, call: Call) -> None:
        """Sign-in looks through the lag by itself: what it finds missing decides which error it gives."""

    def finish(self, call: Call, answer: Answer) -> None:
        answer.headers.setdefault("x-ms-request-id", call.request_id)
        answer.headers.setdefault("client-request-id", call.client_request_id)
        answer.headers.setdefault("cache-control", "no-store, no-cache")
