# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of the admin door."""

from __future__ import annotations

from emulator.admin import exchange, faults, handlers, vaults
from emulator.service import Route, RouteTable

_TENANT = "/_emulator/tenants/{tenant}"

ROUTES = RouteTable(
    (
        Route("POST", "/_emulator/reset", handlers.reset),
        Route("POST", "/_emulator/seed", handlers.seed),
        Route("POST", "/_emulator/settings", handlers.settings),
        Route("GET", "/_emulator/faults", faults.shown),
        Route("POST", "/_emulator/faults", faults.add),
        Route("DELETE", "/_emulator/faults", faults.clear),
        Route("GET", "/_emulator/issued", handlers.issued),
        Route("GET", "/_emulator/requests", handlers.requests),
        Route("DELETE", "/_emulator/requests", handlers.clear_requests),
        Route("GET", "/_emulator/refusals", handlers.refusals),
        Route("GET", "/_emulator/clock", handlers.clock),
        Route("POST", "/_emulator/clock", handlers.clock),
        Route("POST", "/_emulator/issuer/token", handlers.issuer_token),
        Route("POST", "/_emulator/platform", handlers.platform),
        Route("POST", "/_emulator/people", handlers.person),
        Route("POST", "/_emulator/people/refresh_token", handlers.refresh_token),
        Route("POST", "/_emulator/people/revoke", handlers.revoke),
        Route("PUT", "/_emulator/vaults/{host}", vaults.put),
        Route("GET", "/_emulator/vaults/{host}", vaults.shown),
        Route("GET", "/_emulator/tenants", handlers.tenants),
        Route("PATCH", _TENANT, handlers.change_tenant),
        Route("GET", f"{_TENANT}/snapshot", handlers.snapshot),
        Route("GET", f"{_TENANT}/reach", handlers.reach),
        Route("POST", f"{_TENANT}/portal/applications", handlers.portal_application),
        Route("POST", f"{_TENANT}/consent", handlers.consent_to),
        Route("POST", f"{_TENANT}/token", handlers.token),
        Route("POST", f"{_TENANT}/exchange/command", exchange.command),
    )
)
