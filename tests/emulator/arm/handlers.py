# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is before anything has been subscribed to."""

from __future__ import annotations

from emulator.arm.errors import no_api_version
from emulator.call import Answer, Call


def subscriptions(call: Call) -> Answer:
    _require_version(call)
    return Answer(200, {"value": [], "count": {"type": "Total", "value": 0}})


def tenants(call: Call) -> Answer:
    """That of the token: an application is at home in one."""
    _require_version(call)
    assert call.tenant is not None
    known = {
        "id": f"/tenants/{call.tenant.id}",
        "tenantId": call.tenant.id,
        "countryCode": "DK",
        "displayName": call.tenant.display_name,
        "domains": call.tenant.domains,
        "tenantCategory": "Home",
        "defaultDomain": call.tenant.domains[0],
        "tenantType": "AAD",
    }
    return Answer(200, {"value": [known]})


def _require_version(call: Call) -> None:
    if not call.query.get("api-version"):
        raise no_api_version()
