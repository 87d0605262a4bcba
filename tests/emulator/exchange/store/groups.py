# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of distribution lists and mail-enabled security groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.exchange.store import recipients
from emulator.exchange.store.conflicts import ExchangeConflict, Reason
from emulator.exchange.store.model import DISTRIBUTION_GROUPS, MAILBOXES, Details, Recipient, Rules
from emulator.exchange.store.organisation import Organisation
from emulator.graph.store.ids import RANDOM, Ids

MOST_MEMBERS = 10_000
LONGEST_DISPLAY_NAME = 256
# Microsoft 365 groups are no members of others (docs: Add-DistributionGroupMember).
MEMBER_KINDS = (
    MAILBOXES
    | DISTRIBUTION_GROUPS
    | {Details.MAIL_USER, Details.GUEST_MAIL_USER, Details.MAIL_CONTACT, Details.DYNAMIC_GROUP}
)

_ALIAS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_NOT_IN_ALIAS = re.compile(r"[^\w!#$%&'*+/=?^`{|}~.-]", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGroup:
    """`members` and `managed_by` are identities of recipients."""

    name: str
    details: Details = Details.DISTRIBUTION_GROUP
    alias: str = ""
    display_name: str = ""
    primary_smtp_address: str = ""
    members: tuple[str, ...] = ()
    managed_by: tuple[str, ...] = ()
    notes: str = ""
    ignore_naming_policy: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


def create(org: Organisation, wish: NewGroup, ids: Ids = RANDOM) -> Recipient:
    pattern = "{}" if wish.ignore_naming_policy else org.naming_policy
    name = pattern.replace("{}", wish.name)
    display_name = pattern.replace("{}", wish.display_name or wish.name)
    recipients.require_short(name, "Name")
    recipients.require_short(display_name, "DisplayName", LONGEST_DISPLAY_NAME)
    alias = _checked_alias(wish.alias or default_alias(name))
    address = wish.primary_smtp_address or f"{alias}@{org.domain}"
    _check_address(org, address)
    recipients.require_unused(org.rules, name, alias, address)
    guid, now = ids.object_id("guid"), org.clock.now()
    group = Recipient(
        guid=guid,
        external_directory_object_id=ids.object_id("externalDirectoryObjectId"),
        name=name,
        alias=alias,
        display_name=display_name,
        primary_smtp_address=address,
        details=wish.details,
        distinguished_name=recipients.distinguished_name(org.domain, name),
        sid=recipients.sid(org.tenant_id, guid),
        created=now,
        changed=now,
        members=_members(org.rules, wish.members),
        notes=wish.notes,
        managed_by=tuple(recipients.require(org.rules, identity).guid for identity in wish.managed_by),
        settings=wish.settings,
    )
    org.change(org.rules.with_recipients(group))
    return group


def default_alias(name: str) -> str:
    """Without spaces, and with question marks for what an alias cannot hold (docs: New-DistributionGroup)."""
    return _NOT_IN_ALIAS.sub("?", "".join(name.split())).strip(".")


def _checked_alias(alias: str) -> str:
    recipients.require_short(alias, "Alias")
    if not _ALIAS.fullmatch(alias):
        raise ExchangeConflict(Reason.BAD_ALIAS, alias)
    return alias


def _check_address(org: Organisation, address: str) -> None:
    local, _at, domain = address.rpartition("@")
    if not _ALIAS.fullmatch(local):
        raise ExchangeConflict(Reason.BAD_ADDRESS, address)
    if domain.casefold() not in (known.casefold() for known in org.domains):
        raise ExchangeConflict(Reason.NO_ACCEPTED_DOMAIN, domain)


def _members(rules: Rules, identities: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order given."""
    found = dict.fromkeys(_member(rules, identity).guid for identity in identities)
    if len(found) > MOST_MEMBERS:
        raise ExchangeConflict(Reason.TOO_LONG, "Members", str(MOST_MEMBERS))
    return tuple(found)


def _member(rules: Rules, identity: str) -> Recipient:
    member = recipients.require(rules, identity)
    if member.details not in MEMBER_KINDS:
        raise ExchangeConflict(Reason.NOT_A_MEMBER_TYPE, member.name)
    return member


def require_manager(group: Recipient, caller: str | None, *, bypass: bool) -> None:
    """Only managers change the members, unless they ask to pass over that check; nobody what is tended elsewhere."""
    if group.synced:
        raise ExchangeConflict(Reason.SYNCED, group.name)
    if not bypass and (caller is None or caller not in group.managed_by):
        raise ExchangeConflict(Reason.NOT_A_MANAGER)


def add_member(org: Organisation, group: Recipient, identity: str) -> None:
    member = _member(org.rules, identity)
    if member.guid == group.guid:
        raise ExchangeConflict(Reason.NOT_A_MEMBER_TYPE, member.name)
    if member.guid in group.members:
        raise ExchangeConflict(Reason.ALREADY_A_MEMBER, member.name, group.name)
    _change_members(org, group, (*group.members, member.guid))


def remove_member(org: Organisation, group: Recipient, identity: str) -> None:
    member = recipients.require(org.rules, identity)
    if member.guid not in group.members:
        raise ExchangeConflict(Reason.NOT_A_MEMBER, member.name, group.name)
    _change_members(org, group, tuple(guid for guid in group.members if guid != member.guid))


def replace_members(org: Organisation, group: Recipient, identities: Iterable[str]) -> None:
    _change_members(org, group, _members(org.rules, identities))


def set_up(org: Organisation, group: Recipient, settings: Mapping[str, Any]) -> None:
    changed = replace(group, settings={**group.settings, **settings}, changed=org.clock.now())
    org.change(org.rules.with_recipients(changed))


def _change_members(org: Organisation, group: Recipient, members: tuple[str, ...]) -> None:
    org.change(org.rules.with_recipients(replace(group, members=members, changed=org.clock.now())))


def remove(org: Organisation, group: Recipient) -> None:
    """Policies and scopes that name the group stay, and match nobody from then on."""
    org.change(org.rules.without_recipient(group.guid))
