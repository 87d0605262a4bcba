# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of Azure Key Vault, each with the permission that it takes."""

from __future__ import annotations

from emulator.key_vault import handlers
from emulator.service import Route, RouteTable

_SECRET, _DELETED = "/secrets/{name}", "/deletedsecrets/{name}"

ROUTES = RouteTable(
    (
        Route("GET", _SECRET, handlers.get_newest, "get"),
        Route("PUT", _SECRET, handlers.set_secret, "set"),
        Route("DELETE", _SECRET, handlers.delete, "delete"),
        Route("GET", f"{_SECRET}/versions", handlers.versions, "list"),
        Route("GET", f"{_SECRET}/{{version}}", handlers.get_version, "get"),
        Route("PATCH", f"{_SECRET}/{{version}}", handlers.update, "set"),
        Route("PATCH", _SECRET, handlers.update, "set"),
        Route("GET", _DELETED, handlers.get_deleted, "get"),
        Route("DELETE", _DELETED, handlers.purge, "purge"),
        Route("POST", f"{_DELETED}/recover", handlers.recover, "recover"),
    )
)
