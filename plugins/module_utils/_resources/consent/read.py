# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import (
    GraphClient,
    Read,
    odata_string,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import optional
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import is_young
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import (
    Actual,
    Assignment,
    DelegatedGrant,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    ResourcePermissions,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    Catalog,
    Permission,
    permissions_from_graph,
    read_catalog,
    resource_read,
    with_resources,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.plan import (
    resolve,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
    find_service_principal,
)


def read(
    graph: GraphClient,
    unique_name: str,
    wanted: tuple[ResourcePermissions, ...] | None,
    client_id: str | None = None,
) -> Actual:
    """`wanted`: the declaration by names; None means what the application declares now."""
    body = find_application(graph, unique_name, client_id)
    catalog, declared = _declaration(graph, body, wanted)
    if body is None:
        return Actual(catalog, declared)
    young = is_young(body.get("createdDateTime"), graph.now)
    actual = Actual(catalog, declared, app_id=body["appId"], young=young)
    principal = find_service_principal(graph, body["appId"])
    return actual if principal is None else with_grants(graph, replace(actual, principal_id=principal.id))


def _declaration(
    graph: GraphClient, body: Json | None, wanted: tuple[ResourcePermissions, ...] | None
) -> tuple[Catalog, frozenset[Permission]]:
    if wanted is not None:
        catalog = read_catalog(graph, (entry.resource_app_id for entry in wanted))
        return catalog, resolve(catalog, wanted)
    declared = permissions_from_graph((body or {}).get("requiredResourceAccess"))
    catalog = read_catalog(graph, (entry.resource_app_id for entry in declared))
    missing = sorted({entry.resource_app_id for entry in declared} - set(catalog.resources))
    if missing:
        raise InputError(
            f"The application declares permissions of an API that is not in this tenant: {', '.join(missing)}.",
            next_step="Remove them from the declaration, or let the tenant's administrator add the service.",
            code="UnknownResource",
        )
    return catalog, declared


def with_grants(graph: GraphClient, actual: Actual) -> Actual:
    graph.read_missing(grants_reads(t.cast(str, actual.principal_id)))
    assignments = _assignments(graph, t.cast(str, actual.principal_id))
    delegated = _delegated(graph, t.cast(str, actual.principal_id))
    # What is granted and not declared will be revoked: the report needs the names of those APIs as well.
    catalog = with_resources(graph, actual.catalog, (assignment.resource_id for assignment in assignments))
    return replace(actual, catalog=catalog, assignments=assignments, delegated=delegated)


def catalog_reads(wanted: tuple[ResourcePermissions, ...] | None) -> list[Read]:
    """Of the APIs that the declaration speaks of."""
    return [resource_read(entry.resource_app_id) for entry in wanted or ()]


def grants_reads(principal_id: str) -> tuple[Read, Read]:
    """Of the roles and of the delegated grants of a service principal."""
    query = {"$filter": f"clientId eq {odata_string(principal_id)}"}
    return (f"/servicePrincipals/{principal_id}/appRoleAssignments", None), ("/oauth2PermissionGrants", query)


def _assignments(graph: GraphClient, principal_id: str) -> tuple[Assignment, ...]:
    rows = graph.list(*grants_reads(principal_id)[0], action="read the granted permissions")
    return tuple(Assignment(row["id"], row["resourceId"], row["appRoleId"].lower()) for row in rows)


def _delegated(graph: GraphClient, principal_id: str) -> tuple[DelegatedGrant, ...] | None:
    rows = optional(lambda: graph.list(*grants_reads(principal_id)[1], action="read the delegated grants"))
    return (
        None
        if rows is None
        else tuple(
            DelegatedGrant(
                row["id"], row["resourceId"], row.get("principalId"), frozenset((row["scope"] or "").split())
            )
            for row in rows
        )
    )
