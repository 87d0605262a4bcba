# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of management scopes: each stands for the direct members of one group."""

from __future__ import annotations

import re
from dataclasses import replace

from emulator.exchange.store import recipients
from emulator.exchange.store.conflicts import ExchangeConflict, Reason
from emulator.exchange.store.model import GROUPS, ManagementScope, Rules, Scope, ScopeKind
from emulator.exchange.store.organisation import Organisation
from emulator.graph.store.ids import RANDOM

_FILTER = re.compile(r"\s*MemberOfGroup\s+-eq\s+'(?P<dn>(?:[^']|'')+)'\s*", re.IGNORECASE)


def create(org: Organisation, name: str, recipient_filter: str) -> ManagementScope:
    org.require_customised()
    recipients.require_short(name, "Name")
    _require_free(org.rules, name)
    group_guid = _filtered_group(org.rules, recipient_filter)
    scope = ManagementScope(name, RANDOM.object_id(), recipient_filter, group_guid, org.clock.now())
    org.change(org.rules.with_scope(scope))
    return scope


def change(org: Organisation, scope: ManagementScope, *, name: str | None, recipient_filter: str | None) -> None:
    """A scope that is renamed stays the one that its assignments name."""
    changed = scope
    if recipient_filter is not None:
        group_guid = _filtered_group(org.rules, recipient_filter)
        changed = replace(changed, recipient_filter=recipient_filter, group_guid=group_guid)
    if name is not None:
        recipients.require_short(name, "Name")
        _require_free(org.rules, name)
        changed = replace(changed, name=name)
    org.change(_replaced(org.rules, scope, changed))


def _replaced(rules: Rules, scope: ManagementScope, changed: ManagementScope) -> Rules:
    assignments = {
        key: replace(item, scope=replace(item.scope, value=changed.name)) if _uses(item.scope, scope) else item
        for key, item in rules.assignments.items()
    }
    return replace(rules.without_scope(scope.name).with_scope(changed), assignments=assignments)


def remove(org: Organisation, scope: ManagementScope) -> None:
    if any(_uses(assignment.scope, scope) for assignment in org.rules.assignments.values()):
        raise ExchangeConflict(Reason.SCOPE_IN_USE, scope.name)
    org.change(org.rules.without_scope(scope.name))


def require(rules: Rules, identity: str) -> ManagementScope:
    by_guid = (scope for scope in rules.scopes.values() if scope.guid == identity.lower())
    scope = rules.scope(identity) or next(by_guid, None)
    if scope is None:
        raise ExchangeConflict(Reason.NOT_FOUND, identity)
    return scope


def _uses(used: Scope, scope: ManagementScope) -> bool:
    return used.kind is ScopeKind.CUSTOM and used.value == scope.name


def _require_free(rules: Rules, name: str) -> None:
    if rules.scope(name) is not None:
        raise ExchangeConflict(Reason.SCOPE_EXISTS, name)


def _filtered_group(rules: Rules, recipient_filter: str) -> str:
    """Exchange takes many filters; applications need this one, so any other is a mistake here."""
    found = _FILTER.fullmatch(recipient_filter)
    if found is None:
        raise ExchangeConflict(Reason.BAD_FILTER, recipient_filter)
    wanted = found["dn"].replace("''", "'").casefold()
    group = recipients.require(rules, wanted, GROUPS)
    if group.distinguished_name.casefold() != wanted:
        raise ExchangeConflict(Reason.BAD_FILTER, recipient_filter)
    return group.guid
