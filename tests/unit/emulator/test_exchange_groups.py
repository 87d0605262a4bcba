# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipients, groups and their members, as cmdlets show and change them."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.exchange_rig import ANN, BOB, DESK, DOMAIN, NOBOX, ROOM, ExchangeRig
from emulator.launch import EmulatorError
from emulator.rig import Rig

BYPASS = {"BypassSecurityGroupManagerCheck": True}


def addresses(found: list[dict[str, Any]]) -> list[str]:
    return [item["PrimarySmtpAddress"].partition("@")[0] for item in found]


# --- recipients ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cmdlet", "found"),
    [
        ("Get-Mailbox", ["ann", "bob", "desk", "room"]),
        ("Get-User", ["ann", "bob", "desk", "room", ""]),
        ("Get-Group", ["All", "Inner", "List", "Team"]),
        ("Get-DistributionGroup", ["All", "Inner", "List"]),
        ("Get-Recipient", ["ann", "bob", "desk", "room", "All", "Inner", "List", "Team"]),
    ],
)
def test_each_cmdlet_has_its_kinds(exchange: ExchangeRig, cmdlet: str, found: list[str]) -> None:
    assert addresses(exchange.value(cmdlet)) == found


def test_a_mailbox(exchange: ExchangeRig) -> None:
    [user] = [user for user in exchange.rig.admin.snapshot(exchange.tenant_id)["users"] if user["mail"] == ANN]
    mailbox = exchange.one("Get-Mailbox", Identity=ANN)
    assert mailbox["ExternalDirectoryObjectId"] == user["id"] != mailbox["Guid"]
    assert mailbox["RecipientTypeDetails"] == "UserMailbox"
    assert mailbox["DisplayName"] == "Ann Hansen"
    for name in ("Guid", "Alias", "DistinguishedName", "ExternalDirectoryObjectId", "UserPrincipalName"):
        assert exchange.one("Get-Recipient", Identity=mailbox[name].upper())["Guid"] == mailbox["Guid"]
    assert exchange.refused("Get-Mailbox", Identity="Ann Hansen")[0] == 404


def test_kinds_of_mailboxes(exchange: ExchangeRig) -> None:
    kinds = {item["PrimarySmtpAddress"]: item["RecipientTypeDetails"] for item in exchange.value("Get-Mailbox")}
    assert (kinds[DESK], kinds[ROOM]) == ("SharedMailbox", "RoomMailbox")
    assert addresses(exchange.value("Get-Mailbox", RecipientTypeDetails=["sharedmailbox"])) == ["desk"]


def test_a_user_without_mailbox_is_no_recipient(exchange: ExchangeRig) -> None:
    assert exchange.one("Get-User", Identity=NOBOX)["RecipientTypeDetails"] == "User"
    for cmdlet in ("Get-Recipient", "Get-Mailbox", "Get-Group"):
        assert exchange.refused(cmdlet, Identity=NOBOX)[0] == 404


def test_a_group(exchange: ExchangeRig) -> None:
    group = exchange.one("Get-Group", Identity="All")
    assert group["Notes"] == "Everybody"
    assert group["WindowsEmailAddress"] == f"All@{DOMAIN}"
    assert group["RecipientTypeDetails"] == "MailUniversalSecurityGroup"
    assert group["Sid"].startswith("S-1-5-21-")
    assert group["DistinguishedName"].startswith("CN=All,OU=")
    assert group["WhenCreatedUTC"] == group["WhenChangedUTC"] == "2024-01-02T03:04:05Z"
    assert exchange.one("Get-Group", Identity="Team")["RecipientTypeDetails"] == "GroupMailbox"


@pytest.mark.parametrize("identity", ["nobody", "", None])
def test_what_is_unknown_is_not_found(exchange: ExchangeRig, identity: str | None) -> None:
    for cmdlet in ("Get-Group", "Get-DistributionGroup", "Get-Recipient", "Get-User"):
        assert exchange.refused(cmdlet, Identity=identity)[:2] == (404, "ManagementObjectNotFoundException")


