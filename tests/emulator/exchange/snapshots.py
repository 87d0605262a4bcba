# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The true state of an organisation, by names that people know."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.call import Body
from emulator.clock import stamp
from emulator.exchange.store import access_policies
from emulator.exchange.store.model import AccessPolicy, Recipient, RoleAssignment, Rules, ScopeKind
from emulator.exchange.store.organisation import Organisation


def snapshot_of(org: Organisation) -> Body:
    rules = org.rules
    return {
        "dehydrated": org.dehydrated,
        "language": org.language,
        "refusals": org.refusals,
        "recipients": [_recipient(rules, recipient) for recipient in rules.recipients.values()],
        "policies": [_policy(org, policy) for policy in rules.policies],
        "pointers": [
            {"app_id": item.app_id, "object_id": item.object_id, "display_name": item.display_name}
            for item in rules.pointers.values()
        ],
        "scopes": [
            {
                "name": item.name,
                "recipient_filter": item.recipient_filter,
                "group": _address(rules, item.group_guid),
                "members": _addresses(rules, rules.direct_members(item.group_guid)),
            }
            for item in rules.scopes.values()
        ],
        "assignments": [_assignment(rules, assignment) for assignment in rules.assignments.values()],
        "sent": list(org.sent),
    }


def _recipient(rules: Rules, recipient: Recipient) -> Body:
    body: Body = {
        "guid": recipient.guid,
        "external_directory_object_id": recipient.external_directory_object_id,
        "name": recipient.name,
        "display_name": recipient.display_name,
        "alias": recipient.alias,
        "address": recipient.primary_smtp_address,
        "details": recipient.details,
        "created": stamp(recipient.created),
    }
    if recipient.is_group:
        body |= {"notes": recipient.notes, "members": _addresses(rules, recipient.members), **recipient.settings}
    return body


def _policy(org: Organisation, policy: AccessPolicy) -> Body:
    return {
        "identity": access_policies.identity(org, policy),
        "app_id": policy.app_id,
        "scope": _address(org.rules, policy.scope_guid),
        "access_right": policy.access_right,
        "description": policy.description,
    }


def _assignment(rules: Rules, assignment: RoleAssignment) -> Body:
    scope = assignment.scope
    by_guid = scope.kind in (ScopeKind.GROUP, ScopeKind.USER)
    return {
        "name": assignment.name,
        "guid": assignment.guid,
        "role": assignment.role,
        "app_id": assignment.pointer_app_id,
        "scope_kind": scope.kind,
        "scope": _address(rules, scope.value) if by_guid else scope.value or None,
    }


def _addresses(rules: Rules, guids: Iterable[str]) -> list[str]:
    """Sorted: nobody promises an order of members."""
    return sorted(address for guid in guids if (address := _address(rules, guid)))


def _address(rules: Rules, guid: str) -> str | None:
    recipient = rules.recipients.get(guid)
    return recipient.primary_smtp_address if recipient is not None else None
