# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Exchange organisation holds, as immutable values; `Rules` is all that decides who reaches which mailbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any


class Details(StrEnum):
    """RecipientTypeDetails."""

    USER_MAILBOX = "UserMailbox"
    SHARED_MAILBOX = "SharedMailbox"
    ROOM_MAILBOX = "RoomMailbox"
    EQUIPMENT_MAILBOX = "EquipmentMailbox"
    SCHEDULING_MAILBOX = "SchedulingMailbox"
    DISCOVERY_MAILBOX = "DiscoveryMailbox"
    MAIL_USER = "MailUser"
    GUEST_MAIL_USER = "GuestMailUser"
    MAIL_CONTACT = "MailContact"
    USER = "User"
    #: Of a deleted mailbox, which holds its name and addresses until it is gone for good.
    SOFT_DELETED_MAILBOX = "SoftDeletedMailbox"
    SECURITY_GROUP = "MailUniversalSecurityGroup"
    DISTRIBUTION_GROUP = "MailUniversalDistributionGroup"
    MICROSOFT_365_GROUP = "GroupMailbox"
    ROOM_LIST = "RoomList"
    NON_UNIVERSAL_GROUP = "MailNonUniversalGroup"
    DYNAMIC_GROUP = "DynamicDistributionGroup"


MAILBOXES = frozenset(
    {
        Details.USER_MAILBOX,
        Details.SHARED_MAILBOX,
        Details.ROOM_MAILBOX,
        Details.EQUIPMENT_MAILBOX,
        Details.SCHEDULING_MAILBOX,
        Details.DISCOVERY_MAILBOX,
    }
)
#: Those whose members are listed (RecipientTypeDetails of Get-DistributionGroup).
DISTRIBUTION_GROUPS = frozenset(
    {Details.SECURITY_GROUP, Details.DISTRIBUTION_GROUP, Details.ROOM_LIST, Details.NON_UNIVERSAL_GROUP}
)
LIVING = frozenset(Details) - {Details.SOFT_DELETED_MAILBOX}
GROUPS = DISTRIBUTION_GROUPS | {Details.MICROSOFT_365_GROUP}


class AccessRight(StrEnum):
    RESTRICT = "RestrictAccess"
    DENY = "DenyAccess"


class ScopeKind(StrEnum):
    ORGANIZATION = "Organization"
    CUSTOM = "CustomRecipientScope"
    GROUP = "Group"
    USER = "User"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Mailbox, contact, group or user; `members` (of groups) are guids. `proxies`: addresses beside the primary one.

    `rest_refusal`: the code with which Graph answers for a mailbox that cannot be asked, whoever asks.
    `synced`: from on premises, where alone it can be changed.
    """

    guid: str
    external_directory_object_id: str
    name: str
    alias: str
    display_name: str
    primary_smtp_address: str
    details: Details
    distinguished_name: str
    sid: str
    created: datetime
    changed: datetime
    members: tuple[str, ...] = ()
    notes: str = ""
    managed_by: tuple[str, ...] = ()
    user_principal_name: str | None = None
    proxies: tuple[str, ...] = ()
    rest_refusal: str = ""
    synced: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_mailbox(self) -> bool:
        return self.details in MAILBOXES

    @property
    def is_group(self) -> bool:
        return self.details in GROUPS

    @property
    def identities(self) -> frozenset[str]:
        """By what a cmdlet may name it; a display name is none of them."""
        names = (
            self.guid,
            self.external_directory_object_id,
            self.name,
            self.alias,
            self.primary_smtp_address,
            self.distinguished_name,
            self.user_principal_name,
            *self.proxies,
        )
        return frozenset(name.casefold() for name in names if name)


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    guid: str
    app_id: str
    scope_guid: str
    access_right: AccessRight
    description: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Pointer:
    """Exchange's own record of a service principal of Entra."""

    app_id: str
    object_id: str
    display_name: str
    created: datetime


@dataclass(frozen=True, slots=True)
class ManagementScope:
    name: str
    guid: str
    recipient_filter: str
    group_guid: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """`value`: the name of a management scope, the guid of a group or of a user, or nothing for everybody."""

    kind: ScopeKind
    value: str = ""


