# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of Microsoft Graph v1.0, and of beta where it says so: what each needs, what it addresses, what it costs."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from emulator.call import Answer, Call
from emulator.graph import errors, keys, rights
from emulator.graph.handlers import (
    app_policies,
    applications,
    audits,
    batch,
    calendars,
    delegated_admin,
    deleted_items,
    directory_roles,
    exchange_roles,
    federated,
    messages,
    oauth_grants,
    owners,
    passwords,
    properties,
    reports,
    role_assignments,
    service_principals,
    tenant,
)
from emulator.graph.store.records import Kind
from emulator.service import Handler, Route, RouteTable


@dataclass(frozen=True, slots=True)
class Traits:
    right: rights.Right | None
    target: keys.Target | None = None
    cost: int = 1
    #: What the body may be, as the content type says.
    formats: tuple[str, ...] = ("json",)


_APP, _SP, _GONE = keys.APPLICATION, keys.SERVICE_PRINCIPAL, keys.DELETED_ITEM
_APP_POLICY = keys.APP_POLICY
_APP_POLICIES = "/policies/appManagementPolicies"
_GRANT = keys.OAUTH_GRANT
_DIRECTORY_ROLE = keys.DIRECTORY_ROLE
_DIRECTORY_ROLES = "/roleManagement/directory/roleAssignments"
_BETA = "/beta/roleManagement/exchange"
_READ_ROLES, _WRITE_ROLES = Traits(rights.READ_EXCHANGE_ROLES), Traits(rights.WRITE_EXCHANGE_ROLES)
_SP_GRANTS = ("appRoleAssignments", "appRoleAssignedTo")
_CASTS = ("microsoft.graph.", "graph.")


def only_selected(handler: Handler) -> Handler:
    """Of beta's objects only what is named: v1.0 has it too, and nobody here knows all that beta has besides."""

    def read(call: Call) -> Answer | Awaitable[Answer]:
        if not call.query.get("$select"):
            raise errors.not_emulated("object of beta without $select")
        return handler(call)

    return read


def no_delta(_call: Call) -> Answer:
    raise errors.not_emulated("delta query")


def _owner_routes(
    collection: str, read: rights.Right, write: rights.Right, target: keys.Target
) -> tuple[Route, Route, Route]:
    path = f"/{collection}/{{key}}/owners"
    return (
        Route("GET", path, owners.list_owners, Traits(read, target)),
        Route("POST", f"{path}/$ref", owners.add_owner, Traits(write, target)),
        Route("DELETE", f"{path}/{{owner}}/$ref", owners.remove_owner, Traits(write, target)),
    )