def test_an_alias_of_two(exchange: ExchangeRig) -> None:
    seed = {"domains": [DOMAIN], "display_name": "Exchange"}
    users = [{"upn": f"ann@{DOMAIN}"}, {"upn": "ann@second.example"}]
    exchange.rig.admin.seed({"tenants": [{**seed, "users": users}]})
    with pytest.raises(EmulatorError, match="ManagementObjectAmbiguousException"):
        exchange.rig.admin.exchange(DOMAIN, "Get-Mailbox", Identity="ann")


# --- new groups ------------------------------------------------------------------------------------------------------


def test_a_new_security_group(exchange: ExchangeRig) -> None:
    group = exchange.one(
        "New-DistributionGroup",
        Name="Senders, all",
        Type="security",
        PrimarySmtpAddress="senders@second.example",
        Members=[ANN, "Inner"],
        Notes="Ours",
        RequireSenderAuthenticationEnabled=False,
    )
    assert group["RecipientTypeDetails"] == "MailUniversalSecurityGroup"
    assert group["Alias"] == "Senders?all"
    assert group["PrimarySmtpAddress"] == "senders@second.example"
    assert group["ManagedBy"] == ["Organization Management"]
    assert exchange.members("Senders, all") == sorted([ANN, f"Inner@{DOMAIN}"])
    shown = exchange.one("Get-Group", Identity=group["Guid"])
    assert shown["Notes"] == "Ours"
    assert shown["DistinguishedName"].startswith(r"CN=Senders\, all,OU=")
    assert exchange.one("Get-Group", Identity=shown["DistinguishedName"])["Guid"] == group["Guid"]
    settings = exchange.one("Get-DistributionGroup", Identity=group["Guid"])
    assert (settings["RequireSenderAuthenticationEnabled"], settings["HiddenFromAddressListsEnabled"]) == (False, False)
    exchange.value("Set-DistributionGroup", Identity=group["Guid"], HiddenFromAddressListsEnabled=True, **BYPASS)
    settings = exchange.one("Get-DistributionGroup", Identity=group["Guid"])
    assert (settings["RequireSenderAuthenticationEnabled"], settings["HiddenFromAddressListsEnabled"]) == (False, True)


def test_a_new_group_is_a_list_by_default(exchange: ExchangeRig) -> None:
    group = exchange.one("New-DistributionGroup", Name="Plain")
    assert group["RecipientTypeDetails"] == "MailUniversalDistributionGroup"
    assert group["PrimarySmtpAddress"] == f"Plain@{DOMAIN}"
    assert exchange.members("Plain") == []


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"Name": "x" * 65}, "DataValidationException"),
        ({"Name": " "}, "ParameterBindingException"),
        ({"Name": "New", "DisplayName": "x" * 257}, "DataValidationException"),
        ({"Name": "ALL"}, "ADObjectAlreadyExistsException"),
        ({"Name": "New", "Alias": "ANN"}, "RecipientTaskException"),
        ({"Name": "New", "Alias": "two words"}, "DataValidationException"),
        ({"Name": "New", "Alias": "dots..dots"}, "DataValidationException"),
        ({"Name": "New", "PrimarySmtpAddress": ANN.upper()}, "ProxyAddressExistsException"),
        ({"Name": "New", "PrimarySmtpAddress": "new@elsewhere.example"}, "NotAcceptedDomainException"),
        ({"Name": "New", "PrimarySmtpAddress": f"n w@{DOMAIN}"}, "DataValidationException"),
        ({"Name": "New", "Members": ["Team"]}, "RecipientTaskException"),
        ({"Name": "New", "Members": [NOBOX]}, "RecipientTaskException"),
    ],
)
def test_groups_that_cannot_be(exchange: ExchangeRig, parameters: dict[str, Any], kind: str) -> None:
    assert exchange.refused("New-DistributionGroup", **parameters)[:2] == (400, kind)
    assert len(exchange.value("Get-Group")) == 4


def test_a_group_of_nobody_known(exchange: ExchangeRig) -> None:
    assert exchange.refused("New-DistributionGroup", Name="New", Members=["nobody"])[0] == 404
    assert exchange.one("New-DistributionGroup", Name="x" * 64)["Name"] == "x" * 64


