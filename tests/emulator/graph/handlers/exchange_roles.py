# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/beta/roleManagement/exchange`: RBAC for Applications through Graph, on the same rules as Exchange's cmdlets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from emulator.call import Answer, Body, Call
from emulator.exchange.store import assignments, recipients, scopes
from emulator.exchange.store.conflicts import ExchangeConflict, Reason
from emulator.exchange.store.model import (
    EVERYBODY,
    GROUPS,
    MAILBOXES,
    Details,
    ManagementScope,
    Pointer,
    RoleAssignment,
    Rules,
    Scope,
    ScopeKind,
)
from emulator.exchange.store.organisation import Organisation
from emulator.graph.bodies import read_body
from emulator.graph.errors import bad_request, not_found
from emulator.graph.handlers.context import no_content
from emulator.graph.odata.entities import CUSTOM_APP_SCOPE, EXCHANGE_ROLE, EXCHANGE_ROLE_ASSIGNMENT, Entity
from emulator.graph.odata.listing import created_answer, entity_answer, list_answer
from emulator.graph.store.ids import DerivedIds
from emulator.graph.store.records import settled

# pnp/cli-microsoft365 documents these three; the others here are made up.
KNOWN_IDS = {
    "Application Mail.Send": "8679f4ff-c91d-40d0-809c-c86d114821a5",
    "Application Calendars.Read": "a3123d4e-4256-4ad0-bef0-205a00807fae",
    "Application Calendars.ReadWrite": "b92761c0-5311-4908-92ca-2c1f8c71aa1c",
}
_DERIVED = DerivedIds("exchange", "roleDefinitions")
ROLE_IDS = {role: KNOWN_IDS.get(role) or _DERIVED.object_id(role) for role in assignments.ROLES}

_PRINCIPAL = re.compile(r"/ServicePrincipals/(?P<id>[0-9a-f-]{36})", re.IGNORECASE)
_DIRECTORY_SCOPE = re.compile(r"/(?P<collection>Groups|Users)/(?P<id>[0-9a-f-]{36})", re.IGNORECASE)

Bodies = Callable[[Rules], Iterable[Body]]


# --- reading -------------------------------------------------------------------------------------------------------


def _role_bodies(_rules: Rules) -> Iterable[Body]:
    for role, role_id in ROLE_IDS.items():
        permission = role.removeprefix(assignments.PREFIX)
        allowed = {"allowedResourceActions": [permission], "excludedResourceActions": [], "condition": None}
        yield {
            "id": role_id,
            "description": f"Lets an application use {permission}.",
            "displayName": role,
            "isEnabled": True,
            "version": "0.12 (14.0.451.0)",
            "isBuiltIn": True,
            "templateId": None,
            "allowedPrincipalTypes": "servicePrincipal",
            "rolePermissions": [allowed],
        }


def _assignment_bodies(rules: Rules) -> Iterable[Body]:
    return (_assignment_body(rules, assignment) for assignment in rules.assignments.values())


def _assignment_body(rules: Rules, assignment: RoleAssignment) -> Body:
    scope = assignment.scope
    custom = rules.scope(scope.value) if scope.kind is ScopeKind.CUSTOM else None
    return {
        "id": assignment.guid,
        "principalId": f"/ServicePrincipals/{rules.pointers[assignment.pointer_app_id].object_id}",
        "roleDefinitionId": ROLE_IDS[assignment.role],
        "directoryScopeId": None if custom else _directory_scope(rules, scope),
        "appScopeId": custom.guid if custom else None,
    }


def _directory_scope(rules: Rules, scope: Scope) -> str:
    recipient = rules.recipients.get(scope.value)
    if scope.kind is ScopeKind.ORGANIZATION or recipient is None:
        return "/"
    collection = "Groups" if scope.kind is ScopeKind.GROUP else "Users"
    return f"/{collection}/{recipient.external_directory_object_id}"


def _scope_bodies(rules: Rules) -> Iterable[Body]:
    return (_scope_body(scope) for scope in rules.scopes.values())


def _scope_body(scope: ManagementScope) -> Body:
    return {
        "id": scope.guid,
        "type": "RecipientScope",
        "displayName": scope.name,
        "customAttributes": {"Exclusive": False, "RecipientFilter": scope.recipient_filter},
    }


def _list_of(entity: Entity, bodies: Bodies) -> Callable[[Call], Answer]:
    return lambda call: list_answer(call, entity, settled(bodies(_organisation(call).rules)))


