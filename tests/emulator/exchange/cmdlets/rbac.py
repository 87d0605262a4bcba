# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RBAC for applications: pointers to service principals, management scopes and role assignments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from emulator.call import Body
from emulator.clock import stamp
from emulator.exchange.cmdlets.base import Cmdlet, Invocation, Type
from emulator.exchange.errors import ExchangeError
from emulator.exchange.store import assignments, pointers, recipients, scopes
from emulator.exchange.store.model import (
    EVERYBODY,
    MAILBOXES,
    ManagementScope,
    Pointer,
    RoleAssignment,
    Rules,
    Scope,
    ScopeKind,
)

APPLICATION = "ServicePrincipal"
ASSIGNEE_TYPES = ("User", "SecurityGroup", "RoleAssignmentPolicy", "RoleGroup", APPLICATION, "LinkedRoleGroup")

# What the roles of more than one permission hold (application-rbac, "Supported application roles").
MAIL = ("Mail.ReadWrite", "Mail.Send")
PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "Application Mail Full Access": MAIL,
    "Application Exchange Full Access": (
        *MAIL,
        "MailboxSettings.ReadWrite",
        "Calendars.ReadWrite",
        "Contacts.ReadWrite",
    ),
}


# --- pointers ------------------------------------------------------------------------------------------------------


