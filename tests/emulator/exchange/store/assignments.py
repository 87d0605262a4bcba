# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of role assignments to applications, and whom a scope holds."""

from __future__ import annotations

from emulator.exchange.store import recipients, scopes
from emulator.exchange.store.conflicts import ExchangeConflict, Reason
from emulator.exchange.store.model import (
    EVERYBODY,
    GROUPS,
    MAILBOXES,
    Pointer,
    RoleAssignment,
    Rules,
    Scope,
    ScopeKind,
)
from emulator.exchange.store.organisation import Organisation
from emulator.graph.store.ids import RANDOM

PREFIX = "Application "
# learn.microsoft.com/exchange/permissions-exo/application-rbac, "Supported application roles", without the prefix.
PERMISSIONS = (
    "Mail.Read",
    "Mail.ReadBasic",
    "Mail.ReadWrite",
    "Mail.Send",
    "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
    "Calendars.Read",
    "Calendars.ReadWrite",
    "Contacts.Read",
    "Contacts.ReadWrite",
    "Mail Full Access",
    "Exchange Full Access",
    "EWS.AccessAsApp",
)
ROLES = tuple(f"{PREFIX}{permission}" for permission in PERMISSIONS)


def create(org: Organisation, role: str, pointer: Pointer, scope: Scope, name: str = "") -> RoleAssignment:
    org.require_customised()
    known_role = find_role(role)
    name = name or _free_name(org.rules, f"{known_role}-{pointer.object_id}")
    recipients.require_short(name, "Name")
    if find(org.rules, name) is not None:
        raise ExchangeConflict(Reason.ASSIGNMENT_EXISTS, name)
    assignment = RoleAssignment(name, RANDOM.object_id(), known_role, pointer.app_id, scope, org.clock.now())
    org.change(org.rules.with_assignment(assignment))
    return assignment


def find_role(name: str) -> str:
    role = next((role for role in ROLES if role.casefold() == name.casefold()), None)
    if role is None:
        raise ExchangeConflict(Reason.NO_SUCH_ROLE, name)
    return role


def _free_name(rules: Rules, wanted: str) -> str:
    short, number = wanted[: recipients.LONGEST_NAME - 4], 0
    name = short
    while find(rules, name) is not None:
        number += 1
        name = f"{short}-{number}"
    return name


def find(rules: Rules, identity: str) -> RoleAssignment | None:
    wanted = identity.casefold()
    return next((item for item in rules.assignments.values() if wanted in (item.name.casefold(), item.guid)), None)


def require(rules: Rules, identity: str) -> RoleAssignment:
    assignment = find(rules, identity)
    if assignment is None:
        raise ExchangeConflict(Reason.NOT_FOUND, identity)
    return assignment


def remove(org: Organisation, assignment: RoleAssignment) -> None:
    org.change(org.rules.without_assignment(assignment.name))


def custom_scope(rules: Rules, identity: str) -> Scope:
    return Scope(ScopeKind.CUSTOM, scopes.require(rules, identity).name)


def group_scope(rules: Rules, identity: str) -> Scope:
    return Scope(ScopeKind.GROUP, recipients.require(rules, identity, GROUPS).guid)


def user_scope(rules: Rules, identity: str) -> Scope:
    return Scope(ScopeKind.USER, recipients.require(rules, identity, MAILBOXES).guid)


def holds(rules: Rules, scope: Scope, mailbox: str) -> bool:
    """Members of groups inside the group do not count (application-rbac)."""
    if scope == EVERYBODY:
        return True
    if scope.kind is ScopeKind.USER:
        return scope.value == mailbox
    if scope.kind is ScopeKind.GROUP:
        return mailbox in rules.direct_members(scope.value)
    custom = rules.scopes.get(scope.value)
    return custom is not None and mailbox in rules.direct_members(custom.group_guid)
