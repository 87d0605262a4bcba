# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import itertools
import typing as t
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import (
    await_visible,
    is_young,
    settle,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    Catalog,
    Permission,
    permissions_from_graph,
    read_catalog,
    resource_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import Declaration
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
    located_reads,
    require,
)

_FIELDS = "id,appId,createdDateTime,requiredResourceAccess"
#: learn.microsoft.com/graph/api/resources/requiredresourceaccess
_MAX_RESOURCES, _MAX_PERMISSIONS = 50, 400


@dataclass(frozen=True)
class ResourcePermissions:
    """What an application shall declare of one API, by names."""

    resource_app_id: str
    application: tuple[str, ...] = ()
    delegated: tuple[str, ...] = ()


def declaration(option: t.Iterable[t.Mapping[str, t.Any]]) -> tuple[ResourcePermissions, ...]:
    """From the modules' option `permissions`."""
    return tuple(
        ResourcePermissions(row["resource_app_id"].lower(), tuple(row["application"]), tuple(row["delegated"]))
        for row in option
    )


def resolve(catalog: Catalog, resources: t.Iterable[ResourcePermissions]) -> frozenset[Permission]:
    """Names to ids. Raises InputError for an unknown API or name."""
    return frozenset(itertools.chain.from_iterable(_resolve(catalog, entry) for entry in resources))


@dataclass(frozen=True)
class Desired:
    resources: tuple[ResourcePermissions, ...]
    exact: bool = True

    @property
    def resource_app_ids(self) -> frozenset[str]:
        return frozenset(resource.resource_app_id for resource in self.resources)


@dataclass(frozen=True)
class Actual:
    """`id` is None while the application does not exist (check mode before the first run)."""

    catalog: Catalog
    declared: frozenset[Permission] = frozenset()
    id: str | None = None
    created: str | None = None


@dataclass(frozen=True)
class Declare:
    """Replaces requiredResourceAccess as a whole: Graph has no way to add or take away one entry."""

    permissions: frozenset[Permission]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    def describe(self) -> str:
        parts = [f"declare {', '.join(self.added)}"] if self.added else []
        parts += [f"no longer declare {', '.join(self.removed)}"] if self.removed else []
        return "; ".join(parts)


def read(graph: GraphClient, unique_name: str, desired: Desired, client_id: str | None = None) -> Actual:
    body = find_application(graph, unique_name, client_id)
    declared = permissions_from_graph((body or {}).get("requiredResourceAccess"))
    catalog = read_catalog(graph, desired.resource_app_ids | {entry.resource_app_id for entry in declared})
    if body is None:
        return Actual(catalog)
    return Actual(catalog, declared, body["id"], body.get("createdDateTime"))


def plan(actual: Actual, desired: Desired) -> Change[Declare]:
    """Raises InputError for an unknown API or name, and for more than Graph takes."""
    wanted = resolve(actual.catalog, desired.resources)
    target = wanted if desired.exact else wanted | actual.declared
    _check_limits(target)
    before, after = ({"permissions": actual.catalog.views(entries)} for entries in (actual.declared, target))
    if target == actual.declared:
        return Change(before, after)
    added = _names(actual.catalog, target - actual.declared)
    removed = _names(actual.catalog, actual.declared - target)
    return Change(before, after, (Declare(target, added, removed),))


def apply(graph: GraphClient, actual: Actual, change: Change[Declare]) -> None:
    for step in change.steps:
        _declare(graph, f"/applications/{actual.id}", step, young=is_young(actual.created, graph.now))


def _declare(graph: GraphClient, path: str, step: Declare, *, young: bool) -> None:
    what = "The declaration of permissions"
    body = {"requiredResourceAccess": _to_graph(step.permissions)}
    settle(lambda: graph.patch(path, body, action="declare the permissions"), what=what, young=young)
    await_visible(lambda: _declared(graph, path) == step.permissions, what=what)


def _declared(graph: GraphClient, path: str) -> frozenset[Permission]:
    body = graph.get(path, {"$select": _FIELDS}, action="read the declared permissions")
    return permissions_from_graph(body.get("requiredResourceAccess"))


def _resolve(catalog: Catalog, wanted: ResourcePermissions) -> t.Iterator[Permission]:
    resource = catalog.resources.get(wanted.resource_app_id)
    if resource is None:
        raise InputError(
            f"The API {wanted.resource_app_id} has no service principal in this tenant.",
            next_step="Check resource_app_id, and that the tenant has the service.",
            code="UnknownResource",
        )
    if not resource.enabled:
        raise InputError(
            f"{resource.display_name} ({resource.app_id}) is disabled in this tenant: nobody gets a token for it.",
            next_step="An administrator of the tenant enables it in the Entra admin centre, Enterprise applications, "
            "Properties, 'Enabled for users to sign-in'; or the subscription is renewed.",
            code="ResourceDisabled",
        )
    yield from (resource.permission("Role", name) for name in wanted.application)
    yield from (resource.permission("Scope", name) for name in wanted.delegated)


def _check_limits(target: frozenset[Permission]) -> None:
    resources = len({permission.resource_app_id for permission in target})
    if resources > _MAX_RESOURCES or len(target) > _MAX_PERMISSIONS:
        raise InputError(
            f"An application can declare {_MAX_PERMISSIONS} permissions of {_MAX_RESOURCES} APIs at most; "
            f"asked for are {len(target)} of {resources}."
        )


def _names(catalog: Catalog, permissions: t.Iterable[Permission]) -> tuple[str, ...]:
    return tuple(f"{view['name']} ({view['type']})" for view in catalog.views(permissions))


def read_declaration(graph: GraphClient, resources: t.Sequence[ResourcePermissions]) -> Declaration:
    """What a new application declares. Raises InputError for an unknown API or name."""
    catalog = read_catalog(graph, (entry.resource_app_id for entry in resources))
    permissions = resolve(catalog, resources)
    return Declaration(tuple(_to_graph(permissions)), _names(catalog, permissions))


def _to_graph(permissions: t.Iterable[Permission]) -> list[Json]:
    grouped = itertools.groupby(sorted(permissions), key=lambda permission: permission.resource_app_id)
    return [
        {"resourceAppId": app_id, "resourceAccess": [{"id": entry.id, "type": entry.kind} for entry in entries]}
        for app_id, entries in grouped
    ]


def run(call: Call) -> Outcome:
    graph = call.tenant().graph
    desired = Desired(declaration(call.params["permissions"]), call.params["exact"])
    unique_name, client_id = call.params["unique_name"], call.params["client_id"]
    graph.read_ahead([*located_reads(unique_name, client_id)[:1], *map(resource_read, desired.resource_app_ids)])
    actual = read(graph, unique_name, desired, client_id)
    change = plan(actual, desired)
    if not call.check_mode:
        require(actual.id, unique_name)
        apply(graph, actual, change)
    return Outcome(dict(change.after), change)
