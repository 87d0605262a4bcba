# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    Actual,
    Desired,
    ResourcePermissions,
    to_graph,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    permissions_from_graph,
    read_catalog,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.plan import names_of, resolve
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import Declaration
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
)


def read(graph: GraphClient, unique_name: str, desired: Desired, client_id: str | None = None) -> Actual:
    body = find_application(graph, unique_name, client_id)
    declared = permissions_from_graph((body or {}).get("requiredResourceAccess"))
    catalog = read_catalog(graph, desired.resource_app_ids | {entry.resource_app_id for entry in declared})
    if body is None:
        return Actual(catalog)
    return Actual(catalog, declared, body["id"], body.get("createdDateTime"))


def read_declaration(graph: GraphClient, resources: t.Sequence[ResourcePermissions]) -> Declaration:
    """What a new application declares. Raises InputError for an unknown API or name."""
    catalog = read_catalog(graph, (entry.resource_app_id for entry in resources))
    permissions = resolve(catalog, resources)
    return Declaration(tuple(to_graph(permissions)), names_of(catalog, permissions))