EVERYBODY = Scope(ScopeKind.ORGANIZATION)


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    name: str
    guid: str
    role: str
    pointer_app_id: str
    scope: Scope
    created: datetime


@dataclass(frozen=True)
class Rules:
    """Recipients by guid, pointers by app id, scopes and assignments by name (as given; compare in any case)."""

    recipients: Mapping[str, Recipient] = field(default_factory=dict)
    policies: tuple[AccessPolicy, ...] = ()
    pointers: Mapping[str, Pointer] = field(default_factory=dict)
    scopes: Mapping[str, ManagementScope] = field(default_factory=dict)
    assignments: Mapping[str, RoleAssignment] = field(default_factory=dict)

    @cached_property
    def _index(self) -> Mapping[str, tuple[Recipient, ...]]:
        found: dict[str, tuple[Recipient, ...]] = defaultdict(tuple)
        for recipient in self.recipients.values():
            for name in recipient.identities:
                found[name] += (recipient,)
        return dict(found)

    def matches(self, identity: str) -> tuple[Recipient, ...]:
        return self._index.get(identity.casefold(), ())

    def find(self, identity: str) -> Recipient | None:
        """The only recipient of this identity; of an alias that two have, none."""
        found = self.matches(identity)
        return found[0] if len(found) == 1 else None

    def direct_members(self, guid: str) -> frozenset[str]:
        """Mailboxes that are themselves members of the group."""
        return frozenset(member.guid for member in self._members(guid) if member.is_mailbox)

    def all_members(self, guid: str) -> frozenset[str]:
        """Mailboxes in the group and in the groups inside it; of a mailbox, itself."""
        seen: set[str] = set()
        waiting = [guid]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting += [member.guid for member in self._members(current)]
        return frozenset(found for found in seen if found in self.recipients and self.recipients[found].is_mailbox)

    def _members(self, guid: str) -> Iterator[Recipient]:
        group = self.recipients.get(guid)
        members: Iterable[str] = group.members if group is not None else ()
        return (self.recipients[member] for member in members if member in self.recipients)

    def mailboxes(self) -> Iterator[Recipient]:
        return (recipient for recipient in self.recipients.values() if recipient.is_mailbox)

    def scope(self, name: str) -> ManagementScope | None:
        return next((scope for key, scope in self.scopes.items() if key.casefold() == name.casefold()), None)

    # --- the same rules with one thing changed --------------------------------------------------------------------

    def with_recipients(self, *recipients: Recipient) -> Rules:
        return replace(self, recipients={**self.recipients, **{item.guid: item for item in recipients}})

    def without_recipient(self, guid: str) -> Rules:
        """Groups lose it as a member; what else names it matches nobody from then on."""
        left = {key: _without_member(value, guid) for key, value in self.recipients.items() if key != guid}
        return replace(self, recipients=left)

    def with_policies(self, policies: Iterable[AccessPolicy]) -> Rules:
        return replace(self, policies=tuple(policies))

    def with_pointer(self, pointer: Pointer) -> Rules:
        return replace(self, pointers={**self.pointers, pointer.app_id: pointer})

    def with_scope(self, scope: ManagementScope) -> Rules:
        return replace(self, scopes={**self.scopes, scope.name: scope})

    def with_assignment(self, assignment: RoleAssignment) -> Rules:
        return replace(self, assignments={**self.assignments, assignment.name: assignment})

    def without_assignment(self, name: str) -> Rules:
        return replace(self, assignments={key: value for key, value in self.assignments.items() if key != name})

    def without_scope(self, name: str) -> Rules:
        return replace(self, scopes={key: value for key, value in self.scopes.items() if key != name})

    def without_pointers(self, app_ids: Iterable[str]) -> Rules:
        """Assignments go with their pointer, management scopes stay (application-rbac)."""
        gone = set(app_ids)
        return replace(
            self,
            pointers={key: value for key, value in self.pointers.items() if key not in gone},
            assignments={key: value for key, value in self.assignments.items() if value.pointer_app_id not in gone},
        )


def _without_member(recipient: Recipient, guid: str) -> Recipient:
    if guid not in recipient.members:
        return recipient
    return replace(recipient, members=tuple(member for member in recipient.members if member != guid))
