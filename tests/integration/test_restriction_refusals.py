# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be restricted as asked is refused: clearly, for that tenant only, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emulator.launch import Emulator
from integration.administrator import MAIL
from integration.operator_desk import SENDER, Desk
from integration.reach_witness import ANN, USERS, reach_now
from integration.tenants import ADOPTING_ROLES, Tenants, domain_of
from integration.witness import Witness, exchange_writes, last_request, writes

Json = dict[str, Any]

MAIL_GROUP = "totalviewtimesendemail"
MAIL_NAME = "Totalview E-Mail Sending"
RBAC = {"connector_mail_restriction": "rbac"}
LONG = "x" * 65


def _group(name: str, kind: str, *members: str) -> Json:
    return {"exchange": {"groups": [{"name": name, "kind": kind, "members": list(members)}]}}


@dataclass(frozen=True)
class Case:
    """A host's variables, what is special in its tenant, and what the message says: what is wrong, and what to do."""

    words: list[str]
    variables: Json = field(default_factory=dict)
    tenant: Json = field(default_factory=dict)


CASES = {
    "every-mailbox": Case(
        ["whoever holds the credentials", "connector_mail_allow_every_mailbox"], {"connector_mail_restriction": "none"}
    ),
    "empty-list": Case(["holds no mailbox", "Give members that have a mailbox"], {"connector_mail_members": []}),
    "no-group-no-members": Case(
        ["There is no group Staff", "correct the group's name"],
        {"connector_calendar_restriction": "access_policy", "connector_calendar_group": "Staff"},
    ),
    "group-of-empty-groups": Case(
        ["holds no mailbox"],
        {"connector_calendar_members": ["Empty"]},
        _group("Empty", "distribution"),
    ),
    "nested-in-rbac": Case(
        ["contains groups", "mailboxes themselves"],
        {**RBAC, "connector_mail_members": [SENDER, "Staff"]},
        _group("Staff", "distribution", ANN),
    ),
    "unknown-member": Case(
        ["nobody@example.com is no recipient", "Correct the address"],
        {"connector_mail_members": [SENDER, "nobody@example.com"]},
    ),
    "unknown-sender": Case(
        ["nobody@example.com is no recipient", "Correct the address"],
        {"connector_mail_sender": "nobody@example.com", "connector_mail_members": [ANN]},
    ),
    "sender-without-mailbox": Case(
        ["has no mailbox to send from: it is a group (MailUniversalDistributionGroup)", "choose another sender"],
        {"connector_mail_sender": "listed@{domain}", "connector_mail_members": [ANN]},
        {"exchange": {"groups": [{"name": "listed", "kind": "distribution", "members": [ANN]}]}},
    ),
    "unlicensed-sender": Case(
        ["totalview@example.com has no mailbox", "Give it a licence"],
        tenant={"users": [{"upn": SENDER, "mailbox": False}]},
    ),
    "sender-outside": Case(
        ["lies outside the group", "Add it to the group's members"], {"connector_mail_members": [ANN]}
    ),
    "name-of-a-list": Case(
        [f"The name {MAIL_GROUP} belongs to something else", "MailUniversalDistributionGroup", "another name"],
        tenant=_group(MAIL_GROUP, "distribution", SENDER),
    ),
    "name-of-a-team": Case(
        [f"The name {MAIL_GROUP} belongs to something else", "GroupMailbox", "another name"],
        tenant=_group(MAIL_GROUP, "microsoft365"),
    ),
    "name-of-a-user": Case(
        ["The name ann belongs to something else", "UserMailbox", "another name"], {"connector_mail_group": "ann"}
    ),
    "group-of-others": Case(
        ["was made by somebody else and has other members: ann@example.com", "members_exact", "adopt"],
        tenant=_group(MAIL_GROUP, "security", SENDER, ANN),
    ),
    "one-group-by-its-address": Case(
        ["Shared and shared@", "are one group", "each need their own", "Correct connector_calendar_group"],
        {
            "connector_calendar_members": [SENDER],
            "connector_calendar_group": "Shared",
            "connector_mail_group": "shared@{domain}",
        },
        _group("Shared", "security", SENDER),
    ),
    "long-group": Case([LONG, "1 to 64 characters", "shorter"], {"connector_mail_group": LONG}),
    "long-assignment": Case(["1 to 64 characters", "shorter"], {**RBAC, "connector_mail_unique_name": "m" * 60}),
    "no-manage-as-app": Case(["Exchange.ManageAsApp"], tenant={"automation": {"exchange_roles": []}}),
    "no-directory-role": Case(
        ["Privileged Role Administrator or Global Administrator", "assigns the directory role Exchange Administrator"],
        tenant={"automation": {"directory_roles": []}},
    ),
    "recipients-only": Case(
        ["assigns the directory role Exchange Administrator"],
        tenant={"automation": {"directory_roles": ["Exchange Recipient Administrator"]}},
    ),
    "no-exchange": Case(
        ["has no Exchange Online", "adds or renews a plan with Exchange Online"], tenant={"exchange": False}
    ),
}