def _pointer_body(invocation: Invocation, pointer: Pointer) -> Body:
    return {
        "Identity": pointer.object_id,
        "Name": pointer.object_id,
        "AppId": pointer.app_id,
        "ObjectId": pointer.object_id,
        "DisplayName": pointer.display_name,
        "Sid": recipients.sid(invocation.org.tenant_id, pointer.object_id),
        "WhenCreatedUTC": stamp(pointer.created),
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


def get_service_principal(invocation: Invocation) -> Iterable[Body]:
    rules = invocation.org.rules
    if invocation.has("Identity"):
        return [_pointer_body(invocation, pointers.require(rules, invocation.text("Identity")))]
    return [_pointer_body(invocation, pointer) for pointer in rules.pointers.values()]


def new_service_principal(invocation: Invocation) -> Iterable[Body]:
    ids = invocation.text("AppId"), invocation.text("ObjectId")
    return [_pointer_body(invocation, pointers.create(invocation.org, *ids, invocation.text("DisplayName")))]


def remove_service_principal(invocation: Invocation) -> Iterable[Body]:
    pointers.remove(invocation.org, pointers.require(invocation.org.rules, invocation.text("Identity")))
    return []


# --- scopes --------------------------------------------------------------------------------------------------------


def _scope_body(scope: ManagementScope) -> Body:
    return {
        "Identity": scope.name,
        "Name": scope.name,
        "Guid": scope.guid,
        "RecipientFilter": scope.recipient_filter,
        "RecipientRoot": None,
        "ScopeRestrictionType": "RecipientScope",
        "Exclusive": False,
        "WhenCreatedUTC": stamp(scope.created),
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


def get_management_scope(invocation: Invocation) -> Iterable[Body]:
    rules = invocation.org.rules
    if invocation.has("Identity"):
        return [_scope_body(scopes.require(rules, invocation.text("Identity")))]
    return [_scope_body(scope) for scope in rules.scopes.values()]


def new_management_scope(invocation: Invocation) -> Iterable[Body]:
    name, recipient_filter = invocation.text("Name"), invocation.text("RecipientRestrictionFilter")
    return [_scope_body(scopes.create(invocation.org, name, recipient_filter))]


def set_management_scope(invocation: Invocation) -> Iterable[Body]:
    scope = scopes.require(invocation.org.rules, invocation.text("Identity"))
    recipient_filter = invocation.optional("RecipientRestrictionFilter")
    scopes.change(invocation.org, scope, name=invocation.optional("Name"), recipient_filter=recipient_filter)
    return []


def remove_management_scope(invocation: Invocation) -> Iterable[Body]:
    scopes.remove(invocation.org, scopes.require(invocation.org.rules, invocation.text("Identity")))
    return []


# --- assignments ---------------------------------------------------------------------------------------------------


def _unknown_scope(_rules: Rules, identity: str) -> Scope:
    """There are no administrative units here."""
    raise ExchangeError("not_found", identity)


SCOPES: Mapping[str, Callable[[Rules, str], Scope]] = {
    "CustomResourceScope": assignments.custom_scope,
    "RecipientGroupScope": assignments.group_scope,
    "RecipientAdministrativeUnitScope": _unknown_scope,
}


def _assignment_body(invocation: Invocation, assignment: RoleAssignment) -> Body:
    rules = invocation.org.rules
    principal, scope = rules.pointers[assignment.pointer_app_id].object_id, assignment.scope
    group = rules.recipients.get(scope.value) if scope.kind is ScopeKind.GROUP else None
    return {
        "Identity": assignment.name,
        "Name": assignment.name,
        "Guid": assignment.guid,
        "Role": assignment.role,
        "RoleAssignee": principal,
        "RoleAssigneeName": principal,
        "RoleAssigneeType": APPLICATION,
        "App": principal,
        "AssignmentMethod": "Direct",
        "RecipientReadScope": ScopeKind.ORGANIZATION,
        "RecipientWriteScope": scope.kind,
        "CustomResourceScope": scope.value if scope.kind is ScopeKind.CUSTOM else None,
        "RecipientGroupScope": group.name if group is not None else None,
        "Enabled": True,
        "WhenCreatedUTC": stamp(assignment.created),
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


def get_management_role_assignment(invocation: Invocation) -> Iterable[Body]:
    return [_assignment_body(invocation, assignment) for assignment in _wanted_assignments(invocation)]


def _wanted_assignments(invocation: Invocation) -> list[RoleAssignment]:
    rules = invocation.org.rules
    if invocation.has("Identity"):
        return [assignments.require(rules, invocation.text("Identity"))]
    found = list(rules.assignments.values())
    if invocation.has("RoleAssigneeType") and _assignee_type(invocation) != APPLICATION:
        found = []
    if invocation.has("Role"):
        role = assignments.find_role(invocation.text("Role"))
        found = [assignment for assignment in found if assignment.role == role]
    if invocation.has("RoleAssignee"):
        app_id = pointers.require(rules, invocation.text("RoleAssignee")).app_id
        found = [assignment for assignment in found if assignment.pointer_app_id == app_id]
    return found


def _assignee_type(invocation: Invocation) -> str:
    known = {name.lower(): name for name in ASSIGNEE_TYPES}
    found = known.get(invocation.text("RoleAssigneeType").lower())
    if found is None:
        raise ExchangeError("bad_value", "RoleAssigneeType")
    return found


def new_management_role_assignment(invocation: Invocation) -> Iterable[Body]:
    org = invocation.org
    pointer = pointers.require(org.rules, invocation.text("App"))
    scope, name = _given_scope(invocation), invocation.text("Name")
    return [_assignment_body(invocation, assignments.create(org, invocation.text("Role"), pointer, scope, name))]


def _given_scope(invocation: Invocation) -> Scope:
    """None at all is everybody; one that is given empty must never be."""
    given = [name for name in SCOPES if invocation.has(name)]
    if len(given) > 1:
        raise ExchangeError("ambiguous_parameter_set")
    if not given:
        return EVERYBODY
    return SCOPES[given[0]](invocation.org.rules, invocation.text(given[0]))


def remove_management_role_assignment(invocation: Invocation) -> Iterable[Body]:
    assignments.remove(invocation.org, assignments.require(invocation.org.rules, invocation.text("Identity")))
    return []


# --- what comes of it ----------------------------------------------------------------------------------------------


def test_service_principal_authorization(invocation: Invocation) -> Iterable[Body]:
    """By the true rules, ahead of what mailboxes go by yet; knows nothing of grants in Entra."""
    rules = invocation.org.rules
    pointer = pointers.require(rules, invocation.text("Identity"))
    mailbox = None
    if invocation.has("Resource"):
        mailbox = recipients.require(rules, invocation.text("Resource"), MAILBOXES).guid
    own = [item for item in rules.assignments.values() if item.pointer_app_id == pointer.app_id]
    return [_authorization_body(rules, assignment, mailbox) for assignment in own]


def _authorization_body(rules: Rules, assignment: RoleAssignment, mailbox: str | None) -> Body:
    scope = assignment.scope
    recipient = rules.recipients.get(scope.value)
    in_scope = "Not Run" if mailbox is None else str(assignments.holds(rules, scope, mailbox))
    return {
        "RoleName": assignment.role,
        "GrantedPermissions": ", ".join(_permissions(assignment.role)),
        "AllowedResourceScope": recipient.name if recipient is not None else scope.value or "Not Restricted",
        "ScopeType": scope.kind,
        "InScope": in_scope,
    }


def _permissions(role: str) -> tuple[str, ...]:
    return PERMISSIONS.get(role, (role.removeprefix(assignments.PREFIX),))


IDENTITY = {"Identity": Type.TEXT}

CMDLETS = (
    Cmdlet("Get-ServicePrincipal", get_service_principal, IDENTITY),
    Cmdlet(
        "New-ServicePrincipal",
        new_service_principal,
        {"AppId": Type.GUID, "ObjectId": Type.GUID, "DisplayName": Type.TEXT},
        required=("AppId", "ObjectId"),
    ),
    Cmdlet("Remove-ServicePrincipal", remove_service_principal, IDENTITY, required=("Identity",), prompts=True),
    Cmdlet("Get-ManagementScope", get_management_scope, IDENTITY),
    Cmdlet(
        "New-ManagementScope",
        new_management_scope,
        {"Name": Type.TEXT, "RecipientRestrictionFilter": Type.TEXT},
        required=("Name", "RecipientRestrictionFilter"),
    ),
    Cmdlet(
        "Set-ManagementScope",
        set_management_scope,
        {"Identity": Type.TEXT, "Name": Type.TEXT, "RecipientRestrictionFilter": Type.TEXT},
        required=("Identity",),
    ),
    Cmdlet("Remove-ManagementScope", remove_management_scope, IDENTITY, required=("Identity",), prompts=True),
    Cmdlet(
        "Get-ManagementRoleAssignment",
        get_management_role_assignment,
        {"Identity": Type.TEXT, "RoleAssignee": Type.TEXT, "RoleAssigneeType": Type.TEXT, "Role": Type.TEXT},
    ),
    Cmdlet(
        "New-ManagementRoleAssignment",
        new_management_role_assignment,
        {"Name": Type.TEXT, "Role": Type.TEXT, "App": Type.TEXT, **dict.fromkeys(SCOPES, Type.TEXT)},
        required=("Role", "App"),
    ),
    Cmdlet(
        "Remove-ManagementRoleAssignment",
        remove_management_role_assignment,
        IDENTITY,
        required=("Identity",),
        prompts=True,
    ),
    Cmdlet(
        "Test-ServicePrincipalAuthorization",
        test_service_principal_authorization,
        {"Identity": Type.TEXT, "Resource": Type.TEXT},
        required=("Identity",),
    ),
)