def _one_of(entity: Entity, bodies: Bodies) -> Callable[[Call], Answer]:
    def handler(call: Call) -> Answer:
        wanted = call.params["key"]
        for record in settled(bodies(_organisation(call).rules)):
            if record.id == wanted.lower():
                return entity_answer(call, entity, record.true)
        raise not_found(wanted)

    return handler


list_roles, read_role = _list_of(EXCHANGE_ROLE, _role_bodies), _one_of(EXCHANGE_ROLE, _role_bodies)
list_assignments = _list_of(EXCHANGE_ROLE_ASSIGNMENT, _assignment_bodies)
read_assignment = _one_of(EXCHANGE_ROLE_ASSIGNMENT, _assignment_bodies)
list_scopes, read_scope = _list_of(CUSTOM_APP_SCOPE, _scope_bodies), _one_of(CUSTOM_APP_SCOPE, _scope_bodies)


# --- writing -------------------------------------------------------------------------------------------------------


def create_assignment(call: Call) -> Answer:
    body = read_body(call, "exchangeRoleAssignment", required=("principalId", "roleDefinitionId"))
    org = _organisation(call)
    pointer, role, scope = _pointer(org.rules, body["principalId"]), _role(body), _wanted_scope(org.rules, body)
    assignment = assignments.create(org, role, pointer, scope)
    return created_answer(call, EXCHANGE_ROLE_ASSIGNMENT, _assignment_body(org.rules, assignment))


def delete_assignment(call: Call) -> Answer:
    org = _organisation(call)
    assignments.remove(org, assignments.require(org.rules, call.params["key"]))
    return no_content()


def create_scope(call: Call) -> Answer:
    body = read_body(call, "customAppScope", required=("type", "displayName", "customAttributes"))
    scope = scopes.create(_organisation(call), body["displayName"], body["customAttributes"]["RecipientFilter"])
    return created_answer(call, CUSTOM_APP_SCOPE, _scope_body(scope))


def delete_scope(call: Call) -> Answer:
    org = _organisation(call)
    scopes.remove(org, scopes.require(org.rules, call.params["key"]))
    return no_content()


def _organisation(call: Call) -> Organisation:
    assert call.tenant is not None
    if call.tenant.exchange is None:
        raise not_found(call.tenant.id)
    return call.tenant.exchange


def _pointer(rules: Rules, principal: str) -> Pointer:
    """Whether Exchange must know the service principal first is not documented: the stricter reading holds."""
    found = _PRINCIPAL.fullmatch(principal)
    if found is None:
        raise bad_request(f"Invalid value specified for property 'principalId': '{principal}'.")
    wanted = found["id"].lower()
    pointer = next((pointer for pointer in rules.pointers.values() if pointer.object_id == wanted), None)
    if pointer is None:
        raise not_found(wanted)
    return pointer


def _role(body: Body) -> str:
    wanted = body["roleDefinitionId"].lower()
    role = next((role for role, role_id in ROLE_IDS.items() if role_id == wanted), None)
    if role is None:
        raise not_found(wanted)
    return role


def _wanted_scope(rules: Rules, body: Body) -> Scope:
    directory_scope, app_scope = (str(body.get(name) or "") for name in ("directoryScopeId", "appScopeId"))
    if bool(directory_scope) == bool(app_scope):
        raise bad_request("Either appScopeId or directoryScopeId must be specified.")
    if app_scope:
        return assignments.custom_scope(rules, app_scope)
    if directory_scope == "/":
        return EVERYBODY
    found = _DIRECTORY_SCOPE.fullmatch(directory_scope)
    if found is None:
        raise bad_request(f"Invalid value specified for property 'directoryScopeId': '{directory_scope}'.")
    if found["collection"].lower() == "groups":
        return Scope(ScopeKind.GROUP, _by_entra_id(rules, found["id"], GROUPS))
    return Scope(ScopeKind.USER, _by_entra_id(rules, found["id"], MAILBOXES))


def _by_entra_id(rules: Rules, object_id: str, among: frozenset[Details]) -> str:
    """A plain security group of Entra is unknown to Exchange; whether Microsoft takes one is not documented."""
    recipient = recipients.require(rules, object_id, among)
    if recipient.external_directory_object_id.lower() != object_id.lower():
        raise ExchangeConflict(Reason.NOT_FOUND, object_id)
    return recipient.guid
