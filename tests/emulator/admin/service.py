# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin door's share of the pipeline."""

from __future__ import annotations

from ipaddress import ip_address

from emulator.admin.errors import AdminError
from emulator.admin.routes import ROUTES
from emulator.call import Answer, Call, MalformedBody
from emulator.service import RouteTable, Service


class Admin(Service):
    name = "admin"
    routes: RouteTable = ROUTES

    def accepts(self, path: str) -> bool:
        return path.startswith("/_emulator")

    def authenticate(self, call: Call) -> None:
        """Without a password, hence for this machine only."""
        try:
            loopback = ip_address(call.client_host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise AdminError(403, "the admin door answers this machine only")

    def authorise(self, call: Call) -> None:
        if call.route is None:
            raise AdminError(404, f"the admin door has no {call.method} {call.path}")

    def replicate(self, call: Call) -> None:
        """Sees the truth, always."""

    async def handle(self, call: Call) -> Answer:
        try:
            return await super().handle(call)
        except MalformedBody as error:
            raise AdminError(400, "the body is not a JSON object") from error

    def finish(self, call: Call, answer: Answer) -> None:
        """No headers of its own."""
