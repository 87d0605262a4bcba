# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's share of the pipeline."""

from __future__ import annotations

from emulator.call import Answer, Call
from emulator.platform.errors import UnknownEndpoint
from emulator.platform.routes import ROUTES
from emulator.service import RouteTable, Service


class PlatformService(Service):
    name = "platform"
    routes: RouteTable = ROUTES

    def accepts(self, path: str) -> bool:
        return path.lower().startswith(("/metadata/", "/msi/", "/_apis/"))

    def authenticate(self, call: Call) -> None:
        """Each endpoint has its own way."""

    def authorise(self, call: Call) -> None:
        if call.route is None:
            raise UnknownEndpoint

    def replicate(self, call: Call) -> None:
        """Knows nothing of the directory."""

    def finish(self, call: Call, answer: Answer) -> None:
        """No headers of its own."""
