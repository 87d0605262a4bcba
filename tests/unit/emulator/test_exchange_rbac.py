# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RBAC for applications, as cmdlets show, change and test it."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.exchange_rig import ANN, BOB, DESK, DOMAIN, NOBOX, ExchangeRig
from emulator.rig import Rig

SEND = "Application Mail.Send"
EXISTS = (400, "ADObjectAlreadyExistsException")
NOT_FOUND = (404, "ManagementObjectNotFoundException")


def pointer(exchange: ExchangeRig, name: str = "Finished") -> dict[str, Any]:
    app_id, object_id = exchange.service_principal(name)
    return exchange.one("New-ServicePrincipal", AppId=app_id, ObjectId=object_id, DisplayName=name)


def scope(exchange: ExchangeRig, name: str = "Members", group: str = "All") -> dict[str, Any]:
    wanted = {"Name": name, "RecipientRestrictionFilter": exchange.group_filter(group)}
    return exchange.one("New-ManagementScope", **wanted)


def assign(exchange: ExchangeRig, app: str = "Finished", **parameters: Any) -> dict[str, Any]:
    return exchange.one("New-ManagementRoleAssignment", App=app, **{"Role": SEND, **parameters})


def delete_service_principal(exchange: ExchangeRig, object_id: str) -> None:
    token = exchange.rig.token(tenant=exchange.tenant_id)
    assert exchange.rig.graph("DELETE", f"/servicePrincipals/{object_id}", token=token).status_code == 204


# --- pointers --------------------------------------------------------------------------------------------------------


def test_a_pointer(exchange: ExchangeRig) -> None:
    app_id, object_id = exchange.service_principal()
    made = exchange.one("New-ServicePrincipal", AppId=app_id.upper(), ObjectId=object_id, DisplayName="Shown")
    assert (made["AppId"], made["ObjectId"], made["DisplayName"]) == (app_id, object_id, "Shown")
    assert made["Sid"].startswith("S-1-5-21-")
    for identity in (app_id, object_id, "shown"):
        assert exchange.value("Get-ServicePrincipal", Identity=identity) == [made]
    again = exchange.refused("New-ServicePrincipal", AppId=app_id, ObjectId=object_id)
    assert again[:2] == EXISTS
    exchange.value("Remove-ServicePrincipal", Identity=object_id, Confirm=False)
    assert exchange.value("Get-ServicePrincipal") == []
    assert exchange.refused("Get-ServicePrincipal", Identity=object_id)[:2] == NOT_FOUND


def test_the_object_id_is_the_service_principals(exchange: ExchangeRig) -> None:
    app_id, object_id = exchange.service_principal()
    applications = exchange.rig.admin.snapshot(exchange.tenant_id)["applications"]
    [registration] = [item["id"] for item in applications if item["appId"] == app_id]
    other_app_id, _other = exchange.service_principal("Other")
    for wrong in ({"ObjectId": registration, "AppId": app_id}, {"ObjectId": object_id, "AppId": other_app_id}):
        status, kind, text = exchange.refused("New-ServicePrincipal", **wrong)
        assert (status, kind) == (400, "AADServicePrincipalNotFoundException")
        assert text.startswith("AADServicePrincipalNotFound")


def test_a_fresh_service_principal_takes_attempts(rig: Rig) -> None:
    exchange = ExchangeRig(rig, sync={"attempts": 2})
    app_id, object_id = exchange.service_principal()
    outcomes = [exchange.run("New-ServicePrincipal", AppId=app_id, ObjectId=object_id) for _unused in range(3)]
    assert [outcome.status_code for outcome in outcomes] == [400, 400, 200]


def test_a_fresh_service_principal_takes_time(rig: Rig) -> None:
    exchange = ExchangeRig(rig, sync={"seconds": 60})
    app_id, object_id = exchange.service_principal()
    wanted = {"AppId": app_id, "ObjectId": object_id}
    assert exchange.refused("New-ServicePrincipal", **wanted)[1] == "AADServicePrincipalNotFoundException"
    rig.admin.advance_clock(61)
    assert exchange.one("New-ServicePrincipal", **wanted)["DisplayName"] == "Finished"
    rig.admin.tenant(exchange.tenant_id, sync={"attempts": 1})
    other = dict(zip(("AppId", "ObjectId"), exchange.service_principal("Other"), strict=True))
    assert exchange.run("New-ServicePrincipal", **other).status_code == 400
    assert exchange.run("New-ServicePrincipal", **other).status_code == 200


def test_deleting_the_service_principal_takes_pointer_and_assignments(exchange: ExchangeRig) -> None:
    gone, stays = pointer(exchange), pointer(exchange, "Other")
    scope(exchange)
    assign(exchange, CustomResourceScope="Members")
    kept = assign(exchange, "Other", CustomResourceScope="Members")
    delete_service_principal(exchange, gone["ObjectId"])
    assert exchange.value("Get-ServicePrincipal") == [stays]
    assert exchange.value("Get-ManagementRoleAssignment") == [kept]
    assert exchange.one("Get-ManagementScope")["Name"] == "Members"


