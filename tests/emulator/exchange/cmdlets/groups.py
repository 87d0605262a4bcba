# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of every kind, distribution groups and their members."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from emulator.call import Body
from emulator.exchange.cmdlets.base import Admission, Cmdlet, Invocation, Type
from emulator.exchange.cmdlets.recipients import LISTING, RECIPIENTS, chosen, recipient_body
from emulator.exchange.errors import ExchangeError
from emulator.exchange.store import groups, recipients
from emulator.exchange.store.model import DISTRIBUTION_GROUPS, GROUPS, Details, Recipient

# Whoever is not a person manages on behalf of this role group.
NO_MANAGER = "Organization Management"

KINDS = {"security": Details.SECURITY_GROUP, "distribution": Details.DISTRIBUTION_GROUP}

# Settings that are kept and shown, with the values that a new group has (docs: New-DistributionGroup).
SETTINGS = {
    "RequireSenderAuthenticationEnabled": True,
    "HiddenFromAddressListsEnabled": False,
    "HiddenGroupMembershipEnabled": False,
    "MemberJoinRestriction": "Closed",
    "MemberDepartRestriction": "Closed",
}
SETTING_TYPES = {name: Type.SWITCH if isinstance(value, bool) else Type.TEXT for name, value in SETTINGS.items()}
# A group is hidden from address lists by Set-DistributionGroup only, its members by New-DistributionGroup only.
NEW_SETTING_TYPES = {name: type_ for name, type_ in SETTING_TYPES.items() if name != "HiddenFromAddressListsEnabled"}
SET_SETTING_TYPES = {name: type_ for name, type_ in SETTING_TYPES.items() if name != "HiddenGroupMembershipEnabled"}

MEMBER = {"Identity": Type.TEXT, "Member": Type.TEXT, "BypassSecurityGroupManagerCheck": Type.SWITCH}


def _common_body(invocation: Invocation, group: Recipient) -> Body:
    known = invocation.org.rules.recipients
    group = replace(group, changed=invocation.org.told(group.changed))
    managers = [known[guid].name for guid in group.managed_by if guid in known]
    security = group.details is Details.SECURITY_GROUP
    return {
        **recipient_body(group),
        "GroupType": "Universal, SecurityEnabled" if security else "Universal",
        "ManagedBy": managers or [NO_MANAGER],
    }


def _group_body(invocation: Invocation, group: Recipient) -> Body:
    return {
        **_common_body(invocation, group),
        "Sid": group.sid,
        "Notes": group.notes,
        "WindowsEmailAddress": group.primary_smtp_address,
    }


def _distribution_group_body(invocation: Invocation, group: Recipient) -> Body:
    return {**_common_body(invocation, group), **SETTINGS, **group.settings}


def get_group(invocation: Invocation) -> Iterable[Body]:
    return invocation.cut([_group_body(invocation, group) for group in chosen(invocation, GROUPS)])


def get_distribution_group(invocation: Invocation) -> Iterable[Body]:
    found = chosen(invocation, DISTRIBUTION_GROUPS)
    return invocation.cut([_distribution_group_body(invocation, group) for group in found])


def new_distribution_group(invocation: Invocation) -> Iterable[Body]:
    kind = KINDS.get((invocation.text("Type") or "Distribution").lower())
    if kind is None:
        raise ExchangeError("bad_value", "Type")
    wish = groups.NewGroup(
        name=invocation.text("Name"),
        details=kind,
        alias=invocation.text("Alias"),
        display_name=invocation.text("DisplayName"),
        primary_smtp_address=invocation.text("PrimarySmtpAddress"),
        members=invocation.texts("Members"),
        managed_by=invocation.texts("ManagedBy"),
        notes=invocation.text("Notes"),
        ignore_naming_policy=invocation.flag("IgnoreNamingPolicy"),
        settings=_settings(invocation),
    )
    return [_distribution_group_body(invocation, groups.create(invocation.org, wish))]


def _settings(invocation: Invocation) -> Body:
    return {name: invocation.parameters[name] for name in SETTINGS if invocation.parameters.get(name) is not None}


def set_distribution_group(invocation: Invocation) -> Iterable[Body]:
    groups.set_up(invocation.org, _managed_group(invocation), _settings(invocation))
    return []


