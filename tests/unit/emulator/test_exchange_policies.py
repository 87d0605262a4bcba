# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Application access policies, as cmdlets show, change and test them."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.exchange_rig import ANN, BOB, DESK, NOBOX, ExchangeRig
from emulator.rig import Rig

APP = "cccccccc-0000-4000-8000-000000000001"
OTHER = "cccccccc-0000-4000-8000-000000000002"


def new(exchange: ExchangeRig, **parameters: Any) -> list[dict[str, Any]]:
    wanted = {"AppId": [APP], "PolicyScopeGroupId": "All", "AccessRight": "RestrictAccess", **parameters}
    return exchange.value("New-ApplicationAccessPolicy", **wanted)


def checked(exchange: ExchangeRig, mailbox: str) -> str:
    return str(exchange.one("Test-ApplicationAccessPolicy", Identity=mailbox, AppId=APP)["AccessCheckResult"])


def test_a_policy(exchange: ExchangeRig) -> None:
    [made] = new(exchange, Description=" ")
    group = exchange.one("Get-Group", Identity="All")
    assert made["Identity"].startswith(f"{exchange.tenant_id}\\{APP}:{group['Sid']};")
    assert made.keys() >= {"ShardType", "IsValid", "ObjectState", "ScopeIdentity"}
    assert made["ScopeName"] == "All"
    assert made["ScopeIdentityRaw"] == group["Sid"]
    assert (made["AppId"], made["AccessRight"], made["Description"]) == (APP, "RestrictAccess", " ")
    assert exchange.value("Get-ApplicationAccessPolicy", Identity=made["Identity"]) == [made]
    exchange.value("Set-ApplicationAccessPolicy", Identity=made["Identity"], Description="Ours")
    assert exchange.one("Get-ApplicationAccessPolicy", Identity=made["Identity"])["Description"] == "Ours"
    exchange.value("Remove-ApplicationAccessPolicy", Identity=made["Identity"], Confirm=False)
    assert exchange.value("Get-ApplicationAccessPolicy") == []


def test_a_policy_made_anew_has_the_identity_that_it_had(exchange: ExchangeRig) -> None:
    [made] = new(exchange)
    exchange.value("Remove-ApplicationAccessPolicy", Identity=made["Identity"], Confirm=False)

    assert [policy["Identity"] for policy in new(exchange)] == [made["Identity"]]


def test_one_policy_for_each_application(exchange: ExchangeRig) -> None:
    assert [policy["AppId"] for policy in new(exchange, AppId=[APP, OTHER])] == [APP, OTHER]
    assert [policy["AppId"] for policy in new(exchange, AppId=APP.upper())] == [APP]
    assert len({policy["Identity"] for policy in exchange.value("Get-ApplicationAccessPolicy")}) == 3


@pytest.mark.parametrize("identity", ["nobody", "", None])
def test_of_an_unknown_identity_all_are_shown(exchange: ExchangeRig, identity: str | None) -> None:
    made = new(exchange, AppId=[APP, OTHER])
    assert exchange.value("Get-ApplicationAccessPolicy", Identity=identity) == made
    change = {"Identity": "nobody", "Description": ""}
    assert exchange.refused("Set-ApplicationAccessPolicy", **change)[0] == 404
    assert exchange.refused("Remove-ApplicationAccessPolicy", Identity="nobody", Confirm=False)[0] == 404


@pytest.mark.parametrize("scope", ["List", "Team", DESK, NOBOX])
def test_scopes_that_are_no_security_principals(exchange: ExchangeRig, scope: str) -> None:
    wanted = {"AppId": [APP], "PolicyScopeGroupId": scope, "AccessRight": "RestrictAccess"}
    status, _kind, text = exchange.refused("New-ApplicationAccessPolicy", **wanted)
    assert (status, text) == (400, "The identity of the policy scope is not a security principal.")


def test_a_scope_of_one_mailbox(exchange: ExchangeRig) -> None:
    new(exchange, PolicyScopeGroupId=ANN)
    assert (checked(exchange, ANN), checked(exchange, BOB)) == ("Granted", "Denied")


@pytest.mark.parametrize(("length", "most"), [(1, 300), (200, 100)])
def test_capacity_is_a_matter_of_descriptions(exchange: ExchangeRig, length: int, most: int) -> None:
    new(exchange, AppId=[APP] * most, Description="x" * length)
    wanted = {"AppId": [APP], "PolicyScopeGroupId": "All", "AccessRight": "DenyAccess", "Description": "x" * length}
    text = exchange.refused("New-ApplicationAccessPolicy", **wanted)[2]
    assert text == "The total size of App Access Policies exceeded the limit."


@pytest.mark.parametrize(
    ("policies", "ann", "bob", "desk"),
    [
        ([], "Granted", "Granted", "Granted"),
        ([("RestrictAccess", "All")], "Granted", "Granted", "Denied"),
        ([("DenyAccess", "All")], "Denied", "Denied", "Granted"),
        ([("RestrictAccess", "All"), ("DenyAccess", BOB)], "Granted", "Denied", "Denied"),
        ([("RestrictAccess", ANN), ("RestrictAccess", BOB)], "Granted", "Granted", "Denied"),
        ([("DenyAccess", ANN), ("RestrictAccess", ANN)], "Denied", "Denied", "Denied"),
    ],
)
def test_evaluation(exchange: ExchangeRig, policies: list[tuple[str, str]], ann: str, bob: str, desk: str) -> None:
    """BOB is in All by way of another group."""
    new(exchange, AppId=[OTHER], PolicyScopeGroupId=ANN)
    for right, scope in policies:
        new(exchange, AccessRight=right, PolicyScopeGroupId=scope)
    assert [checked(exchange, mailbox) for mailbox in (ANN, BOB, DESK)] == [ann, bob, desk]


@pytest.mark.parametrize(("language", "granted", "denied"), [("fr", "Accordé", "Refusé"), ("da", "Givet", "Nægtet")])
def test_results_are_translated(rig: Rig, language: str, granted: str, denied: str) -> None:
    exchange = ExchangeRig(rig, language=language, enforcement={"seconds": 3600})
    new(exchange)
    assert (checked(exchange, ANN), checked(exchange, DESK)) == (granted, denied)


def test_a_policy_outlives_its_group(exchange: ExchangeRig) -> None:
    [made] = new(exchange)
    exchange.value("Remove-DistributionGroup", Identity="All", Confirm=False, BypassSecurityGroupManagerCheck=True)
    [left] = exchange.value("Get-ApplicationAccessPolicy")
    assert (left["Identity"], left["IsValid"], left["ScopeName"]) == (made["Identity"], False, "")
    assert checked(exchange, ANN) == "Denied"


def test_seeded_policies(rig: Rig) -> None:
    seeded = [{"display_name": "Automation", "group": "All", "description": "Old"}]
    exchange = ExchangeRig(rig, policies=[*seeded, {"app_id": APP, "group": ANN, "access_right": "DenyAccess"}])
    first, second = exchange.value("Get-ApplicationAccessPolicy")
    assert (first["ScopeName"], first["Description"]) == ("All", "Old")
    assert (second["AppId"], second["AccessRight"]) == (APP, "DenyAccess")