# --- scopes ----------------------------------------------------------------------------------------------------------


def test_a_scope(exchange: ExchangeRig) -> None:
    made = scope(exchange, group="List")
    assert made["RecipientFilter"] == exchange.group_filter("List")
    assert exchange.value("Get-ManagementScope", Identity="members") == [made]
    again = {"Name": "MEMBERS", "RecipientRestrictionFilter": exchange.group_filter("All")}
    assert exchange.refused("New-ManagementScope", **again)[:2] == EXISTS
    pointer(exchange)
    assign(exchange, CustomResourceScope="members")
    in_use = exchange.refused("Remove-ManagementScope", Identity="Members", Confirm=False)
    assert in_use[:2] == (400, "TaskInvalidOperationException")
    change = {"Name": "Renamed", "RecipientRestrictionFilter": exchange.group_filter("All")}
    exchange.value("Set-ManagementScope", Identity="Members", **change)
    assert exchange.one("Get-ManagementScope")["RecipientFilter"] == exchange.group_filter("All")
    [assignment] = exchange.value("Get-ManagementRoleAssignment")
    assert assignment["CustomResourceScope"] == "Renamed"
    exchange.value("Remove-ManagementRoleAssignment", Identity=assignment["Name"], Confirm=False)
    exchange.value("Remove-ManagementScope", Identity=made["Guid"], Confirm=False)
    assert exchange.value("Get-ManagementScope") == []


@pytest.mark.parametrize(
    ("recipient_filter", "status"),
    [
        ("MemberOfGroup -eq 'All'", 400),
        ("Department -eq 'Sales'", 400),
        ("MemberOfGroup -eq 'CN=nobody,OU=x'", 404),
        ("", 400),
    ],
)
def test_filters_that_mean_no_group(exchange: ExchangeRig, recipient_filter: str, status: int) -> None:
    wanted = {"Name": "Members", "RecipientRestrictionFilter": recipient_filter}
    assert exchange.refused("New-ManagementScope", **wanted)[0] == status
    assert exchange.value("Get-ManagementScope") == []


def test_names_have_a_length(exchange: ExchangeRig) -> None:
    wanted = {"RecipientRestrictionFilter": exchange.group_filter("All")}
    assert exchange.refused("New-ManagementScope", Name="x" * 65, **wanted)[1] == "DataValidationException"
    pointer(exchange)
    refused = exchange.refused("New-ManagementRoleAssignment", Name="x" * 65, Role=SEND, App="Finished")
    assert refused[1] == "DataValidationException"


# --- assignments -----------------------------------------------------------------------------------------------------


def test_an_assignment(exchange: ExchangeRig) -> None:
    made, other = pointer(exchange), pointer(exchange, "Other")
    scope(exchange)
    wanted = {"Name": "Ours", "CustomResourceScope": "Members"}
    assignment = assign(exchange, made["AppId"], Role=SEND.lower(), **wanted)
    assert assignment["Role"] == SEND
    assert assignment["RoleAssignee"] == assignment["App"] == made["ObjectId"]
    assert assignment["RoleAssigneeType"] == "ServicePrincipal"
    assert (assignment["CustomResourceScope"], assignment["RecipientWriteScope"]) == ("Members", "CustomRecipientScope")
    for given in (
        {"Identity": "OURS"},
        {"Identity": assignment["Guid"]},
        {"RoleAssignee": "Finished"},
        {"RoleAssigneeType": "serviceprincipal", "Role": SEND},
    ):
        assert exchange.value("Get-ManagementRoleAssignment", **given) == [assignment]
    for given in (
        {"RoleAssignee": other["ObjectId"]},
        {"Role": "Application Mail.Read"},
        {"RoleAssigneeType": "RoleGroup"},
    ):
        assert exchange.value("Get-ManagementRoleAssignment", **given) == []
    again = exchange.refused("New-ManagementRoleAssignment", Role=SEND, App="Finished", **wanted)
    assert again[:2] == EXISTS
    in_use = exchange.refused("Remove-ServicePrincipal", Identity="Finished", Confirm=False)
    assert in_use[:2] == (400, "TaskInvalidOperationException")


@pytest.mark.parametrize(
    "given", [{"Identity": "nobody"}, {"RoleAssignee": "nobody"}, {"Role": "Application Mail.Nonsense"}]
)
def test_assignments_of_nobody(exchange: ExchangeRig, given: dict[str, Any]) -> None:
    assert exchange.refused("Get-ManagementRoleAssignment", **given)[:2] == NOT_FOUND


def test_without_a_scope_the_application_gets_everybody(exchange: ExchangeRig) -> None:
    pointer(exchange)
    assignment = assign(exchange)
    assert (assignment["RecipientWriteScope"], assignment["CustomResourceScope"]) == ("Organization", None)
    assert assign(exchange)["Name"] != assignment["Name"]


@pytest.mark.parametrize("value", ["", None, "nobody"])
@pytest.mark.parametrize("name", ["CustomResourceScope", "RecipientGroupScope", "RecipientAdministrativeUnitScope"])
def test_an_empty_scope_is_never_everybody(exchange: ExchangeRig, name: str, value: str | None) -> None:
    pointer(exchange)
    wanted = {"Role": SEND, "App": "Finished", name: value}
    assert exchange.refused("New-ManagementRoleAssignment", **wanted)[:2] == NOT_FOUND
    assert exchange.value("Get-ManagementRoleAssignment") == []


