# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ForbiddenError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.model import (
    CLOUD,
    DISPLAY_NAME,
    RELATIONSHIP,
    RELATIONSHIP_ENDS,
    RELATIONSHIP_RENEWS,
    TENANT_ID,
    Entry,
    entry,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant

Json: t.TypeAlias = "dict[str, t.Any]"

STATUSES = (
    "created",
    "approvalPending",
    "approved",
    "activating",
    "active",
    "expiring",
    "expired",
    "terminationRequested",
    "terminating",
    "terminated",
)
#: While it is so, the partner has access.
ALIVE = ("active", "expiring")

#: learn.microsoft.com/graph/api/tenantrelationship-list-delegatedadminrelationships: $top takes no more.
_PAGE = "300"
#: Microsoft made these when it ended an older kind of relationship (DAP); they carry few roles.
_MADE_BY_MICROSOFT = "MLT_"
#: Of autoExtendDuration.
_ENDS = (None, "PT0S", "P0D")


@dataclass(frozen=True)
class Partner:
    """What Microsoft Graph tells a partner of its customers, as far as it is needed here."""

    relationships: t.Sequence[Json]
    customers: t.Sequence[Json]

    def dump(self) -> Json:
        return {"relationships": list(self.relationships), "customers": list(self.customers)}

    @classmethod
    def load(cls, found: t.Any) -> t.Self | None:
        """None for what `dump` has not made."""
        if not isinstance(found, dict) or set(found) != {"relationships", "customers"}:
            return None
        rows = found.values()
        if not all(isinstance(of, list) and all(isinstance(row, dict) for row in of) for of in rows):
            return None
        return cls(found["relationships"], found["customers"])


def read(tenant: Tenant) -> Partner:
    """`tenant`: the partner's own. Raises ConnectorError."""
    try:
        relationships = tenant.graph.list(
            "/tenantRelationships/delegatedAdminRelationships",
            {"$top": _PAGE, "$select": "id,displayName,customer,status,endDateTime,autoExtendDuration"},
            action="list the delegated admin relationships",
        )
        customers = tenant.graph.list(
            "/tenantRelationships/delegatedAdminCustomers",
            {"$top": _PAGE},
            action="list the delegated admin customers",
        )
    except ForbiddenError as error:
        error.next_step = (
            "A Global Administrator of the partner's tenant grants the automation's application the permission "
            "DelegatedAdminRelationship.Read.All (application) of Microsoft Graph."
        )
        raise
    if not relationships:
        # Microsoft answers so, too, where it shows the caller nothing
        # (github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/8921): no reason to forget all customers.
        raise InputError(
            f"Microsoft Graph shows no delegated admin relationship in the tenant {tenant.directory_id}.",
            next_step="Check that it is the partner's own tenant; who signs in as a user must be a member of its "
            "Admin Agents.",
        )
    return Partner(relationships, customers)


def entries(partner: Partner, statuses: t.Collection[str], cloud: str) -> list[Entry]:
    """Customers by their relationships. Those that have none of `statuses` are told of and not added.

    Names are those of the list of customers: in a relationship they are as they were when it was agreed upon.
    """
    names = {str(row.get("tenantId")).lower(): row.get("displayName") for row in partner.customers}
    of_customer: dict[str, list[Json]] = {}
    for row in partner.relationships:
        customer = row.get("customer") or {}
        # One that nobody has accepted yet may be with nobody.
        if customer.get("tenantId") and not str(row.get("displayName")).startswith(_MADE_BY_MICROSOFT):
            of_customer.setdefault(str(customer["tenantId"]).lower(), []).append(row)
    return [_entry(tenant_id, names.get(tenant_id), rows, statuses, cloud) for tenant_id, rows in of_customer.items()]


def _entry(tenant_id: str, name: str | None, rows: t.Sequence[Json], statuses: t.Collection[str], cloud: str) -> Entry:
    """Of several relationships with a customer the one that gives access for the longest time."""
    best = max(rows, key=lambda row: (row.get("status") in ALIVE, str(row.get("endDateTime") or "")))
    alive = [row for row in rows if row.get("status") in ALIVE]
    told = {
        TENANT_ID: tenant_id,
        CLOUD: cloud,
        DISPLAY_NAME: name or best["customer"].get("displayName"),
        RELATIONSHIP: best.get("status"),
        RELATIONSHIP_ENDS: best.get("endDateTime"),
        RELATIONSHIP_RENEWS: any(row.get("autoExtendDuration") not in _ENDS for row in alive),
    }
    found = entry(f"relationship {best.get('displayName')}", told)
    return found if best.get("status") in statuses else found.only_told()
