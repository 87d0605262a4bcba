# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of Microsoft Graph v1.0: what each needs, what it addresses, what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.graph import keys, rights
from emulator.graph.handlers import (
    applications,
    batch,
    deleted_items,
    oauth_grants,
    owners,
    passwords,
    role_assignments,
    service_principals,
    tenant,
)
from emulator.graph.store.records import Kind
from emulator.service import Handler, Route


@dataclass(frozen=True, slots=True)
class Traits:
    right: rights.Right | None
    target: keys.Target | None = None
    cost: int = 1


def _route(
    method: str,
    template: str,
    handler: Handler,
    right: rights.Right | None,
    target: keys.Target | None = None,
    *,
    cost: int = 1,
) -> Route:
    return Route(method, template, handler, Traits(right, target, cost))


_APP, _SP, _GONE = keys.APPLICATION, keys.SERVICE_PRINCIPAL, keys.DELETED_ITEM
_GRANT = keys.OAUTH_GRANT
_SP_GRANTS = ("appRoleAssignments", "appRoleAssignedTo")
_CASTS = ("microsoft.graph.", "graph.")

# Costs in resource units: learn.microsoft.com/graph/throttling-limits, identity and access.
ROUTES: tuple[Route, ...] = (
    _route("POST", "/$batch", batch.run, None),
    _route("GET", "/organization", tenant.organization, rights.READ_ORGANIZATION),
    _route("GET", "/policies/defaultAppManagementPolicy", tenant.app_management_policy, rights.READ_POLICY),
    _route("GET", "/users", tenant.list_users, rights.READ_USERS, cost=2),
    _route("GET", "/users/{key}", tenant.read_user, rights.READ_USERS, cost=2),
    _route("GET", "/applications", applications.list_all, rights.LIST_APPLICATIONS, cost=2),
    _route("POST", "/applications", applications.create, rights.WRITE_APPLICATION),
    _route("GET", "/applications/$count", applications.count, rights.LIST_APPLICATIONS, cost=2),
    _route("GET", "/applications/{key}", applications.read, rights.READ_APPLICATION, _APP, cost=2),
    _route("PATCH", "/applications/{key}", applications.update, rights.WRITE_APPLICATION, _APP),
    _route("DELETE", "/applications/{key}", applications.delete, rights.WRITE_APPLICATION, _APP),
    _route("POST", "/applications/{key}/addPassword", passwords.add, rights.WRITE_APPLICATION, _APP),
    _route("POST", "/applications/{key}/removePassword", passwords.remove, rights.WRITE_APPLICATION, _APP),
    _route("GET", "/applications/{key}/owners", owners.list_owners, rights.READ_APPLICATION, _APP),
    _route("POST", "/applications/{key}/owners/$ref", owners.add_owner, rights.WRITE_APPLICATION, _APP),
    _route("DELETE", "/applications/{key}/owners/{owner}/$ref", owners.remove_owner, rights.WRITE_APPLICATION, _APP),
    _route("GET", "/servicePrincipals", service_principals.list_all, rights.LIST_SERVICE_PRINCIPALS),
    _route("POST", "/servicePrincipals", service_principals.create, rights.WRITE_SERVICE_PRINCIPAL),
    _route("GET", "/servicePrincipals/$count", service_principals.count, rights.LIST_SERVICE_PRINCIPALS),
    _route("GET", "/servicePrincipals/{key}", service_principals.read, rights.READ_SERVICE_PRINCIPAL, _SP),
    _route("PATCH", "/servicePrincipals/{key}", service_principals.update, rights.WRITE_SERVICE_PRINCIPAL, _SP),
    _route("DELETE", "/servicePrincipals/{key}", service_principals.delete, rights.WRITE_SERVICE_PRINCIPAL, _SP),
    *(
        route
        for name in _SP_GRANTS
        for route in (
            _route(
                "GET",
                f"/servicePrincipals/{{key}}/{name}",
                role_assignments.list_all,
                rights.READ_ROLE_ASSIGNMENTS,
                _SP,
                cost=2,
            ),
            _route(
                "POST",
                f"/servicePrincipals/{{key}}/{name}",
                role_assignments.create,
                rights.WRITE_ROLE_ASSIGNMENTS,
                _SP,
            ),
            _route(
                "DELETE",
                f"/servicePrincipals/{{key}}/{name}/{{assignment}}",
                role_assignments.delete,
                rights.WRITE_ROLE_ASSIGNMENTS,
                _SP,
            ),
        )
    ),
    _route("GET", "/oauth2PermissionGrants", oauth_grants.list_all, rights.READ_SCOPES, cost=2),
    _route("POST", "/oauth2PermissionGrants", oauth_grants.create, rights.WRITE_SCOPES),
    _route("GET", "/oauth2PermissionGrants/{key}", oauth_grants.read, rights.READ_SCOPES, _GRANT, cost=2),
    _route("PATCH", "/oauth2PermissionGrants/{key}", oauth_grants.update, rights.WRITE_SCOPES, _GRANT),
    _route("DELETE", "/oauth2PermissionGrants/{key}", oauth_grants.delete, rights.WRITE_SCOPES, _GRANT),
    *(
        _route(
            "GET",
            f"/directory/deletedItems/{cast}{kind.value}",
            deleted_items.list_of(kind),
            rights.LIST_DELETED,
        )
        for cast in _CASTS
        for kind in (Kind.APPLICATION, Kind.SERVICE_PRINCIPAL)
    ),
    _route("GET", "/directory/deletedItems/{key}", deleted_items.read, rights.READ_DELETED, _GONE),
    _route("POST", "/directory/deletedItems/{key}/restore", deleted_items.restore, rights.WRITE_DELETED, _GONE),
    _route("DELETE", "/directory/deletedItems/{key}", deleted_items.purge, rights.WRITE_DELETED, _GONE),
)
