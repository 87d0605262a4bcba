# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of Exchange: the endpoint behind the Exchange Online PowerShell module, which nobody documents."""

from __future__ import annotations

from emulator.exchange.handlers import batch, invoke
from emulator.service import Route, RouteTable

_TENANT = "/adminapi/beta/{tenant}"

ROUTES = RouteTable(
    (
        Route("POST", f"{_TENANT}/InvokeCommand", invoke.invoke),
        Route("POST", f"{_TENANT}/$batch", batch.run),
    )
)
