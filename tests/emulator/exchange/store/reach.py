# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches which mailbox: what Entra grants, cut by access policies, plus what Exchange's own roles give.

Sources: learn.microsoft.com/exchange/permissions-exo/application-rbac (both add up; policies do not limit roles; a
group as scope means its direct members) and New-ApplicationAccessPolicy (Deny wins; any matching Restrict allows;
nested groups count).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from emulator.exchange.store.model import AccessPolicy, AccessRight, RoleAssignment, Rules, ScopeKind


class Permission(StrEnum):
    CALENDAR = "calendar"
    MAIL = "mail"
    CALENDAR_WRITING = "calendar writing"


#: What the reach record tells of: who writes to a calendar reads it too.
WATCHED = (Permission.CALENDAR, Permission.MAIL)


# What each takes: app roles of Graph, and management roles of Exchange.
APP_ROLES = {
    Permission.CALENDAR: frozenset({"Calendars.Read", "Calendars.ReadWrite"}),
    Permission.MAIL: frozenset({"Mail.Send"}),
    Permission.CALENDAR_WRITING: frozenset({"Calendars.ReadWrite"}),
}
MANAGEMENT_ROLES = {
    Permission.CALENDAR: frozenset(
        {"Application Calendars.Read", "Application Calendars.ReadWrite", "Application Exchange Full Access"}
    ),
    Permission.MAIL: frozenset(
        {"Application Mail.Send", "Application Mail Full Access", "Application Exchange Full Access"}
    ),
    Permission.CALENDAR_WRITING: frozenset({"Application Calendars.ReadWrite", "Application Exchange Full Access"}),
}


class Verdict(Enum):
    ALLOWED = auto()
    DENIED = auto()
    BLOCKED = auto()


@dataclass(frozen=True, slots=True)
class Access:
    """One application's way to all mailboxes; the sets hold guids of mailboxes, None is all of them."""

    granted: bool
    restricted: frozenset[str] | None
    denied: frozenset[str]
    assigned: bool
    scoped: frozenset[str] | None

    @property
    def exists(self) -> bool:
        """Whether there is any mailbox at all that it might reach."""
        return self.granted or self.assigned

    def verdict(self, mailbox: str) -> Verdict:
        if self.assigned and (self.scoped is None or mailbox in self.scoped):
            return Verdict.ALLOWED
        if not self.granted:
            return Verdict.DENIED
        allowed = self.restricted is None or mailbox in self.restricted
        return Verdict.ALLOWED if allowed and mailbox not in self.denied else Verdict.BLOCKED

    def reach(self, mailboxes: Iterable[str]) -> frozenset[str]:
        return frozenset(mailbox for mailbox in mailboxes if self.verdict(mailbox) is Verdict.ALLOWED)


def is_granted(permission: Permission, app_roles: Collection[str]) -> bool:
    return not APP_ROLES[permission].isdisjoint(app_roles)


def access_of(rules: Rules, app_id: str, permission: Permission, *, granted: bool) -> Access:
    """`granted`: by Entra."""
    policies = [policy for policy in rules.policies if policy.app_id.casefold() == app_id.casefold()]
    assignments = list(assignments_of(rules, app_id, permission))
    everywhere = any(assignment.scope.kind is ScopeKind.ORGANIZATION for assignment in assignments)
    restricting = [policy for policy in policies if policy.access_right is AccessRight.RESTRICT]
    return Access(
        granted=granted,
        restricted=_covered(rules, restricting) if restricting else None,
        denied=_covered(rules, (policy for policy in policies if policy.access_right is AccessRight.DENY)),
        assigned=bool(assignments),
        scoped=None if everywhere else frozenset().union(*(_scope(rules, item) for item in assignments)),
    )


def assignments_of(rules: Rules, app_id: str, permission: Permission) -> Iterable[RoleAssignment]:
    return (
        assignment
        for assignment in rules.assignments.values()
        if assignment.pointer_app_id.casefold() == app_id.casefold() and assignment.role in MANAGEMENT_ROLES[permission]
    )


def _covered(rules: Rules, policies: Iterable[AccessPolicy]) -> frozenset[str]:
    return frozenset().union(*(rules.all_members(policy.scope_guid) for policy in policies))


def _scope(rules: Rules, assignment: RoleAssignment) -> frozenset[str]:
    scope = assignment.scope
    if scope.kind is ScopeKind.USER:
        return frozenset({scope.value})
    if scope.kind is ScopeKind.GROUP:
        return rules.direct_members(scope.value)
    custom = rules.scope(scope.value)
    return rules.direct_members(custom.group_guid) if custom is not None else frozenset()
