# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every mode of restriction: from nothing to complete, and the second run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL
from integration.operator_desk import ONBOARD, SENDER, Desk
from integration.reach_witness import ANN, EVERYBODY, USERS, assert_never_beyond, reach_now
from integration.tenants import ROLES, Tenants, domain_of
from integration.witness import Witness, exchange_writes, last_request, writes

Json = dict[str, Any]

MAIL_GROUP, CALENDAR_GROUP = "totalviewtimesendemail", "totalviewcalendarsynchronization"
BETA_ROLES = (*ROLES, "RoleManagement.ReadWrite.Exchange")
CALENDARS = {"connector_calendar_members": [ANN, SENDER]}
RBAC = {"connector_mail_restriction": "rbac", "connector_calendar_restriction": "rbac", **CALENDARS}
OPEN = {"connector_mail_restriction": "none", "connector_mail_allow_every_mailbox": True}


@dataclass(frozen=True)
class Case:
    """A host's variables, what is special in its tenant, and who is reached in the end."""

    variables: Json
    tenant: Json = field(default_factory=dict)
    calendar: frozenset[str] = frozenset({ANN, SENDER})
    mail: frozenset[str] = frozenset({SENDER})

    @property
    def inside(self) -> dict[str, set[str]]:
        return {CALENDAR: set(self.calendar), MAIL: set(self.mail)}


CASES = {
    "policy-for-mail": Case({}, calendar=frozenset(EVERYBODY)),
    "policies": Case(CALENDARS),
    "roles": Case(RBAC),
    "roles-for-calendars": Case({**CALENDARS, "connector_calendar_restriction": "rbac"}),
    "graph-beta": Case({**RBAC, "connector_rbac_api": "graph_beta"}, {"roles": BETA_ROLES}),
    "open": Case(OPEN, calendar=frozenset(EVERYBODY), mail=frozenset(EVERYBODY)),
    "group-of-theirs": Case(
        {"connector_calendar_restriction": "access_policy", "connector_calendar_group": "Staff"},
        {"exchange": {"groups": [{"name": "Staff", "members": [ANN, SENDER]}]}},
    ),
    "group-in-a-group": Case(
        {"connector_calendar_members": ["Staff@{domain}", SENDER]},
        {"exchange": {"groups": [{"name": "Staff", "kind": "distribution", "members": [ANN]}]}},
    ),
    "naming-policy": Case(CALENDARS, {"exchange": {"naming_policy": "GRP_{}"}}),
    "french": Case(CALENDARS, {"exchange": {"language": "fr"}}),
    "danish-roles": Case(RBAC, {"exchange": {"language": "da"}}),
    "dehydrated": Case(RBAC, {"exchange": {"dehydrated": True}}),
    "busy": Case(RBAC, {"exchange": {"concurrency": 1}}),
    "dehydrated-in-french": Case(RBAC, {"exchange": {"dehydrated": True, "language": "fr"}}),
}


@pytest.fixture
def fleet(desk: Desk, tenants: Tenants) -> dict[str, str]:
    """One tenant for each case; its directory id by host."""
    ids = {host: tenants.make(users=USERS, **case.tenant) for host, case in CASES.items()}
    for host, tenant in ids.items():
        variables = {name: _in_domain(value, tenant) for name, value in CASES[host].variables.items()}
        desk.hosts[host] = {"connector_tenant_id": tenant, **variables}
    return ids


def _in_domain(value: Any, tenant: str) -> Any:
    return [entry.format(domain=domain_of(tenant)) for entry in value] if isinstance(value, list) else value


