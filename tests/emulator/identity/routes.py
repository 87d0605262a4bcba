# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of Microsoft identity."""

from __future__ import annotations

from emulator.identity import consent, handlers
from emulator.service import Route, RouteTable

ROUTES = RouteTable(
    (
        Route("GET", "/common/discovery/instance", handlers.instance_discovery),
        Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", handlers.openid_configuration_v2),
        Route("GET", "/{tenant}/.well-known/openid-configuration", handlers.openid_configuration_v1),
        Route("GET", "/{tenant}/discovery/v2.0/keys", handlers.keys),
        Route("GET", "/{tenant}/discovery/keys", handlers.keys),
        Route("POST", "/{tenant}/oauth2/v2.0/token", handlers.token),
        Route("POST", "/{tenant}/oauth2/v2.0/devicecode", handlers.device_code),
        Route("GET", "/{tenant}/adminconsent", consent.page),
        Route("POST", "/{tenant}/adminconsent", consent.decide),
        Route("GET", "/{tenant}/v2.0/adminconsent", consent.page),
        Route("POST", "/{tenant}/v2.0/adminconsent", consent.decide),
    )
)