def test_at_most_one_scope(exchange: ExchangeRig) -> None:
    pointer(exchange)
    scope(exchange)
    wanted = {"CustomResourceScope": "Members", "RecipientGroupScope": "All"}
    refused = exchange.refused("New-ManagementRoleAssignment", Role=SEND, App="Finished", **wanted)
    assert refused[:2] == (400, "ParameterBindingException")


def test_display_names_of_two(exchange: ExchangeRig) -> None:
    first, second = pointer(exchange), pointer(exchange)
    refused = exchange.refused("New-ManagementRoleAssignment", Role=SEND, App="Finished")
    assert refused[:2] == (400, "ManagementObjectAmbiguousException")
    assert assign(exchange, second["ObjectId"])["App"] == second["ObjectId"] != first["ObjectId"]


def test_an_assignment_needs_a_pointer_and_a_known_role(exchange: ExchangeRig) -> None:
    _app_id, object_id = exchange.service_principal()
    assert exchange.refused("New-ManagementRoleAssignment", Role=SEND, App=object_id)[:2] == NOT_FOUND
    pointer(exchange)
    assert exchange.refused("New-ManagementRoleAssignment", Role="Mail.Send", App="Finished")[:2] == NOT_FOUND


# --- what comes of it ------------------------------------------------------------------------------------------------


def authorization(exchange: ExchangeRig, **parameters: Any) -> list[tuple[str, str, str]]:
    found = exchange.value("Test-ServicePrincipalAuthorization", Identity="Finished", **parameters)
    return [(item["RoleName"], item["ScopeType"], item["InScope"]) for item in found]


@pytest.mark.parametrize(
    ("given", "kind", "ann", "bob"),
    [
        ({"CustomResourceScope": "Members"}, "CustomRecipientScope", "True", "False"),
        ({"RecipientGroupScope": "All"}, "Group", "True", "False"),
        ({"RecipientGroupScope": "Team"}, "Group", "True", "False"),
        ({}, "Organization", "True", "True"),
    ],
)
def test_authorization(exchange: ExchangeRig, given: dict[str, str], kind: str, ann: str, bob: str) -> None:
    """BOB is in All by way of another group, which does not count."""
    pointer(exchange)
    scope(exchange)
    assign(exchange, **given)
    assert authorization(exchange) == [(SEND, kind, "Not Run")]
    assert authorization(exchange, Resource=ANN) == [(SEND, kind, ann)]
    assert authorization(exchange, Resource=BOB) == [(SEND, kind, bob)]
    for unknown in (NOBOX, "nobody", f"All@{DOMAIN}"):
        refused = exchange.refused("Test-ServicePrincipalAuthorization", Identity="Finished", Resource=unknown)
        assert refused[:2] == NOT_FOUND


def test_what_a_role_allows(exchange: ExchangeRig) -> None:
    pointer(exchange)
    scope(exchange)
    assign(exchange, CustomResourceScope="Members")
    assign(exchange, Role="Application Mail Full Access")
    first, second = exchange.value("Test-ServicePrincipalAuthorization", Identity="Finished", Resource=DESK)
    assert (first["GrantedPermissions"], first["AllowedResourceScope"]) == ("Mail.Send", "Members")
    assert (second["GrantedPermissions"], second["AllowedResourceScope"]) == (
        "Mail.ReadWrite, Mail.Send",
        "Not Restricted",
    )


# --- dehydrated organisations ----------------------------------------------------------------------------------------

DEHYDRATED = (400, "InvalidOperationInDehydratedContextException")


def test_a_dehydrated_organisation(rig: Rig) -> None:
    exchange = ExchangeRig(rig, dehydrated=True, customization={"attempts": 1})
    pointer(exchange)
    new_scope = {"Name": "Members", "RecipientRestrictionFilter": exchange.group_filter("All")}
    assert exchange.one("Get-OrganizationConfig")["IsDehydrated"] is True
    for _unused in range(2):
        assert exchange.refused("New-ManagementScope", **new_scope)[:2] == DEHYDRATED
    assert exchange.refused("New-ManagementRoleAssignment", Role=SEND, App="Finished")[:2] == DEHYDRATED
    assert exchange.value("Enable-OrganizationCustomization") == []
    assert exchange.one("Get-OrganizationConfig")["IsDehydrated"] is False
    assert exchange.refused("New-ManagementScope", **new_scope)[:2] == DEHYDRATED
    assert exchange.one("New-ManagementScope", **new_scope)["Name"] == "Members"
    assert exchange.refused("Enable-OrganizationCustomization")[:2] == (400, "TaskInvalidOperationException")


def test_most_organisations_are_not(exchange: ExchangeRig) -> None:
    assert exchange.one("Get-OrganizationConfig")["IsDehydrated"] is False
    assert exchange.refused("Enable-OrganizationCustomization")[0] == 400
