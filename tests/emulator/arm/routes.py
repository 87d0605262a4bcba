# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of Azure Resource Manager: those that `az login` asks, subscription or not."""

from __future__ import annotations

from emulator.arm import handlers
from emulator.service import Route, RouteTable

ROUTES = RouteTable(
    (
        Route("GET", "/subscriptions", handlers.subscriptions),
        Route("GET", "/tenants", handlers.tenants),
    )
)
