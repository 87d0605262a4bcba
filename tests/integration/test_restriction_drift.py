# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever somebody changes by hand at groups, access policies and roles is put right by the next run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL, Administrator
from integration.operator_desk import ONBOARD, SENDER, Desk
from integration.reach_witness import ANN, BOSS, USERS, reach_now
from integration.tenants import ROLES, Tenants, recording_emulator
from integration.witness import exchange_writes, last_request, writes

Json = dict[str, Any]

#: By then Exchange enforces the restriction, so that grants need not wait for it.
ENFORCED = 3 * 3600
GROUP = "totalviewtimesendemail"
ROLE = f"{MAIL} Mail.Send"
INSIDE = {CALENDAR: {ANN, SENDER}, MAIL: {SENDER}}
POLICY = {"connector_calendar_members": [ANN, SENDER]}
RBAC = {**POLICY, "connector_mail_restriction": "rbac", "connector_calendar_restriction": "rbac"}
BETA = {**RBAC, "connector_rbac_api": "graph_beta"}


@dataclass(frozen=True)
class Somebody:
    """A person with every right in one tenant's Exchange and Entra."""

    emulator: Emulator
    tenant: str

    def run(self, cmdlet: str, **parameters: Any) -> list[Json]:
        quiet = {"Confirm": False} if cmdlet.startswith("Remove-") else {}
        return self.emulator.exchange(self.tenant, cmdlet, **parameters, **quiet)

    @property
    def entra(self) -> Administrator:
        return Administrator(self.emulator, self.tenant)

    @property
    def app_id(self) -> str:
        return str(self.entra.application(MAIL)["appId"])

    def add(self, member: str) -> None:
        self.run("Add-DistributionGroupMember", Identity=GROUP, Member=member, BypassSecurityGroupManagerCheck=True)

    def remove(self, member: str) -> None:
        self.run("Remove-DistributionGroupMember", Identity=GROUP, Member=member, BypassSecurityGroupManagerCheck=True)

    def remove_policy(self) -> None:
        rows = self.run("Get-ApplicationAccessPolicy")
        identity = next(row["Identity"] for row in rows if row["AppId"] == self.app_id)
        self.run("Remove-ApplicationAccessPolicy", Identity=identity)

    def widen_policy(self) -> None:
        """With the description of ours, as a copied command would have it."""
        self.run("New-DistributionGroup", Name="Wider", Type="Security", Members=[BOSS])
        self.run(
            "New-ApplicationAccessPolicy",
            AppId=[self.app_id],
            PolicyScopeGroupId="Wider",
            AccessRight="RestrictAccess",
            Description="Totalview 2026-01-01T00:00Z",
        )

    def replace_group(self) -> None:
        self.run("Remove-DistributionGroup", Identity=GROUP, BypassSecurityGroupManagerCheck=True)

    def unassign(self) -> None:
        self.run("Remove-ManagementRoleAssignment", Identity=ROLE)

    def assign_everywhere(self) -> None:
        self.unassign()
        self.run("New-ManagementRoleAssignment", Name=ROLE, Role="Application Mail.Send", App=self.app_id)

    def turn_scope(self) -> None:
        self.run("New-DistributionGroup", Name="Wider", Type="Security", Members=[BOSS])
        [group] = self.run("Get-Group", Identity="Wider")
        recipient_filter = f"MemberOfGroup -eq '{group['DistinguishedName']}'"
        self.run("Set-ManagementScope", Identity=MAIL, RecipientRestrictionFilter=recipient_filter)

    def forget_principal(self) -> None:
        self.unassign()
        self.run("Remove-ManagementScope", Identity=MAIL)
        self.run("Remove-ServicePrincipal", Identity=self.app_id)

    def delete_principal(self) -> None:
        self.entra.call("DELETE", f"/servicePrincipals/{self.entra.principal_of(MAIL)['id']}")

    def unassign_by_role(self) -> None:
        """What Graph assigned has a name of Exchange's own."""
        rows = self.run("Get-ManagementRoleAssignment")
        name = next(row["Name"] for row in rows if row["Role"] == "Application Mail.Send")
        self.run("Remove-ManagementRoleAssignment", Identity=name)


@dataclass(frozen=True)
class Drift:
    """A host's variables, what somebody does, and what the run then says it changed."""

    variables: Json
    happens: Callable[[Somebody], None]
    changed: list[str]


def _role_besides(who: Somebody) -> None:
    """Under the name that ours would have: what a run of the other mode left when it was killed."""
    principal = who.entra.principal_of(MAIL)["id"]
    who.run("New-ServicePrincipal", AppId=who.app_id, ObjectId=principal, DisplayName="Totalview")
    who.run("New-ManagementRoleAssignment", Name=ROLE, Role="Application Mail.Send", App=who.app_id)


