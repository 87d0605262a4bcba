# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ForbiddenError, GraphError
from ansible_collections.totalview.exchange365.plugins.module_utils._graph.client import GraphClient, Json, odata_string
from ansible_collections.totalview.exchange365.plugins.module_utils._graph.replication import (
    await_visible,
    is_young,
    settle,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._permission import ResourcePermissions, resolve
from ansible_collections.totalview.exchange365.plugins.module_utils._permission_names import (
    Catalog,
    Permission,
    permissions_from_graph,
    read_catalog,
    with_resources,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._registration.read import (
    find_by_unique_name,
    find_service_principal,
)

#: learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto and oauth2permissiongrant-post
GRANT_ROLES = "AppRoleAssignment.ReadWrite.All"
GRANT_SCOPES = "DelegatedPermissionGrant.ReadWrite.All"
_ALREADY_GRANTED = "Permission being assigned already exists"


@dataclass(frozen=True)
class Assignment:
    """An appRoleAssignment of our service principal."""

    id: str
    resource_id: str
    app_role_id: str


@dataclass(frozen=True)
class DelegatedGrant:
    """An oauth2PermissionGrant; `principal_id` None means for all users (consentType AllPrincipals)."""

    id: str
    resource_id: str
    principal_id: str | None
    scopes: frozenset[str]


@dataclass(frozen=True)
class Actual:
    """`delegated`: None where the caller may not read it. `principal_id`: None while there is no registration."""

    catalog: Catalog
    declared: frozenset[Permission] = frozenset()
    assignments: tuple[Assignment, ...] = ()
    delegated: tuple[DelegatedGrant, ...] | None = ()
    principal_id: str | None = None
    app_id: str | None = None
    young: bool = False


@dataclass(frozen=True)
class GrantRole:
    permission: Permission
    resource_id: str
    name: str

    right = GRANT_ROLES

    def describe(self) -> str:
        return f"grant {self.name} (application)"


@dataclass(frozen=True)
class RevokeRole:
    assignment: Assignment
    name: str

    right = GRANT_ROLES

    def describe(self) -> str:
        return f"revoke {self.name} (application)"


@dataclass(frozen=True)
class SetScopes:
    """Makes, replaces or (with no scopes) deletes one delegated grant."""

    resource_id: str
    scopes: frozenset[str]
    before: frozenset[str] = frozenset()
    id: str | None = None

    right = GRANT_SCOPES

    def describe(self) -> str:
        granted, revoked = sorted(self.scopes - self.before), sorted(self.before - self.scopes)
        parts = [f"grant {', '.join(granted)} (delegated)"] if granted else []
        return "; ".join(parts + ([f"revoke {', '.join(revoked)} (delegated)"] if revoked else []))


Step: t.TypeAlias = "GrantRole | RevokeRole | SetScopes"


@dataclass(frozen=True)
class Consent:
    """The plan: what this caller writes, and what somebody with more rights must do."""

    change: Change[Step]
    waiting: tuple[Step, ...] = field(default=())

    @property
    def state(self) -> str:
        return "waiting_for_consent" if self.waiting else "granted"


# --- read


def read(graph: GraphClient, unique_name: str, wanted: tuple[ResourcePermissions, ...] | None) -> Actual:
    """`wanted`: the declaration by names; None means what the application declares now."""
    body = find_by_unique_name(graph, unique_name, "id,appId,createdDateTime,requiredResourceAccess")
    catalog, declared = _declaration(graph, body, wanted)
    if body is None:
        return Actual(catalog, declared)
    young = is_young(body.get("createdDateTime"), graph.now)
    actual = Actual(catalog, declared, app_id=body["appId"], young=young)
    principal = find_service_principal(graph, body["appId"])
    return actual if principal is None else _with_grants(graph, replace(actual, principal_id=principal.id))


def _declaration(
    graph: GraphClient, body: Json | None, wanted: tuple[ResourcePermissions, ...] | None
) -> tuple[Catalog, frozenset[Permission]]:
    if wanted is not None:
        catalog = read_catalog(graph, (entry.resource_app_id for entry in wanted))
        return catalog, resolve(catalog, wanted)
    declared = permissions_from_graph((body or {}).get("requiredResourceAccess", ()))
    return read_catalog(graph, (entry.resource_app_id for entry in declared)), declared


def _with_grants(graph: GraphClient, actual: Actual) -> Actual:
    assignments = _assignments(graph, t.cast(str, actual.principal_id))
    delegated = _delegated(graph, t.cast(str, actual.principal_id))
    # What is granted and not declared will be revoked: the report needs the names of those APIs as well.
    catalog = with_resources(graph, actual.catalog, (assignment.resource_id for assignment in assignments))
    return replace(actual, catalog=catalog, assignments=assignments, delegated=delegated)


def _assignments(graph: GraphClient, principal_id: str) -> tuple[Assignment, ...]:
    rows = graph.list(f"/servicePrincipals/{principal_id}/appRoleAssignments", action="read the granted permissions")
    return tuple(Assignment(row["id"], row["resourceId"], row["appRoleId"]) for row in rows)


def _delegated(graph: GraphClient, principal_id: str) -> tuple[DelegatedGrant, ...] | None:
    query = {"$filter": f"clientId eq {odata_string(principal_id)}"}
    try:
        rows = graph.list("/oauth2PermissionGrants", query, action="read the delegated grants")
    except ForbiddenError:
        return None
    return tuple(
        DelegatedGrant(row["id"], row["resourceId"], row.get("principalId"), frozenset((row["scope"] or "").split()))
        for row in rows
    )


# --- plan


def plan(actual: Actual, rights: t.Collection[str]) -> Consent:
    """Exactly what is declared. `rights`: the Graph application permissions that the caller holds."""
    steps = (*_role_steps(actual), *_scope_steps(actual))
    mine = tuple(step for step in steps if step.right in rights)
    others = tuple(step for step in steps if step.right not in rights)
    before = {"permissions": _granted_views(actual)}
    after = {"permissions": _views_after(actual, mine)}
    return Consent(Change(before, after, mine), others)


def _role_steps(actual: Actual) -> t.Iterator[Step]:
    held = {(assignment.resource_id, assignment.app_role_id) for assignment in actual.assignments}
    wanted: set[tuple[str, str]] = set()
    for permission in sorted(actual.declared):
        resource = actual.catalog.resources.get(permission.resource_app_id)
        if permission.kind != "Role" or resource is None:
            continue
        wanted.add((resource.id, permission.id))
        if (resource.id, permission.id) not in held:
            yield GrantRole(permission, resource.id, resource.name(permission))
    for assignment in actual.assignments:
        if (assignment.resource_id, assignment.app_role_id) not in wanted:
            yield RevokeRole(assignment, _assignment_name(actual, assignment))


def _scope_steps(actual: Actual) -> t.Iterator[Step]:
    wanted = _wanted_scopes(actual)
    grants = actual.delegated or ()
    for grant in grants:
        declared = wanted.get(grant.resource_id, frozenset())
        # What a single user consented to is cut down to the declaration, never widened.
        target = declared if grant.principal_id is None else grant.scopes & declared
        if target != grant.scopes:
            yield SetScopes(grant.resource_id, target, grant.scopes, grant.id)
    for resource_id, scopes in sorted(wanted.items()):
        if not any(grant.resource_id == resource_id and grant.principal_id is None for grant in grants):
            yield SetScopes(resource_id, scopes)


def _wanted_scopes(actual: Actual) -> dict[str, frozenset[str]]:
    wanted: dict[str, frozenset[str]] = {}
    for permission in actual.declared:
        resource = actual.catalog.resources.get(permission.resource_app_id)
        if permission.kind == "Scope" and resource is not None:
            wanted[resource.id] = wanted.get(resource.id, frozenset()) | {resource.name(permission)}
    return wanted


def _assignment_name(actual: Actual, assignment: Assignment) -> str:
    for resource in actual.catalog.resources.values():
        if resource.id == assignment.resource_id:
            return resource.name(Permission(resource.app_id, "Role", assignment.app_role_id))
    return assignment.app_role_id


# --- what is shown


def _granted_views(actual: Actual) -> list[dict[str, t.Any]]:
    return _views_after(actual, ())


def _views_after(actual: Actual, done: t.Collection[Step]) -> list[dict[str, t.Any]]:
    """Each declared permission with its consent, and each grant that nobody declared."""
    open_steps = [step for step in (*_role_steps(actual), *_scope_steps(actual)) if step not in done]
    missing_roles = {step.permission for step in open_steps if isinstance(step, GrantRole)}
    missing_scopes = {
        (step.resource_id, scope)
        for step in open_steps
        if isinstance(step, SetScopes)
        for scope in step.scopes - step.before
    }
    views: list[dict[str, t.Any]] = []
    for permission in sorted(actual.declared):
        view = actual.catalog.view(permission)
        resource = actual.catalog.resources.get(permission.resource_app_id)
        lacks = resource is None or (
            permission in missing_roles if permission.kind == "Role" else (resource.id, view["name"]) in missing_scopes
        )
        views.append({**view, "declared": True, "granted": not lacks})
    extra = [step for step in open_steps if isinstance(step, RevokeRole)]
    views += [{"name": step.name, "type": "application", "declared": False, "granted": True} for step in extra]
    return views + [
        {"name": scope, "type": "delegated", "declared": False, "granted": True}
        for step in open_steps
        if isinstance(step, SetScopes)
        for scope in sorted(step.before - step.scopes)
    ]


# --- apply


def apply(graph: GraphClient, actual: Actual, consent: Consent) -> Consent:
    """Write the planned steps. A refusal for lack of rights moves the rest to `waiting`."""
    done: list[Step] = []
    refused: list[Step] = []
    for step in consent.change.steps:
        try:
            _settle(graph, actual, step)
        except ForbiddenError:
            refused.append(step)
        else:
            done.append(step)
    if done:
        await_visible(lambda: _is_done(graph, actual, done), what="The consent")
    after = {"permissions": _views_after(actual, done)}
    return Consent(Change(consent.change.before, after, tuple(done)), (*refused, *consent.waiting))


def _is_done(graph: GraphClient, actual: Actual, done: t.Collection[Step]) -> bool:
    latest = _with_grants(graph, actual)
    still_open = {step.describe() for step in (*_role_steps(latest), *_scope_steps(latest))}
    return not still_open & {step.describe() for step in done}


def _settle(graph: GraphClient, actual: Actual, step: Step) -> None:
    settle(lambda: _write(graph, actual, step), what=step.describe(), young=actual.young)


def _write(graph: GraphClient, actual: Actual, step: Step) -> None:
    match step:
        case GrantRole():
            _grant_role(graph, actual, step)
        case RevokeRole():
            path = f"/servicePrincipals/{actual.principal_id}/appRoleAssignments/{step.assignment.id}"
            graph.delete(path, action=step.describe())
        case SetScopes():
            _set_scopes(graph, actual, step)


def _grant_role(graph: GraphClient, actual: Actual, step: GrantRole) -> None:
    body: Json = {
        "principalId": actual.principal_id,
        "resourceId": step.resource_id,
        "appRoleId": step.permission.id,
    }
    try:
        graph.post(f"/servicePrincipals/{step.resource_id}/appRoleAssignedTo", body, action=step.describe())
    except GraphError as error:
        # Somebody granted it since our reading: what we wanted is so.
        if error.trace.status != 400 or _ALREADY_GRANTED not in error.message:
            raise


def _set_scopes(graph: GraphClient, actual: Actual, step: SetScopes) -> None:
    scope = " ".join(sorted(step.scopes))
    if step.id is None:
        body: Json = {
            "clientId": actual.principal_id,
            "consentType": "AllPrincipals",
            "resourceId": step.resource_id,
            "scope": scope,
        }
        graph.post("/oauth2PermissionGrants", body, action=step.describe())
    elif step.scopes:
        graph.patch(f"/oauth2PermissionGrants/{step.id}", {"scope": scope}, action=step.describe())
    else:
        graph.delete(f"/oauth2PermissionGrants/{step.id}", action=step.describe())