def test_naming_policy(rig: Rig) -> None:
    exchange = ExchangeRig(rig, naming_policy="GRP_{}_DK")
    group = exchange.one("New-DistributionGroup", Name="New", DisplayName="Shown")
    assert (group["Name"], group["DisplayName"], group["Alias"]) == ("GRP_New_DK", "GRP_Shown_DK", "GRP_New_DK")
    assert exchange.refused("Get-Group", Identity="New")[0] == 404
    assert exchange.refused("New-DistributionGroup", Name="x" * 64)[1] == "DataValidationException"
    assert exchange.one("New-DistributionGroup", Name="New", IgnoreNamingPolicy=True)["Name"] == "New"


# --- members ---------------------------------------------------------------------------------------------------------


def test_members(exchange: ExchangeRig) -> None:
    assert exchange.value("Add-DistributionGroupMember", Identity="List", Member=ANN, **BYPASS) == []
    assert exchange.members("List") == [ANN, BOB]
    again = exchange.refused("Add-DistributionGroupMember", Identity="List", Member=ANN, **BYPASS)
    assert again[:2] == (400, "MemberAlreadyExistsException")
    exchange.value("Remove-DistributionGroupMember", Identity="List", Member=BOB, Confirm=False, **BYPASS)
    assert exchange.members("List") == [ANN]
    gone = exchange.refused("Remove-DistributionGroupMember", Identity="List", Member=BOB, Confirm=False, **BYPASS)
    assert gone[:2] == (400, "MemberNotFoundException")
    wanted = {"Members": [BOB, "Inner", BOB], "Confirm": False}
    exchange.value("Update-DistributionGroupMember", Identity="List", **wanted, **BYPASS)
    assert exchange.members("List") == sorted([f"Inner@{DOMAIN}", BOB])
    exchange.value("Update-DistributionGroupMember", Identity="List", Members=[], Confirm=False, **BYPASS)
    assert exchange.members("List") == []


@pytest.mark.parametrize("member", ["Team", "List", NOBOX])
def test_no_members(exchange: ExchangeRig, member: str) -> None:
    refused = exchange.refused("Add-DistributionGroupMember", Identity="List", Member=member, **BYPASS)
    assert refused[:2] == (400, "RecipientTaskException")


def test_only_managers_change_members(exchange: ExchangeRig) -> None:
    exchange.value("New-DistributionGroup", Name="Hers", ManagedBy=[ANN])
    for group in ("Hers", "List"):
        refused = exchange.refused("Add-DistributionGroupMember", Identity=group, Member=ANN)
        assert refused[:2] == (400, "OperationRequiresGroupManagerException")
    changes: list[tuple[str, dict[str, Any]]] = [
        ("Remove-DistributionGroupMember", {"Member": BOB}),
        ("Update-DistributionGroupMember", {"Members": []}),
        ("Remove-DistributionGroup", {}),
    ]
    for cmdlet, parameters in changes:
        refused = exchange.refused(cmdlet, Identity="List", Confirm=False, **parameters)
        assert refused[:2] == (400, "OperationRequiresGroupManagerException")
    assert exchange.members("List") == [BOB]


@pytest.mark.parametrize("identity", ["nobody", "", None, "Team", ANN])
def test_members_of_nothing_are_everybody(exchange: ExchangeRig, identity: str | None) -> None:
    found = exchange.value("Get-DistributionGroupMember", Identity=identity)
    assert found == exchange.value("Get-Recipient")
    assert exchange.refused("Get-DistributionGroupMember")[1] == "ParameterBindingException"


def test_a_removed_group_is_in_no_group(exchange: ExchangeRig) -> None:
    exchange.value("Remove-DistributionGroup", Identity="Inner", Confirm=False, **BYPASS)
    assert exchange.members("All") == [ANN]


def test_members_of_members(exchange: ExchangeRig) -> None:
    """All and Inner hold each other."""
    organisation = exchange.rig.world.tenant(exchange.tenant_id).exchange  # type: ignore[union-attr]
    assert organisation is not None
    rules = organisation.rules
    group = rules.find("all")
    assert group is not None
    names = {recipient.guid: recipient.primary_smtp_address for recipient in rules.recipients.values()}
    assert {names[guid] for guid in rules.direct_members(group.guid)} == {ANN}
    assert {names[guid] for guid in rules.all_members(group.guid)} == {ANN, BOB}
