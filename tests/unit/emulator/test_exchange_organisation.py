# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The organisation behind the cmdlets: its seed, its history, and the admin door's way into it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from emulator.exchange.store.organisation import Organisation
from emulator.exchange_rig import ANN, BOB, DOMAIN, ExchangeRig
from emulator.launch import EmulatorError
from emulator.rig import Rig
from emulator.seed import BadSeed, check_seed

LIST = {"name": "One", "kind": "distribution"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z?")
BYPASS = {"BypassSecurityGroupManagerCheck": True}


def organisation(exchange: ExchangeRig) -> Organisation:
    tenant = exchange.rig.world.tenant(exchange.tenant_id)
    assert tenant is not None
    assert tenant.exchange is not None
    return tenant.exchange


def enforced_members(org: Organisation) -> int:
    group = org.enforced().find("List")
    return len(group.members) if group is not None else -1


# --- seeds -----------------------------------------------------------------------------------------------------------


def test_a_seed_always_gives_the_same_organisation_whenever_it_is_sown(rig: Rig) -> None:
    shown = []
    for _unused in range(2):
        exchange = ExchangeRig(rig, policies=[{"display_name": "Automation", "group": "All"}])
        shown.append(_TIME.sub("", json.dumps(rig.admin.snapshot(exchange.tenant_id))))
        rig.admin.advance_clock(1)
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("exchange", "part"),
    [
        (True, "exchange"),
        ({"language": "de"}, "exchange.language"),
        ({"naming_policy": "GRP"}, "exchange.naming_policy"),
        ({"groups": [{"name": "x" * 65}]}, "exchange.groups.0.name"),
        ({"groups": [{"name": "One", "members": ["nobody"]}]}, "exchange.groups"),
        ({"groups": [{"name": "One", "members": ["bob@c.example"]}]}, "exchange.groups"),
        ({"groups": [{"name": "One", "kind": "microsoft365"}, {"name": "Two", "members": ["One"]}]}, "exchange.groups"),
        ({"groups": [LIST], "policies": [{"display_name": "App", "group": "One"}]}, "exchange.policies"),
        ({"policies": [{"display_name": "Nothing", "group": "ann@c.example"}]}, "exchange.policies"),
        ({"policies": [{"display_name": "App", "group": "desk@c.example"}]}, "exchange.policies"),
    ],
)
def test_bad_seeds(exchange: Any, part: str) -> None:
    users: list[dict[str, Any]] = [{"upn": "ann@c.example"}, {"upn": "bob@c.example", "mailbox": False}]
    users.append({"upn": "desk@c.example", "mailbox": "shared"})
    tenant = {"domains": ["c.example"], "display_name": "C", "users": users, "applications": [{"displayName": "App"}]}
    with pytest.raises(BadSeed, match=rf"tenant C: {part}"):
        check_seed({"tenants": [{**tenant, "exchange": exchange}]})


# --- history ---------------------------------------------------------------------------------------------------------


def test_changes_are_enforced_later(rig: Rig) -> None:
    exchange = ExchangeRig(rig, enforcement={"seconds": 100})
    org = organisation(exchange)
    exchange.value("Add-DistributionGroupMember", Identity="List", Member=ANN, **BYPASS)
    assert exchange.members("List") == [ANN, BOB]
    assert enforced_members(org) == 1
    rig.admin.advance_clock(60)
    exchange.value("Update-DistributionGroupMember", Identity="List", Members=[], Confirm=False, **BYPASS)
    assert enforced_members(org) == 1
    rig.admin.advance_clock(60)
    assert enforced_members(org) == 2
    rig.admin.advance_clock(60)
    assert enforced_members(org) == 0


def test_enforcement_can_be_changed(exchange: ExchangeRig) -> None:
    org = organisation(exchange)
    exchange.rig.admin.tenant(exchange.tenant_id, enforcement={"seconds": 50})
    exchange.value("Update-DistributionGroupMember", Identity="List", Members=[], Confirm=False, **BYPASS)
    assert enforced_members(org) == 1
    exchange.rig.admin.tenant(exchange.tenant_id, enforcement={"seconds": 0})
    assert enforced_members(org) == 0
    assert org.enforced() is org.rules