# Costs in resource units: learn.microsoft.com/graph/throttling-limits, identity and access.
_ROUTES: tuple[Route, ...] = (
    Route("POST", "/$batch", batch.run, Traits(None)),
    Route("POST", "/beta/$batch", batch.run, Traits(None)),
    Route("GET", "/organization", tenant.organization, Traits(rights.READ_ORGANIZATION)),
    Route("GET", "/policies/defaultAppManagementPolicy", tenant.app_management_policy, Traits(rights.READ_POLICY)),
    Route("GET", _APP_POLICIES, app_policies.list_all, Traits(rights.READ_POLICY)),
    Route("POST", _APP_POLICIES, app_policies.create, Traits(rights.WRITE_POLICY)),
    Route("GET", f"{_APP_POLICIES}/{{key}}", app_policies.read, Traits(rights.READ_POLICY, _APP_POLICY)),
    Route("PATCH", f"{_APP_POLICIES}/{{key}}", app_policies.update, Traits(rights.WRITE_POLICY, _APP_POLICY)),
    Route("DELETE", f"{_APP_POLICIES}/{{key}}", app_policies.delete, Traits(rights.WRITE_POLICY, _APP_POLICY)),
    *(
        Route(method, f"/{collection}/{{key}}/appManagementPolicies{path}", handler, Traits(right, target))
        for collection, target in (("applications", _APP), ("servicePrincipals", _SP))
        for method, path, handler, right in (
            ("GET", "", app_policies.list_assigned, rights.READ_ASSIGNED_POLICY),
            ("POST", "/$ref", app_policies.assign, rights.WRITE_ASSIGNED_POLICY),
            ("DELETE", "/{policy}/$ref", app_policies.take_away, rights.WRITE_ASSIGNED_POLICY),
        )
    ),
    Route("GET", "/users", tenant.list_users, Traits(rights.READ_USERS, cost=2)),
    Route("GET", "/users/$count", tenant.count_users, Traits(rights.READ_USERS, cost=2)),
    Route("GET", "/users/{key}", tenant.read_user, Traits(rights.READ_USERS, cost=2)),
    # Access to mailboxes is more than the roles in the token: the handlers decide.
    Route("POST", "/users/{key}/sendMail", messages.send_mail, Traits(None, formats=("json", messages.MIME))),
    Route("GET", "/users/{key}/calendars", calendars.list_all, Traits(None)),
    Route("POST", "/users/{key}/calendar/getSchedule", calendars.get_schedule, Traits(None)),
    Route("POST", "/users/{key}/calendars/{calendar}/getSchedule", calendars.get_schedule, Traits(None)),
    *(
        Route(method, f"/users/{{key}}{calendar}{path}", handler, Traits(None))
        for calendar in ("", "/calendar", "/calendars/{calendar}")
        for method, path, handler in (
            ("GET", "/calendarView/delta", no_delta),
            ("GET", "/events/delta", no_delta),
            ("GET", "/calendarView", calendars.calendar_view),
            ("GET", "/events", calendars.list_events),
            ("POST", "/events", calendars.create_event),
            ("GET", "/events/{event}", calendars.read_event),
            ("PATCH", "/events/{event}", calendars.update_event),
            ("DELETE", "/events/{event}", calendars.delete_event),
            *([("GET", "", calendars.read)] if calendar else []),
        )
    ),
    Route("GET", _DIRECTORY_ROLES, directory_roles.list_all, Traits(rights.READ_DIRECTORY_ROLES)),
    Route("POST", _DIRECTORY_ROLES, directory_roles.create, Traits(rights.WRITE_DIRECTORY_ROLES)),
    Route(
        "GET", f"{_DIRECTORY_ROLES}/{{key}}", directory_roles.read, Traits(rights.READ_DIRECTORY_ROLES, _DIRECTORY_ROLE)
    ),
    Route(
        "DELETE",
        f"{_DIRECTORY_ROLES}/{{key}}",
        directory_roles.delete,
        Traits(rights.WRITE_DIRECTORY_ROLES, _DIRECTORY_ROLE),
    ),
    Route(
        "GET",
        "/beta/reports/appCredentialSignInActivities",
        reports.credential_sign_ins,
        Traits(rights.READ_REPORTS),
    ),
    Route(
        "GET",
        "/beta/reports/servicePrincipalSignInActivities",
        reports.principal_sign_ins,
        Traits(rights.READ_REPORTS),
    ),
    Route("GET", "/auditLogs/directoryAudits", audits.list_all, Traits(rights.READ_AUDITS)),
    Route(
        "GET",
        "/tenantRelationships/delegatedAdminRelationships",
        delegated_admin.relationships,
        Traits(rights.READ_DELEGATED_ADMIN),
    ),
    Route(
        "GET",
        "/tenantRelationships/delegatedAdminCustomers",
        delegated_admin.customers,
        Traits(rights.READ_DELEGATED_ADMIN),
    ),
    Route("GET", f"{_BETA}/roleDefinitions", exchange_roles.list_roles, _READ_ROLES),
    Route("GET", f"{_BETA}/roleDefinitions/{{key}}", exchange_roles.read_role, _READ_ROLES),
    Route("GET", f"{_BETA}/roleAssignments", exchange_roles.list_assignments, _READ_ROLES),
    Route("POST", f"{_BETA}/roleAssignments", exchange_roles.create_assignment, _WRITE_ROLES),
    Route("GET", f"{_BETA}/roleAssignments/{{key}}", exchange_roles.read_assignment, _READ_ROLES),
    Route("DELETE", f"{_BETA}/roleAssignments/{{key}}", exchange_roles.delete_assignment, _WRITE_ROLES),
    Route("GET", f"{_BETA}/customAppScopes", exchange_roles.list_scopes, _READ_ROLES),
    Route("POST", f"{_BETA}/customAppScopes", exchange_roles.create_scope, _WRITE_ROLES),
    Route("GET", f"{_BETA}/customAppScopes/{{key}}", exchange_roles.read_scope, _READ_ROLES),
    Route("DELETE", f"{_BETA}/customAppScopes/{{key}}", exchange_roles.delete_scope, _WRITE_ROLES),
    Route("GET", "/beta/applications/{key}", only_selected(applications.read), Traits(rights.READ_APPLICATION, _APP)),
    Route(
        "GET",
        "/beta/servicePrincipals/{key}",
        only_selected(service_principals.read),
        Traits(rights.READ_SERVICE_PRINCIPAL, _SP),
    ),
    *(
        Route("GET", f"/{collection}/delta", no_delta, Traits(None))
        for collection in ("applications", "servicePrincipals", "users")
    ),
    *(
        Route("GET", f"/{collection}/{{key}}/{name}", properties.of(collection, name), Traits(right, target))
        for collection, name, right, target in (
            ("applications", "appRoles", rights.READ_APPLICATION, _APP),
            ("servicePrincipals", "appRoles", rights.READ_SERVICE_PRINCIPAL, _SP),
            ("servicePrincipals", "oauth2PermissionScopes", rights.READ_SERVICE_PRINCIPAL, _SP),
        )
    ),
    Route(
        "GET", "/servicePrincipals/{key}/ownedObjects", owners.list_owned, Traits(rights.READ_SERVICE_PRINCIPAL, _SP)
    ),
    Route(
        "GET",
        "/servicePrincipals/{key}/oauth2PermissionGrants",
        oauth_grants.list_of_client,
        Traits(rights.READ_SCOPES, _SP, cost=2),
    ),
    Route("GET", "/applications", applications.list_all, Traits(rights.LIST_APPLICATIONS, cost=2)),
    Route("POST", "/applications", applications.create, Traits(rights.WRITE_APPLICATION)),
    Route("GET", "/applications/$count", applications.count, Traits(rights.LIST_APPLICATIONS, cost=2)),
    Route("GET", "/applications/{key}", applications.read, Traits(rights.READ_APPLICATION, _APP, cost=2)),
    Route("PATCH", "/applications/{key}", applications.update, Traits(rights.WRITE_APPLICATION, _APP)),
    Route("DELETE", "/applications/{key}", applications.delete, Traits(rights.WRITE_APPLICATION, _APP)),
    Route("POST", "/applications/{key}/addPassword", passwords.add, Traits(rights.WRITE_APPLICATION, _APP)),
    Route("POST", "/applications/{key}/removePassword", passwords.remove, Traits(rights.WRITE_APPLICATION, _APP)),
    *_owner_routes("applications", rights.READ_APPLICATION, rights.WRITE_APPLICATION, _APP),
    *(
        Route(method, f"/applications/{{key}}/federatedIdentityCredentials{path}", handler, Traits(right, _APP))
        for method, path, handler, right in (
            ("GET", "", federated.list_all, rights.READ_APPLICATION),
            ("POST", "", federated.create, rights.WRITE_APPLICATION),
            ("GET", "/{credential}", federated.read, rights.READ_APPLICATION),
            ("PATCH", "/{credential}", federated.update, rights.WRITE_APPLICATION),
            ("DELETE", "/{credential}", federated.delete, rights.WRITE_APPLICATION),
        )
    ),
    Route("GET", "/servicePrincipals", service_principals.list_all, Traits(rights.LIST_SERVICE_PRINCIPALS)),
    Route("POST", "/servicePrincipals", service_principals.create, Traits(rights.WRITE_SERVICE_PRINCIPAL)),
    Route("GET", "/servicePrincipals/$count", service_principals.count, Traits(rights.LIST_SERVICE_PRINCIPALS)),
    Route("GET", "/servicePrincipals/{key}", service_principals.read, Traits(rights.READ_SERVICE_PRINCIPAL, _SP)),
    Route("PATCH", "/servicePrincipals/{key}", service_principals.update, Traits(rights.WRITE_SERVICE_PRINCIPAL, _SP)),
    Route("DELETE", "/servicePrincipals/{key}", service_principals.delete, Traits(rights.WRITE_SERVICE_PRINCIPAL, _SP)),
    Route("POST", "/servicePrincipals/{key}/addPassword", passwords.add, Traits(rights.WRITE_SERVICE_PRINCIPAL, _SP)),
    Route(
        "POST", "/servicePrincipals/{key}/removePassword", passwords.remove, Traits(rights.WRITE_SERVICE_PRINCIPAL, _SP)
    ),
    *_owner_routes("servicePrincipals", rights.READ_SERVICE_PRINCIPAL, rights.WRITE_SERVICE_PRINCIPAL, _SP),
    *(
        route
        for name in _SP_GRANTS
        for route in (
            Route(
                "GET",
                f"/servicePrincipals/{{key}}/{name}",
                role_assignments.list_all,
                Traits(rights.READ_ROLE_ASSIGNMENTS, _SP, cost=2),
            ),
            Route(
                "POST",
                f"/servicePrincipals/{{key}}/{name}",
                role_assignments.create,
                Traits(rights.WRITE_ROLE_ASSIGNMENTS, _SP),
            ),
            Route(
                "GET",
                f"/servicePrincipals/{{key}}/{name}/{{assignment}}",
                role_assignments.read,
                Traits(rights.READ_ROLE_ASSIGNMENTS, _SP),
            ),
            Route(
                "DELETE",
                f"/servicePrincipals/{{key}}/{name}/{{assignment}}",
                role_assignments.delete,
                Traits(rights.WRITE_ROLE_ASSIGNMENTS, _SP),
            ),
        )
    ),
    Route("GET", "/oauth2PermissionGrants", oauth_grants.list_all, Traits(rights.READ_SCOPES, cost=2)),
    Route("POST", "/oauth2PermissionGrants", oauth_grants.create, Traits(rights.WRITE_SCOPES)),
    Route("GET", "/oauth2PermissionGrants/{key}", oauth_grants.read, Traits(rights.READ_SCOPES, _GRANT, cost=2)),
    Route("PATCH", "/oauth2PermissionGrants/{key}", oauth_grants.update, Traits(rights.WRITE_SCOPES, _GRANT)),
    Route("DELETE", "/oauth2PermissionGrants/{key}", oauth_grants.delete, Traits(rights.WRITE_SCOPES, _GRANT)),
    *(
        Route(
            "GET",
            f"/directory/deletedItems/{cast}{kind.value}",
            deleted_items.list_of(kind),
            Traits(rights.LIST_DELETED),
        )
        for cast in _CASTS
        for kind in (Kind.APPLICATION, Kind.SERVICE_PRINCIPAL)
    ),
    Route("GET", "/directory/deletedItems/{key}", deleted_items.read, Traits(rights.READ_DELETED, _GONE)),
    Route("POST", "/directory/deletedItems/{key}/restore", deleted_items.restore, Traits(rights.WRITE_DELETED, _GONE)),
    Route("DELETE", "/directory/deletedItems/{key}", deleted_items.purge, Traits(rights.WRITE_DELETED, _GONE)),
)

ROUTES = RouteTable(_ROUTES)
