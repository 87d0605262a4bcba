# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import (
    await_visible,
    is_young,
    settle,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    Actual,
    Declare,
    to_graph,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    Permission,
    permissions_from_graph,
)

_FIELDS = "id,appId,createdDateTime,requiredResourceAccess"


def apply(graph: GraphClient, actual: Actual, change: Change[Declare]) -> None:
    for step in change.steps:
        _declare(graph, f"/applications/{actual.id}", step, young=is_young(actual.created, graph.now))


def _declare(graph: GraphClient, path: str, step: Declare, *, young: bool) -> None:
    what = "The declaration of permissions"
    body = {"requiredResourceAccess": to_graph(step.permissions)}
    settle(lambda: graph.patch(path, body, action="declare the permissions"), what=what, young=young)
    await_visible(lambda: _declared(graph, path) == step.permissions, what=what)


def _declared(graph: GraphClient, path: str) -> frozenset[Permission]:
    body = graph.get(path, {"$select": _FIELDS}, action="read the declared permissions")
    return permissions_from_graph(body.get("requiredResourceAccess"))
