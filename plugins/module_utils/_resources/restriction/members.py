# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import AmbiguityError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    OF_THE_SYSTEM,
    ON_PREMISES,
    SECURITY_GROUP,
    SOFT_DELETED,
    Actual,
    AddMember,
    CreateGroup,
    Desired,
    Group,
    Recipient,
    RemoveMember,
    Step,
    group_notes,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.names import group_alias


def members_after(actual: Actual, desired: Desired) -> tuple[Recipient, ...]:
    present = actual.group.members if actual.group else ()
    if desired.members is None:
        return present
    wanted = [_known(actual, address) for address in desired.members]
    kept = () if desired.exact else present
    return tuple(sorted(dict.fromkeys((*kept, *wanted)), key=lambda member: member.address))


def _known(actual: Actual, address: str) -> Recipient:
    found = actual.resolved.get(address.lower())
    if found is None:
        raise InputError(
            f"{address} is no recipient of this tenant's Exchange Online.",
            next_step="Correct the address, or give the account a mailbox; a new one takes some minutes to show.",
            code="UnknownRecipient",
        )
    return found


def check_members(actual: Actual, desired: Desired, after: tuple[Recipient, ...]) -> None:
    _check_group(actual, desired, after)
    if desired.sender:
        check_sender(actual, desired)
    _check_kinds(actual, desired, after)
    if not reached(actual, desired, after):
        raise InputError(
            f"The group {desired.group} holds no mailbox: the registration would reach nothing.",
            next_step="Give members that have a mailbox.",
            code="EmptyGroup",
        )
    if desired.sender and _known(actual, desired.sender) not in reached(actual, desired, after):
        raise InputError(
            f"The sender {desired.sender} lies outside the group {desired.group}: Totalview could not send.",
            next_step="Add it to the group's members, or choose another sender.",
            code="SenderOutside",
        )


_A_GUEST = ("it is a guest, whose mailbox is another organisation's", "Make a mailbox for it in this tenant")
_A_CONTACT = ("it is a contact, whose mailbox lies elsewhere", "Make a mailbox for it in this tenant")
#: By RecipientTypeDetails, why there is no mailbox to send from, and what to do about it.
_CANNOT_SEND = {
    **dict.fromkeys(ON_PREMISES, ("its mailbox is on premises", "Move the mailbox to Exchange Online")),
    **dict.fromkeys(OF_THE_SYSTEM, ("it is one that Exchange keeps for itself", "Make a shared mailbox")),
    **dict.fromkeys(("GuestMailUser", "GuestUser"), _A_GUEST),
    **dict.fromkeys(("MailContact", "MailForestContact", "Contact", "ExternalManagedContact"), _A_CONTACT),
    "DisabledUser": ("the account is disabled", "An administrator of the tenant enables it and gives it a mailbox"),
    "GroupMailbox": ("it is a Microsoft 365 group", "Make a shared mailbox for it"),
    "User": (
        "the account has no licence with Exchange Online",
        "Give it a licence, after which a mailbox takes some minutes to show",
    ),
    SOFT_DELETED: (
        "its mailbox was deleted",
        "An administrator of the tenant restores it, which is possible for 30 days after",
    ),
}
_OF_A_GROUP = ("it is a group", "Make a shared mailbox for it")
_OTHERWISE = ("it holds none in Exchange Online", "Give it a licence with Exchange Online")


def sender_of(actual: Actual, desired: Desired) -> Recipient | None:
    """Whom the sender's address, of whatever kind, belongs to; None without one, or where nobody was found."""
    return actual.resolved.get(desired.sender.lower()) if desired.sender else None


def check_sender(actual: Actual, desired: Desired) -> None:
    sender = _known(actual, str(desired.sender))
    if sender.is_mailbox:
        _check_same(sender, desired)
        return
    why, what = _CANNOT_SEND.get(sender.kind, _OF_A_GROUP if sender.is_group else _OTHERWISE)
    raise InputError(
        f"The sender {desired.sender} has no mailbox to send from: {why} ({sender.kind}).",
        next_step=f"{what}, or choose another sender.",
        code="SenderWithoutMailbox",
    )


def _check_same(sender: Recipient, desired: Desired) -> None:
    """Who administers Exchange can give an address to another mailbox: what it was given for is then another's."""
    if desired.known_sender in (None, sender.guid) or desired.adopt_sender == sender.guid:
        return
    raise AmbiguityError(
        f"The sender {desired.sender} leads to another mailbox than before: to {sender.address} ({sender.guid}), and "
        f"not to the one that the store knows ({desired.known_sender}).",
        next_step="An Exchange administrator of the tenant finds out who moved the address, and why. Give the address "
        f"of the mailbox that is meant, or say that this one shall do by adopt_sender: {sender.guid}.",
        code="ReplacedSender",
    )


def _check_kinds(actual: Actual, desired: Desired, after: tuple[Recipient, ...]) -> None:
    """Whoever is in the group is a mailbox, a group that is looked into, or told by name."""
    groups = [str(member) for member in after if member.is_group]
    if desired.mode == "rbac" and groups:
        raise InputError(
            f"The group {desired.group} contains groups: {', '.join(groups)}. Exchange's roles see direct members.",
            next_step="Give the mailboxes themselves as members, or use the mode access_policy.",
            code="NestedGroup",
        )
    everybody = _everybody(actual, after)
    unclear = [str(entry) for entry in everybody if not entry.is_mailbox and not entry.is_harmless]
    if unclear:
        raise InputError(
            f"The group {desired.group} holds what may or may not let mailboxes be reached: {', '.join(unclear)}.",
            next_step="Give the mailboxes themselves as members, or mail-enabled security groups of them.",
            code="UnclearMember",
        )
    wanted = {_known(actual, address) for address in desired.members or ()}
    silent = [str(entry) for entry in everybody if entry.is_harmless and entry in wanted]
    if silent:
        raise InputError(
            f"Members of the group {desired.group} have no mailbox in Exchange Online: {', '.join(silent)}.",
            next_step="Leave them out, or move their mailboxes to Exchange Online.",
            code="MemberWithoutMailbox",
        )


