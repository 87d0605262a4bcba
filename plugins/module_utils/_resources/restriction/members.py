# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import AmbiguityError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    SECURITY_GROUP,
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
    nested = [member.address for member in after if member.is_group]
    if desired.mode == "rbac" and nested:
        raise InputError(
            f"The group {desired.group} contains groups ({', '.join(nested)}); Exchange's roles see direct members.",
            next_step="Give the mailboxes themselves as members, or use the mode access_policy.",
            code="NestedGroup",
        )
    if not reached(actual, desired, after):
        raise InputError(
            f"The group {desired.group} holds no mailbox: the registration would reach nothing.",
            next_step="Give members that have a mailbox.",
            code="EmptyGroup",
        )
    if desired.sender:
        _check_sender(actual, desired, after)


def _check_sender(actual: Actual, desired: Desired, after: tuple[Recipient, ...]) -> None:
    sender = _known(actual, str(desired.sender))
    if not sender.is_mailbox:
        raise InputError(
            f"The sender {desired.sender} has no mailbox ({sender.kind}).",
            next_step="Give it a licence with Exchange Online, or choose another sender.",
            code="SenderWithoutMailbox",
        )
    if sender not in reached(actual, desired, after):
        raise InputError(
            f"The sender {desired.sender} lies outside the group {desired.group}: Totalview could not send.",
            next_step="Add it to the group's members, or choose another sender.",
            code="SenderOutside",
        )


def _check_group(actual: Actual, desired: Desired, after: tuple[Recipient, ...]) -> None:
    group = actual.group
    taken = actual.name_taken or (group.kind if group and group.kind != SECURITY_GROUP else None)
    if taken:
        raise InputError(
            f"The name {desired.group} belongs to something else ({taken}), not to a mail-enabled security group.",
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
    gone = [member.address for member in group.members if member not in after] if group else []
    if group and gone and not _is_ours(group, desired) and not _is_adopted(group, desired):
        raise AmbiguityError(
            f"The group {group.name} was made by somebody else and has other members: {', '.join(gone)}.",
            next_step="Choose another name, keep its members (members_exact: false), or allow to take it over (adopt).",
            code="ForeignGroup",
        )


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
    direct = [member for member in members if member.is_mailbox]
    if desired.mode == "rbac":
        return tuple(direct)
    inner = [mailbox for member in members for mailbox in actual.nested.get(member.guid, ())]
    return tuple(dict.fromkeys((*direct, *inner)))


def group_steps(actual: Actual, desired: Desired, after: tuple[Recipient, ...]) -> list[Step]:
    group = actual.group
    if group is None:
        return [CreateGroup(desired.group, after, group_notes(desired.unique_name))]
    gone = [RemoveMember(group.name, member) for member in group.members if member not in after]
    return [*gone, *(AddMember(group.name, member) for member in after if member not in group.members)]