def remove_distribution_group(invocation: Invocation) -> Iterable[Body]:
    groups.remove(invocation.org, _managed_group(invocation))
    return []


def get_distribution_group_member(invocation: Invocation) -> Iterable[Body]:
    """Of no group, or one that does not exist, everybody (docs: a warning at Identity)."""
    rules = invocation.org.rules
    group = rules.find(invocation.text("Identity"))
    if group is None or group.details not in DISTRIBUTION_GROUPS:
        found = [recipient for recipient in rules.recipients.values() if recipient.details in RECIPIENTS]
    else:
        found = [rules.recipients[guid] for guid in group.members if guid in rules.recipients]
    return invocation.cut([recipient_body(member) for member in found])


def add_distribution_group_member(invocation: Invocation) -> Iterable[Body]:
    groups.add_member(invocation.org, _managed_group(invocation), invocation.text("Member"))
    return []


def remove_distribution_group_member(invocation: Invocation) -> Iterable[Body]:
    groups.remove_member(invocation.org, _managed_group(invocation), invocation.text("Member"))
    return []


def update_distribution_group_member(invocation: Invocation) -> Iterable[Body]:
    groups.replace_members(invocation.org, _managed_group(invocation), invocation.texts("Members"))
    return []


def _managed_group(invocation: Invocation) -> Recipient:
    group = recipients.require(invocation.org.rules, invocation.text("Identity"), DISTRIBUTION_GROUPS)
    bypass = invocation.flag("BypassSecurityGroupManagerCheck")
    groups.require_manager(group, invocation.caller.recipient, bypass=bypass)
    return group


CMDLETS = (
    Cmdlet("Get-Group", get_group, LISTING, admission=Admission.RECIPIENTS),
    Cmdlet("Get-DistributionGroup", get_distribution_group, LISTING, admission=Admission.RECIPIENTS),
    Cmdlet(
        "New-DistributionGroup",
        new_distribution_group,
        {
            "Name": Type.TEXT,
            "Alias": Type.TEXT,
            "DisplayName": Type.TEXT,
            "Type": Type.TEXT,
            "PrimarySmtpAddress": Type.TEXT,
            "ManagedBy": Type.TEXTS,
            "Members": Type.TEXTS,
            "Notes": Type.TEXT,
            "IgnoreNamingPolicy": Type.SWITCH,
            **NEW_SETTING_TYPES,
        },
        required=("Name",),
        admission=Admission.RECIPIENTS,
    ),
    Cmdlet(
        "Set-DistributionGroup",
        set_distribution_group,
        {"Identity": Type.TEXT, "BypassSecurityGroupManagerCheck": Type.SWITCH, **SET_SETTING_TYPES},
        required=("Identity",),
        admission=Admission.RECIPIENTS,
    ),
    Cmdlet(
        "Remove-DistributionGroup",
        remove_distribution_group,
        {"Identity": Type.TEXT, "BypassSecurityGroupManagerCheck": Type.SWITCH},
        required=("Identity",),
        prompts=True,
        admission=Admission.RECIPIENTS,
    ),
    Cmdlet(
        "Get-DistributionGroupMember",
        get_distribution_group_member,
        {"Identity": Type.TEXT, "ResultSize": Type.SIZE},
        required=("Identity",),
        admission=Admission.RECIPIENTS,
    ),
    Cmdlet(
        "Add-DistributionGroupMember",
        add_distribution_group_member,
        MEMBER,
        required=("Identity", "Member"),
        admission=Admission.RECIPIENTS,
    ),
    Cmdlet(
        "Remove-DistributionGroupMember",
        remove_distribution_group_member,
        MEMBER,
        required=("Identity", "Member"),
        prompts=True,
        admission=Admission.RECIPIENTS,
    ),
    Cmdlet(
        "Update-DistributionGroupMember",
        update_distribution_group_member,
        {"Identity": Type.TEXT, "Members": Type.TEXTS, "BypassSecurityGroupManagerCheck": Type.SWITCH},
        required=("Identity", "Members"),
        prompts=True,
        admission=Admission.RECIPIENTS,
    ),
)