def test_what_cannot_be_restricted_as_asked_is_refused_before_anything_is_written(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """One run over one host for each case, and a good one among them."""
    ids = {case: tenants.make(**{"users": USERS, **CASES[case].tenant}) for case in CASES}
    good = tenants.make(users=USERS)
    for case, tenant in ids.items():
        desk.hosts[case] = {"connector_tenant_id": tenant, **_in_domain(CASES[case].variables, tenant)}
    desk.hosts["good"] = {"connector_tenant_id": good}
    before = {case: emulator.snapshot(tenant) for case, tenant in ids.items()}

    run = desk.run()

    assert run.code != 0
    assert run.tenant("good")["state"] == "complete", run.output
    assert "Traceback" not in run.output
    for case, tenant in ids.items():
        result = run.tenant(case)
        assert result["state"] == "failed", (case, result)
        assert all(word in result["next"] for word in CASES[case].words), f"{case}: {result['next']}"
        assert tenant in result["next"] or case == "every-mailbox", f"{case}: {result['next']}"
        assert writes(emulator, tenant) == [], case
        assert exchange_writes(emulator, tenant) == [], case
        assert emulator.snapshot(tenant) == before[case], case


def test_what_somebody_else_made_for_our_registration_is_left_to_them(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """An access policy for another group, one that denies, and a role for every mailbox."""
    ids = {host: tenants.make(users=USERS) for host in ("wider", "denying", "role")}
    desk.hosts = {host: {"connector_tenant_id": tenant} for host, tenant in ids.items()}
    assert desk.run().code == 0
    for host, right in (("wider", "RestrictAccess"), ("denying", "DenyAccess")):
        emulator.exchange(ids[host], "New-DistributionGroup", Name="Staff", Type="Security", Members=[ANN])
        _policy(emulator, ids[host], right, "Staff")
    application = _mail(emulator, ids["role"])
    emulator.exchange(
        ids["role"],
        "New-ServicePrincipal",
        AppId=application["appId"],
        ObjectId=Witness(emulator, ids["role"]).principal(application)["id"],
        DisplayName="By hand",
    )
    emulator.exchange(
        ids["role"],
        "New-ManagementRoleAssignment",
        Name="By hand",
        Role="Application Mail.Send",
        App=application["appId"],
    )
    mark = last_request(emulator)

    for adopt in (False, True):
        desk.variables["connector_adopt"] = adopt
        run = desk.run()
        assert run.code != 0
        told = {host: run.tenant(host)["next"] for host in ids}
        for host, tenant in ids.items():
            assert run.tenant(host)["state"] == "failed", host
            assert tenant in told[host]
            assert writes(emulator, tenant, mark) == [], host
            assert exchange_writes(emulator, tenant, mark) == [], host
        assert "Somebody else made an access policy" in told["wider"]
        assert "DenyAccess" in told["denying"]
        assert "Remove it, or allow to take it over" in told["wider"]
        assert "Application Mail.Send (every mailbox)" in told["role"]
        assert "Remove-ManagementRoleAssignment" in told["role"]


def test_a_policy_made_by_hand_for_our_group_is_taken_over_when_asked(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make(
        users=USERS,
        roles=ADOPTING_ROLES,
        applications=[{"displayName": MAIL_NAME, "applicationPermissions": ["Mail.Send"], "adminConsent": True}],
        exchange={
            "groups": [{"name": MAIL_GROUP, "members": [SENDER]}],
            "policies": [{"display_name": MAIL_NAME, "group": MAIL_GROUP, "description": "By hand"}],
        },
    )
    desk.hosts["contoso"] = {
        "connector_tenant_id": tenant,
        "connector_mail_adopt_client_id": _mail(emulator, tenant)["appId"],
    }
    desk.variables["connector_adopt"] = True
    desk.variables["connector_adopt_owners"] = {"keep": _mail(emulator, tenant)["owners"]}

    run = desk.run()

    assert run.code == 0, run.output
    assert run.tenant("contoso")["state"] == "complete", run.tenant("contoso")
    [policy] = emulator.exchange(tenant, "Get-ApplicationAccessPolicy")
    assert policy["Description"].startswith("Totalview ")
    assert reach_now(emulator, tenant)[MAIL] == {SENDER}
    assert desk.run().stats["contoso"]["changed"] == 0


def _in_domain(variables: Json, tenant: str) -> Json:
    return {
        name: value.format(domain=domain_of(tenant)) if isinstance(value, str) else value
        for name, value in variables.items()
    }


def _mail(emulator: Emulator, tenant: str) -> Json:
    return dict(Witness(emulator, tenant).applications[MAIL_NAME])


def _policy(emulator: Emulator, tenant: str, right: str, group: str) -> None:
    emulator.exchange(
        tenant,
        "New-ApplicationAccessPolicy",
        AppId=[_mail(emulator, tenant)["appId"]],
        PolicyScopeGroupId=group,
        AccessRight=right,
        Description="By hand",
    )


def test_a_group_of_our_name_that_somebody_manages_is_taken_only_by_its_guid(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """Sender and notes are as ours would have them, and its manager lets in whom she likes."""
    tenant = tenants.make(users=USERS)
    emulator.exchange(
        tenant,
        "New-DistributionGroup",
        Name=MAIL_GROUP,
        Type="Security",
        Members=[SENDER],
        ManagedBy=[ANN],
        Notes=f"Totalview: mailboxes that {MAIL} reaches",
    )
    [group] = emulator.exchange(tenant, "Get-Group", Identity=MAIL_GROUP)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_adopt": True}
    before = emulator.snapshot(tenant)

    runs = [desk.run()]
    desk.variables["connector_mail_adopt_group"] = "1b9a3d5e-0000-4000-8000-000000000000"
    runs.append(desk.run())

    for run in runs:
        assert run.tenant("contoso")["state"] == "failed", run.output
        assert f"({group['Guid']}) is managed by" in run.tenant("contoso")["next"]
        assert "connector_mail_adopt_group" in run.tenant("contoso")["next"]
    assert emulator.snapshot(tenant) == before

    desk.variables["connector_mail_adopt_group"] = group["Guid"]
    adopted = desk.run()

    assert adopted.tenant("contoso")["state"] == "complete", adopted.output
    assert reach_now(emulator, tenant)[MAIL] == {SENDER}


def test_a_group_that_took_the_name_of_ours_is_refused_and_ours_is_made_anew(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make(users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().tenant("contoso")["state"] == "complete"
    removing = {"Identity": MAIL_GROUP, "Confirm": False, "BypassSecurityGroupManagerCheck": True}
    notes = f"Totalview: mailboxes that {MAIL} reaches"
    emulator.exchange(tenant, "Remove-DistributionGroup", **removing)
    emulator.exchange(tenant, "New-DistributionGroup", Name=MAIL_GROUP, Type="Security", Members=[SENDER], Notes=notes)
    before = emulator.snapshot(tenant)

    refused = desk.run()

    assert refused.tenant("contoso")["state"] == "failed", refused.output
    assert "is not the one that the store knows by this name" in refused.tenant("contoso")["next"]
    assert emulator.snapshot(tenant) == before

    emulator.exchange(tenant, "Remove-DistributionGroup", **removing)
    for run in (desk.run(), desk.run()):
        assert run.tenant("contoso")["state"] == "complete", run.output
    assert reach_now(emulator, tenant)[MAIL] == {SENDER}
