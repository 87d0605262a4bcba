# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of the machine's own endpoints."""

from __future__ import annotations

from emulator.platform import handlers
from emulator.service import Route, RouteTable

_HUB = "/_apis/distributedtask/hubs/{hub}/plans/{plan}/jobs/{job}"

ROUTES = RouteTable(
    (
        Route("GET", "/metadata/identity/oauth2/token", handlers.virtual_machine),
        Route("GET", "/msi/token", handlers.app_service),
        Route("GET", f"{_HUB}/idtoken", handlers.github),
        Route("POST", f"{_HUB}/oidctoken", handlers.azure_pipelines),
    )
)