#: What was touched must be proven again, also where it looks as it did before.
REPAIRED = ["mail: restriction, proof"]
DRIFTS = {
    "member-added": Drift(POLICY, lambda who: who.add(BOSS), REPAIRED),
    "member-removed": Drift(POLICY, lambda who: who.remove(SENDER), REPAIRED),
    "policy-removed": Drift(POLICY, Somebody.remove_policy, REPAIRED),
    "policy-widened": Drift(POLICY, Somebody.widen_policy, REPAIRED),
    "role-besides-a-policy": Drift(POLICY, _role_besides, ["mail: restriction, proof, old restriction"]),
    "rbac-member-added": Drift(RBAC, lambda who: who.add(BOSS), REPAIRED),
    "rbac-member-removed": Drift(RBAC, lambda who: who.remove(SENDER), REPAIRED),
    "unassigned": Drift(RBAC, Somebody.unassign, REPAIRED),
    "assigned-everywhere": Drift(RBAC, Somebody.assign_everywhere, REPAIRED),
    "scope-turned": Drift(RBAC, Somebody.turn_scope, REPAIRED),
    "principal-forgotten": Drift(RBAC, Somebody.forget_principal, REPAIRED),
    "principal-deleted": Drift(RBAC, Somebody.delete_principal, ["mail: application, restriction, proof"]),
    "granted-besides-roles": Drift(RBAC, lambda who: who.entra.grant(MAIL, "Mail.Send"), ["mail: consent"]),
    "beta-unassigned": Drift(BETA, Somebody.unassign_by_role, REPAIRED),
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """With a clock of its own."""
    with recording_emulator() as running:
        yield running


def test_each_drift_is_promised_and_repaired(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """One run over one tenant for each drift: the fleet is the table."""
    roles = (*ROLES, "RoleManagement.ReadWrite.Exchange")
    ids = {host: tenants.make(users=USERS, roles=roles) for host in DRIFTS}
    for host, tenant in ids.items():
        desk.hosts[host] = {"connector_tenant_id": tenant, **DRIFTS[host].variables}
    first = desk.run()
    assert {first.tenant(host)["state"] for host in DRIFTS} == {"complete"}, first.output
    emulator.advance_clock(ENFORCED)
    for host, tenant in ids.items():
        DRIFTS[host].happens(Somebody(emulator, tenant))
    harmed = {host for host, tenant in ids.items() if reach_now(emulator, tenant) != INSIDE}
    assert harmed == set(DRIFTS), "a drift that changes nothing tests nothing"

    promised = desk.run(ONBOARD, "--check")
    repaired = desk.run()

    assert repaired.code == 0, repaired.output
    expected = {host: drift.changed for host, drift in DRIFTS.items()}
    assert {host: repaired.tenant(host)["changed"] for host in DRIFTS} == expected
    assert {host: _besides_proof(promised.tenant(host)["changed"]) for host in DRIFTS} == {
        host: _besides_proof(changed) for host, changed in expected.items()
    }
    assert {host: repaired.tenant(host)["state"] for host in DRIFTS} == dict.fromkeys(DRIFTS, "complete")
    assert {host: reach_now(emulator, tenant) for host, tenant in ids.items()} == dict.fromkeys(DRIFTS, INSIDE)
    mark = last_request(emulator)
    again = desk.run()
    assert {host: row["changed"] for host, row in again.stats.items()} == dict.fromkeys(DRIFTS, 0)
    assert [writes(emulator, tenant, mark) + exchange_writes(emulator, tenant, mark) for tenant in ids.values()] == [
        []
    ] * len(ids)


def _besides_proof(changed: list[str]) -> list[str]:
    """Whether an earlier proof will hold cannot be known before the restriction is as it was then."""
    return [entry.replace(", proof", "") for entry in changed]


def test_a_group_that_was_deleted_is_made_anew(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    ids = {"policy": tenants.make(users=USERS), "roles": tenants.make(users=USERS)}
    desk.hosts = {
        "policy": {"connector_tenant_id": ids["policy"], **POLICY},
        "roles": {"connector_tenant_id": ids["roles"], **RBAC},
    }
    assert desk.run().code == 0
    for tenant in ids.values():
        Somebody(emulator, tenant).replace_group()

    run = desk.run()

    assert run.code == 0, run.output
    for host, tenant in ids.items():
        assert run.tenant(host)["state"] == "complete", run.tenant(host)
        assert reach_now(emulator, tenant) == INSIDE, host
    assert {row["changed"] for row in desk.run().stats.values()} == {0}


def test_members_that_others_added_stay_where_that_is_wanted(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make(users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_mail_members_exact": False, **POLICY}
    assert desk.run().code == 0
    Somebody(emulator, tenant).add(ANN)

    run = desk.run()

    assert run.tenant("contoso")["state"] == "complete", run.output
    assert run.tenant("contoso")["changed"] == ["mail: proof"], "who is reached has changed"
    assert reach_now(emulator, tenant)[MAIL] == {ANN, SENDER}
    assert desk.run().stats["contoso"]["changed"] == 0