def test_each_mode_is_promised_made_proven_and_then_left_alone(
    desk: Desk, fleet: dict[str, str], emulator: Emulator
) -> None:
    promise = desk.run(ONBOARD, "--check", "--diff")
    assert promise.code == 0, promise.output
    for host, tenant in fleet.items():
        assert promise.tenant(host)["state"] == "changes_pending", host
        assert writes(emulator, tenant) == [], host
        assert exchange_writes(emulator, tenant) == [], host

    real = desk.run()

    assert real.code == 0, real.output
    for host, tenant in fleet.items():
        assert real.tenant(host)["state"] == "complete", (host, real.tenant(host))
        assert _steps(real.changes(host)) == _steps(promise.changes(host)), host
        assert real.tenant(host)["changed"] == promise.tenant(host)["changed"], host
        assert (desk.store / "handoff" / f"{host}.yml").exists(), host
        assert reach_now(emulator, tenant) == CASES[host].inside, host
        assert_never_beyond(emulator, tenant, CASES[host].inside, enforced_after=0)
        _assert_as_exchange_tells_it(emulator, tenant, CASES[host])

    before, mark = {host: emulator.snapshot(tenant) for host, tenant in fleet.items()}, last_request(emulator)
    again = desk.run()

    assert {host: row["changed"] for host, row in again.stats.items()} == dict.fromkeys(fleet, 0)
    for host, tenant in fleet.items():
        assert again.tenant(host) == {"tenant": host, "state": "complete", "changed": [], "next": "-"}
        assert writes(emulator, tenant, mark) == [], host
        assert exchange_writes(emulator, tenant, mark) == [], host
        assert emulator.snapshot(tenant) == before[host], host


def _steps(changes: list[str]) -> list[str]:
    """Both registrations plan to enable customization of their organization; the first one does it."""
    return [step for step in changes if step != "enable organization customization"]


def _assert_as_exchange_tells_it(emulator: Emulator, tenant: str, case: Case) -> None:
    """Read with cmdlets of its own, and each mechanism where it belongs only."""
    emulator.tenant(tenant, language="en")
    witness = Witness(emulator, tenant)
    modes = {
        CALENDAR: case.variables.get(
            "connector_calendar_restriction",
            "access_policy" if "connector_calendar_members" in case.variables else "none",
        ),
        MAIL: case.variables.get("connector_mail_restriction", "access_policy"),
    }
    policies = {row["AppId"]: row for row in emulator.exchange(tenant, "Get-ApplicationAccessPolicy")}
    assignments = emulator.exchange(tenant, "Get-ManagementRoleAssignment")
    by_key = {row["uniqueName"]: row for row in witness.applications.values()}
    for key, mode in modes.items():
        application = by_key[key]
        principal = witness.principal(application)["id"]
        assert (application["appId"] in policies) is (mode == "access_policy"), (key, policies)
        roles = {row["Role"] for row in assignments if principal in (row["App"], row["RoleAssignee"])}
        mailbox_permissions = {CALENDAR: {"Calendars.Read", "Calendars.ReadWrite"}, MAIL: {"Mail.Send"}}[key]
        wanted = {f"Application {name}" for name in mailbox_permissions} if mode == "rbac" else set()
        assert roles == wanted, (key, assignments)
        assert mailbox_permissions.isdisjoint(witness.granted(application)) is (mode == "rbac"), key
        if mode == "access_policy":
            _assert_tested(emulator, tenant, application["appId"], case.inside[key])
    assert case.variables.get("connector_mail_restriction") != "none" or policies == {}


def _assert_tested(emulator: Emulator, tenant: str, app_id: str, inside: set[str]) -> None:
    results = {
        mailbox: emulator.exchange(tenant, "Test-ApplicationAccessPolicy", Identity=mailbox, AppId=app_id)
        for mailbox in EVERYBODY
    }
    assert {mailbox for mailbox, rows in results.items() if rows[0]["AccessCheckResult"] == "Granted"} == inside


def test_the_group_is_ours_and_holds_nobody_else(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make(users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, **CALENDARS}

    assert desk.run().code == 0

    groups = {row["Name"]: row for row in emulator.exchange(tenant, "Get-DistributionGroup")}
    assert set(groups) == {MAIL_GROUP, CALENDAR_GROUP}
    assert {row["RecipientTypeDetails"] for row in groups.values()} == {"MailUniversalSecurityGroup"}
    members = {
        name: {
            row["PrimarySmtpAddress"] for row in emulator.exchange(tenant, "Get-DistributionGroupMember", Identity=name)
        }
        for name in groups
    }
    assert members == {MAIL_GROUP: {SENDER}, CALENDAR_GROUP: {ANN, SENDER}}
