# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/tenantRelationships`: the delegated admin relationships (GDAP) of a partner, and the customers that they are with.

learn.microsoft.com/graph/api/resources/delegatedadminrelationship. A relationship tells the customer's name as it was
agreed upon, the list of customers tells its display name of today. A caller to whom the partner shows nothing is
answered with an empty list (github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/8921).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.call import Answer, Body, Call
from emulator.graph.odata.entities import DELEGATED_ADMIN_CUSTOMER, DELEGATED_ADMIN_RELATIONSHIP
from emulator.graph.odata.listing import list_answer
from emulator.graph.store.ids import DerivedIds
from emulator.graph.store.records import settled
from emulator.planting import SEEDED_AT
from emulator.world import Tenant

#: Nobody has accepted it yet.
_PENDING = frozenset({"created", "approvalPending"})


def relationships(call: Call) -> Answer:
    assert call.tenant is not None
    return list_answer(call, DELEGATED_ADMIN_RELATIONSHIP, settled(_relationships(call.tenant)))


def customers(call: Call) -> Answer:
    assert call.tenant is not None
    return list_answer(call, DELEGATED_ADMIN_CUSTOMER, settled(_customers(call.tenant)))


def _relationships(partner: Tenant) -> Iterator[Body]:
    ids = DerivedIds(partner.id, "delegatedAdminRelationships")
    for wish in partner.spec.get("delegatedAdminRelationships", ()):
        status = wish.get("status", "active")
        accepted = None if status in _PENDING else SEEDED_AT
        yield {
            "id": f"{ids.object_id(wish['displayName'])}-{ids.object_id('partner')}",
            "displayName": wish["displayName"],
            "duration": "P730D",
            "customer": wish.get("customer"),
            "accessDetails": {"unifiedRoles": []},
            "status": status,
            "autoExtendDuration": wish.get("autoExtendDuration", "PT0S"),
            "createdDateTime": SEEDED_AT,
            "lastModifiedDateTime": SEEDED_AT,
            "activatedDateTime": accepted,
            "endDateTime": accepted and wish.get("endDateTime", "2030-01-02T03:04:05Z"),
        }


def _customers(partner: Tenant) -> Iterator[Body]:
    found: dict[str, Any] = {}
    for row in _relationships(partner):
        if row["activatedDateTime"] is not None and row["customer"] is not None:
            found.setdefault(row["customer"]["tenantId"], row["customer"])
    for tenant_id, customer in found.items():
        known = partner.world.tenant(tenant_id)
        name = known.display_name if known else customer["displayName"]
        yield {"id": tenant_id, "tenantId": tenant_id, "displayName": name}
