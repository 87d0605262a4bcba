# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the `exchange` part of a tenant's seed into its organisation, the same way each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from emulator.clock import StoppedClock, parse_stamp
from emulator.exchange.store import access_policies, groups, recipients
from emulator.exchange.store.model import AccessRight, Details, Recipient, Rules
from emulator.exchange.store.organisation import Organisation
from emulator.graph.store.directory import Directory
from emulator.graph.store.ids import DerivedIds
from emulator.graph.store.records import Kind
from emulator.planting import SEEDED_AT, Spec

MAILBOX_KINDS = {
    True: Details.USER_MAILBOX,
    False: Details.USER,
    "shared": Details.SHARED_MAILBOX,
    "room": Details.ROOM_MAILBOX,
    "equipment": Details.EQUIPMENT_MAILBOX,
    "scheduling": Details.SCHEDULING_MAILBOX,
    "on_premises": Details.MAIL_USER,
    "guest": Details.GUEST_MAIL_USER,
}
GROUP_KINDS = {
    "security": Details.SECURITY_GROUP,
    "distribution": Details.DISTRIBUTION_GROUP,
    "microsoft365": Details.MICROSOFT_365_GROUP,
    "room_list": Details.ROOM_LIST,
    "non_universal": Details.NON_UNIVERSAL_GROUP,
    "dynamic": Details.DYNAMIC_GROUP,
}


def organisation(directory: Directory, spec: Spec) -> Organisation:
    wish = spec.get("exchange", {})
    sync = wish.get("sync", {})
    org = Organisation(
        tenant_id=directory.tenant_id,
        domains=tuple(spec["domains"]),
        clock=directory.clock,
        directory=directory,
        language=wish.get("language", "en"),
        refusals=wish.get("refusals", "cmdlet"),
        enforcement_seconds=wish.get("enforcement", {}).get("seconds", 0.0),
        sync_seconds=sync.get("seconds", 0.0),
        sync_attempts=sync.get("attempts", 0),
        dehydrated=wish.get("dehydrated", False),
        customization_attempts=wish.get("customization", {}).get("attempts", 0),
        concurrency=wish.get("concurrency", 0),
        naming_policy=wish.get("naming_policy", "{}"),
        changed_jitter_seconds=wish.get("changed_jitter_seconds", 0.0),
    )
    _plant(org, spec, wish)
    return org


def _plant(org: Organisation, spec: Spec, wish: Spec) -> None:
    clock, org.clock = org.clock, StoppedClock(parse_stamp(SEEDED_AT))
    try:
        known = (*_of_the_system(org, wish), *_people(org, spec), *_contacts(org, wish), *_deleted(org, wish))
        org.found(Rules({recipient.guid: recipient for recipient in known}))
        _plant_groups(org, wish.get("groups", ()))
        for number, policy in enumerate(wish.get("policies", ())):
            _plant_policy(org, policy, DerivedIds(org.tenant_id, "policies", str(number)))
        org.found(org.rules)
    finally:
        org.clock = clock


def _people(org: Organisation, spec: Spec) -> Iterator[Recipient]:
    for wish in spec.get("users", ()):
        user = org.directory.find_live(Kind.USER, "userPrincipalName", wish["upn"])
        assert user is not None
        body, details = user.true.body, MAILBOX_KINDS[wish.get("mailbox", True)]
        guid = DerivedIds(org.tenant_id, "exchange", "users").object_id(wish["upn"].lower())
        yield Recipient(
            guid=guid,
            external_directory_object_id=user.id,
            # New mailboxes are named after the Entra object (docs: Get-Mailbox, "Name").
            name=user.id,
            alias=body["mailNickname"],
            display_name=body["displayName"],
            primary_smtp_address=wish.get("address", wish["upn"]) if details is not Details.USER else "",
            details=details,
            distinguished_name=recipients.distinguished_name(org.domain, user.id),
            sid=recipients.sid(org.tenant_id, guid),
            created=org.clock.now(),
            changed=org.clock.now(),
            user_principal_name=wish["upn"],
            proxies=tuple(wish.get("aliases", ())),
            rest_refusal=wish.get("rest_refusal", ""),
            synced=details is Details.MAIL_USER,
        )


def _of_the_system(org: Organisation, wish: Spec) -> Iterator[Recipient]:
    """Mailboxes that nobody made; Exchange lists them before all others."""
    for number in range(wish.get("system_mailboxes", 0)):
        yield _recipient(org, f"SystemMailbox{number:03}", f"systemmailbox{number:03}", Details.DISCOVERY_MAILBOX)


def _contacts(org: Organisation, wish: Spec) -> Iterator[Recipient]:
    for address in wish.get("contacts", ()):
        contact = _recipient(org, address, address.partition("@")[0], Details.MAIL_CONTACT)
        yield replace(contact, primary_smtp_address=address)


def _deleted(org: Organisation, wish: Spec) -> Iterator[Recipient]:
    for address in wish.get("soft_deleted", ()):
        mailbox = _recipient(org, address, address.partition("@")[0], Details.SOFT_DELETED_MAILBOX)
        yield replace(mailbox, primary_smtp_address=address)


def _recipient(org: Organisation, name: str, alias: str, details: Details) -> Recipient:
    """Of no user of Entra."""
    guid = DerivedIds(org.tenant_id, "exchange", details).object_id(name.lower())
    return Recipient(
        guid=guid,
        external_directory_object_id="",
        name=name,
        alias=alias,
        display_name=name,
        primary_smtp_address=f"{alias}@{org.domain}",
        details=details,
        distinguished_name=recipients.distinguished_name(org.domain, name),
        sid=recipients.sid(org.tenant_id, guid),
        created=org.clock.now(),
        changed=org.clock.now(),
    )


def _plant_groups(org: Organisation, wishes: list[Spec]) -> None:
    """First the groups, then the members: any group may hold any other."""
    made = []
    for wish in wishes:
        ids = DerivedIds(org.tenant_id, "exchange", "groups", wish["name"])
        details = GROUP_KINDS[wish.get("kind", "security")]
        fields = {name: wish[name] for name in ("alias", "notes") if name in wish}
        new = groups.NewGroup(name=wish["name"], details=details, ignore_naming_policy=True, **fields)
        made.append(groups.create(org, new, ids))
    for group, wish in zip(made, wishes, strict=True):
        groups.replace_members(org, group, wish.get("members", ()))
        if wish.get("synced"):
            org.change(org.rules.with_recipients(replace(org.rules.recipients[group.guid], synced=True)))


def _plant_policy(org: Organisation, wish: Spec, ids: DerivedIds) -> None:
    right = AccessRight(wish.get("access_right", AccessRight.RESTRICT))
    access_policies.create(org, _app_id(org.directory, wish), wish["group"], right, wish.get("description", ""), ids)


def _app_id(directory: Directory, wish: Spec) -> str:
    if "app_id" in wish:
        return str(wish["app_id"])
    named = (body["appId"] for body in directory.live(Kind.APPLICATION) if body["displayName"] == wish["display_name"])
    return str(next(named))