def test_a_refused_command_changes_nothing(exchange: ExchangeRig) -> None:
    before = organisation(exchange).rules
    assert exchange.refused("New-DistributionGroup", Name="New", Members=["nobody"])[0] == 404
    exchange.value("Get-Recipient")
    assert organisation(exchange).rules is before


# --- admin door ------------------------------------------------------------------------------------------------------


def test_snapshot(rig: Rig) -> None:
    exchange = ExchangeRig(rig, policies=[{"display_name": "Automation", "group": "All"}])
    app_id, object_id = exchange.service_principal()
    exchange.value("New-ServicePrincipal", AppId=app_id, ObjectId=object_id)
    exchange.value("New-ManagementScope", Name="Members", RecipientRestrictionFilter=exchange.group_filter("All"))
    wanted = {"Role": "Application Mail.Send", "App": app_id}
    exchange.value("New-ManagementRoleAssignment", CustomResourceScope="Members", **wanted)
    exchange.value("New-ManagementRoleAssignment", RecipientGroupScope="List", **wanted)
    exchange.value("New-ManagementRoleAssignment", **wanted)
    shown = rig.admin.snapshot(exchange.tenant_id)["exchange"]
    assert (shown["dehydrated"], shown["language"], shown["sent"]) == (False, "en", [])
    groups = {item["name"]: item["members"] for item in shown["recipients"] if "members" in item}
    assert groups["All"] == [f"Inner@{DOMAIN}", ANN]
    [policy] = shown["policies"]
    assert (policy["scope"], policy["access_right"]) == (f"All@{DOMAIN}", "RestrictAccess")
    assert shown["pointers"] == [{"app_id": app_id, "object_id": object_id, "display_name": "Finished"}]
    assert (shown["scopes"][0]["group"], shown["scopes"][0]["members"]) == (f"All@{DOMAIN}", [ANN])
    assert [(item["scope_kind"], item["scope"]) for item in shown["assignments"]] == [
        ("CustomRecipientScope", "Members"),
        ("Group", f"List@{DOMAIN}"),
        ("Organization", None),
    ]


def test_a_pretend_administrator(exchange: ExchangeRig) -> None:
    admin, tenant = exchange.rig.admin, exchange.tenant_id
    admin.tenant(tenant, directory_roles=[])
    assert admin.exchange(tenant, "New-DistributionGroup", Name="Drift")[0]["Name"] == "Drift"
    with pytest.raises(EmulatorError, match=r"ManagementObjectNotFoundException: .*'nobody'"):
        admin.exchange(tenant, "Get-Mailbox", Identity="nobody")


def test_a_tenant_without_exchange_takes_no_commands(rig: Rig) -> None:
    rig.admin.seed({"tenants": [{"domains": ["without.example"], "display_name": "Without", "exchange": False}]})
    with pytest.raises(EmulatorError, match="has no Exchange"):
        rig.admin.exchange("without.example", "Get-Mailbox")
    with pytest.raises(EmulatorError, match="language: the tenant has no Exchange"):
        rig.admin.tenant("without.example", language="da")


def test_an_address_goes_from_one_mailbox_to_another_and_is_nobody_elses(exchange: ExchangeRig) -> None:
    run = exchange.rig.admin.exchange
    tenant, alias = exchange.tenant_id, f"post@{DOMAIN}"
    run(tenant, "Set-Mailbox", Identity=ANN, EmailAddresses=[f"SMTP:{ANN}", f"smtp:{alias}"])
    assert run(tenant, "Get-Recipient", Identity=alias)[0]["PrimarySmtpAddress"] == ANN
    with pytest.raises(EmulatorError, match="already being used"):
        run(tenant, "Set-Mailbox", Identity=BOB, EmailAddresses=[f"SMTP:{BOB}", f"smtp:{alias}"])
    with pytest.raises(EmulatorError):
        run(tenant, "Set-Mailbox", Identity=BOB, EmailAddresses=[f"SMTP:bobby@{DOMAIN}"])

    run(tenant, "Set-Mailbox", Identity=ANN, EmailAddresses=[f"SMTP:{ANN}"])
    run(tenant, "Set-Mailbox", Identity=BOB, EmailAddresses=[f"SMTP:{BOB}", f"smtp:{alias}"])

    assert run(tenant, "Get-Recipient", Identity=alias)[0]["PrimarySmtpAddress"] == BOB