def _everybody(actual: Actual, members: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
    """Members, and in place of groups who is in them."""
    direct = [member for member in members if not member.lists_members]
    inner = [entry for member in members for entry in actual.nested.get(member.guid, ())]
    return tuple(dict.fromkeys((*direct, *inner)))


def findings(actual: Actual, desired: Desired) -> tuple[str, ...]:
    """What is not ours to change."""
    found = []
    after = members_after(actual, desired) if desired.mode != "none" else ()
    sender = sender_of(actual, desired)
    if sender and desired.sender and sender.graph_name != desired.sender.lower():
        found.append(
            f"The sender {desired.sender} is the mailbox {sender.address}. Totalview is given {sender.graph_name}, the "
            "name by which Microsoft Graph finds it."
        )
    if actual.group and actual.group.synced:
        found.append(
            f"The group {actual.group.name} is synchronised from on premises: who tends it there decides which "
            "mailboxes are reached."
        )
    silent = [str(entry) for entry in _everybody(actual, after) if entry.is_harmless]
    if silent:
        found.append(f"In the group {desired.group}, these have no mailbox to be reached: {', '.join(silent)}.")
    return tuple(found)


def _check_group(actual: Actual, desired: Desired, after: tuple[Recipient, ...]) -> None:
    group = actual.group
    taken = actual.name_taken or (group.kind if group and group.kind != SECURITY_GROUP else None)
    if taken:
        raise InputError(
            f"The name {desired.group} belongs to something else ({taken}), not to a mail-enabled security group.",
            next_step="Choose another name for the group.",
            code="GroupNameTaken",
        )
    if actual.alias_taken:
        raise InputError(
            f"A new group {desired.group} would get the alias {group_alias(desired.group)}, which belongs to something "
            f"else ({actual.alias_taken}).",
            next_step="Choose another name for the group.",
            code="GroupNameTaken",
        )
    if group is None and desired.members is None:
        raise InputError(
            f"There is no group {desired.group}, and no members are given to make it with.",
            next_step="Give the members, or correct the group's name.",
            code="EmptyGroup",
        )
    if group and desired.adopt_group != group.guid:
        _check_whose(group, desired)
    if group and group.synced and set(group.members) != set(after):
        raise InputError(
            f"The group {group.name} is synchronised from on premises and cannot be changed here: it lacks or has too "
            f"many members ({', '.join(_differing(group.members, after))}).",
            next_step="Who tends it in the on-premises Active Directory changes its members; or choose another name, "
            "and the run makes a group of its own.",
            code="SynchronisedGroup",
        )
    gone = [member.address for member in group.members if member not in after] if group else []
    if group and gone and not _is_ours(group, desired) and not _is_adopted(group, desired):
        raise AmbiguityError(
            f"The group {group.name} was made by somebody else and has other members: {', '.join(gone)}.",
            next_step="Choose another name, keep its members (members_exact: false), or allow to take it over (adopt).",
            code="ForeignGroup",
        )


def _differing(one: t.Iterable[Recipient], other: t.Iterable[Recipient]) -> list[str]:
    return sorted(member.address for member in set(one) ^ set(other))


def _check_whose(group: Group, desired: Desired) -> None:
    """Names and notes can be taken by anybody who may make a group, and who manages it changes its members."""
    this_one = (
        f"say that this one shall do by adopt_group: {group.guid} (of the role: connector_mail_adopt_group or "
        "connector_calendar_adopt_group)."
    )
    if desired.known_group not in (None, group.guid):
        raise AmbiguityError(
            f"The group {group.name} ({group.guid}) is not the one that the store knows by this name "
            f"({desired.known_group}): somebody took that away and made another.",
            next_step=f"Remove it, so that the run makes a new one, choose another name, or {this_one}",
            code="ReplacedGroup",
        )
    if group.managers:
        raise AmbiguityError(
            f"The group {group.name} ({group.guid}) is managed by {', '.join(group.managers)}, who thus decide which "
            "mailboxes are reached.",
            next_step=f"Take them out of its ManagedBy (Set-DistributionGroup), choose another name, or {this_one}",
            code="ManagedGroup",
        )


def _is_ours(group: Group, desired: Desired) -> bool:
    return group.notes == group_notes(desired.unique_name)


def _is_adopted(group: Group, desired: Desired) -> bool:
    return desired.adopt or desired.adopt_group == group.guid


def reached(actual: Actual, desired: Desired, members: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
    """Mailboxes behind members: access policies look into nested groups, Exchange's roles do not."""
    seen = members if desired.mode == "rbac" else _everybody(actual, members)
    return tuple(recipient for recipient in seen if recipient.is_mailbox)


def group_steps(actual: Actual, desired: Desired, after: tuple[Recipient, ...]) -> list[Step]:
    group = actual.group
    if group is None:
        return [CreateGroup(desired.group, after, group_notes(desired.unique_name))]
    gone = [RemoveMember(group.name, member) for member in group.members if member not in after]
    return [*gone, *(AddMember(group.name, member) for member in after if member not in group.members)]
