# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ExchangeError,
    ExchangeRightError,
    GraphError,
    ReplicationError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import (
    apply as restriction_apply,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.apply import (
    apply,
    apply_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    Actual,
    AddMember,
    Assign,
    Assignment,
    CreateGroup,
    CreatePointer,
    CreatePolicy,
    Desired,
    EnableCustomization,
    Group,
    Policy,
    Recipient,
    RemoveGroup,
    RemoveMember,
    RemovePointer,
    RemovePolicy,
    RemoveScope,
    Restriction,
    Scope,
    TakeOverPolicy,
    Unassign,
    WriteScope,
    group_notes,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.rbac import scope_filter
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.read import Clients

NAME = "ours"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
ANN = Recipient("guid-ann", "ann@c.example", "UserMailbox")
BOB = Recipient("guid-bob", "bob@c.example", "UserMailbox")
GROUP = Group(
    guid="guid-senders",
    name="senders",
    sid="sid",
    distinguished_name="CN=senders",
    directory_id="entra-senders",
    notes=group_notes(NAME),
    kind="MailUniversalSecurityGroup",
    changed=LONG_AGO,
    members=(ANN,),
)
POLICY = Policy("tenant\\client:sid;x", "sid", "RestrictAccess", "Totalview 2026-10-24T12:00Z")
ROLE = Assignment("id-role", "ours Mail.Send", "Application Mail.Send", NAME, LONG_AGO)
DESIRED = Desired(NAME, "access_policy", ("Mail.Send",), "senders", (ANN.address,))
RBAC = replace(DESIRED, mode="rbac")
BETA = replace(RBAC, beta=True)
ACTUAL = Actual(
    NOW,
    app_id="client",
    principal_id="principal",
    display_name="Totalview e-mail",
    group=GROUP,
    resolved={ANN.address: ANN, BOB.address: BOB},
)

ASSIGNMENTS, DEFINITIONS = "/roleManagement/exchange/roleAssignments", "/roleManagement/exchange/roleDefinitions"
TASKS = "Microsoft.Exchange.Configuration.Tasks"
DONE = (200, {"value": []})


def refusal(type_name, text="Handlingen kunne ikke udføres.", status=400):
    inner = {"message": text, "type": type_name}
    return (status, {"error": {"message": "Invalid Operation", "innererror": {"internalexception": inner}}})


GONE = refusal(f"{TASKS}.ManagementObjectNotFoundException", status=404)
NOT_SYNCED = refusal("Microsoft.Exchange.Management.RoleBasedAccessControl.AADServicePrincipalNotFoundException")
DEHYDRATED = refusal(f"{TASKS}.InvalidOperationInDehydratedContextException")

GROUP_ROW = {
    "Guid": "GUID-senders",
    "Name": "senders",
    "Sid": "sid",
    "DistinguishedName": "CN=senders",
    "ExternalDirectoryObjectId": "entra-senders",
    "RecipientTypeDetails": "MailUniversalSecurityGroup",
    "WhenCreatedUTC": "2026-10-24T12:00:00Z",
}


@pytest.fixture(autouse=True)
def organization(exchange_http):
    exchange_http.on("Get-Group", (200, {"value": [GROUP_ROW]}))
    exchange_http.on("Get-DistributionGroupMember", DONE)
    # Read ahead before it is confirmed.
    exchange_http.on("Get-ApplicationAccessPolicy", DONE)
    exchange_http.on("Get-ServicePrincipal", DONE)
    return exchange_http


@pytest.fixture
def clients(graph, exchange):
    return Clients(graph, exchange)


@pytest.fixture
def with_beta(graph, exchange, beta):
    return Clients(graph, exchange, beta)


# --- one cmdlet for each step


def written(clients, desired, *steps, actual=ACTUAL):
    apply_absent(clients, desired, actual, Change({}, {}, steps))


@pytest.mark.parametrize(
    ("step", "cmdlet", "parameters"),
    [
        (
            CreateGroup("Senders of Totalview, ü", (ANN, BOB), "ours"),
            "New-DistributionGroup",
            {
                "Name": "Senders of Totalview, ü",
                "DisplayName": "Senders of Totalview, ü",
                "Alias": "Senders-of-Totalview---",
                "Type": "Security",
                "Members": ["guid-ann", "guid-bob"],
                "Notes": "ours",
                "IgnoreNamingPolicy": True,
                "MemberJoinRestriction": "Closed",
                "MemberDepartRestriction": "Closed",
            },
        ),
        (
            AddMember("senders", BOB),
            "Add-DistributionGroupMember",
            {"Identity": "guid-senders", "Member": "guid-bob", "BypassSecurityGroupManagerCheck": True},
        ),
        (
            RemoveMember("senders", BOB),
            "Remove-DistributionGroupMember",
            {
                "Identity": "guid-senders",
                "Member": "guid-bob",
                "BypassSecurityGroupManagerCheck": True,
                "Confirm": False,
            },
        ),
        (
            RemoveGroup(GROUP),
            "Remove-DistributionGroup",
            {"Identity": "guid-senders", "BypassSecurityGroupManagerCheck": True, "Confirm": False},
        ),
        (
            TakeOverPolicy(POLICY),
            "Set-ApplicationAccessPolicy",
            {"Identity": POLICY.identity, "Description": "Totalview 2026-11-23T12:00:00Z"},
        ),
        (RemovePolicy(POLICY), "Remove-ApplicationAccessPolicy", {"Identity": POLICY.identity, "Confirm": False}),
        (
            CreatePolicy("senders"),
            "New-ApplicationAccessPolicy",
            {
                "AppId": ["client"],
                "PolicyScopeGroupId": "guid-senders",
                "AccessRight": "RestrictAccess",
                "Description": "Totalview 2026-11-23T12:00:00Z",
            },
        ),
        (EnableCustomization(), "Enable-OrganizationCustomization", {}),
        (
            CreatePointer(),
            "New-ServicePrincipal",
            {"AppId": "client", "ObjectId": "principal", "DisplayName": "Totalview e-mail"},
        ),
        (RemovePointer(), "Remove-ServicePrincipal", {"Identity": "principal", "Confirm": False}),
        (
            WriteScope(NAME, exists=False),
            "New-ManagementScope",
            {"Name": NAME, "RecipientRestrictionFilter": scope_filter(GROUP)},
        ),
        (
            WriteScope(NAME, exists=True),
            "Set-ManagementScope",
            {"Identity": NAME, "RecipientRestrictionFilter": scope_filter(GROUP)},
        ),
        (RemoveScope(NAME), "Remove-ManagementScope", {"Identity": NAME, "Confirm": False}),
        (
            Assign("ours Mail.Send", "Mail.Send"),
            "New-ManagementRoleAssignment",
            {
                "Name": "ours Mail.Send",
                "Role": "Application Mail.Send",
                "App": "principal",
                "CustomResourceScope": NAME,
            },
        ),
        (Unassign(ROLE), "Remove-ManagementRoleAssignment", {"Identity": "ours Mail.Send", "Confirm": False}),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "describe") else "",
)
def test_each_step_is_one_cmdlet(clients, organization, step, cmdlet, parameters):
    date = {"Date": "Mon, 23 Nov 2026 12:00:00 GMT"}
    organization.on("Get-Group", (200, {"value": [GROUP_ROW]}, date))
    organization.on("Get-Sync", (200, {"value": []}, date))
    clients.exchange.invoke("Get-Sync", action="learn the time")
    organization.on(cmdlet, DONE)

    written(clients, RBAC, step)

    assert organization.writes() == [(cmdlet, parameters)]


def test_the_description_of_a_policy_is_short_and_carries_microsofts_time(clients, organization):
    date = {"Date": "Fri, 01 May 2026 10:11:12 GMT"}
    organization.on("Get-Group", (200, {"value": [GROUP_ROW]}, date))
    organization.on("New-ApplicationAccessPolicy", DONE)

    written(clients, DESIRED, CreatePolicy("senders"))

    ((_cmdlet, parameters),) = organization.writes()
    assert parameters["Description"] == "Totalview 2026-05-01T10:11:12Z"


@pytest.mark.parametrize(
    "name", ["a", "a b", "team@c.example", "Mitarbeiter ä/ß", "日本", "a.b_c-d", "x" * 64], ids=ascii
)
def test_an_alias_has_plain_letters_only(clients, organization, name):
    organization.on("New-DistributionGroup", DONE)

    written(clients, DESIRED, CreateGroup(name, (ANN,), ""))

    ((_cmdlet, parameters),) = organization.writes()
    alias = parameters["Alias"]
    assert alias.isascii()
    assert len(alias) == len(name)
    assert all(sign.isalnum() or sign in "._-" for sign in alias)


# --- through Graph beta


@pytest.fixture
def definitions(http):
    http.on("GET", DEFINITIONS, (200, {"value": [{"id": "definition", "displayName": "Application Mail.Send"}]}))
    return http


def test_a_role_is_assigned_through_graph_to_the_members_of_the_group(with_beta, definitions, organization):
    definitions.on("POST", ASSIGNMENTS, (201, {"id": "new"}))

    written(with_beta, BETA, Assign("ours Mail.Send", "Mail.Send"))

    (sent,) = (sent for sent in definitions.sent if sent.method == "POST")
    assert sent.body == {
        "principalId": "/ServicePrincipals/principal",
        "roleDefinitionId": "definition",
        "directoryScopeId": "/Groups/entra-senders",
        "appScopeId": None,
    }
    assert organization.writes() == []


@pytest.mark.parametrize("answer", [(204,), (404, {"error": {"code": "Request_ResourceNotFound", "message": ""}})])
def test_a_role_is_taken_through_graph_by_its_id(with_beta, http, answer):
    http.on("DELETE", f"{ASSIGNMENTS}/id-role", answer)

    written(with_beta, BETA, Unassign(ROLE))

    assert http.writes() == [("DELETE", f"{ASSIGNMENTS}/id-role")]


def test_any_other_refusal_of_graph_is_a_fault(with_beta, http):
    http.on("DELETE", f"{ASSIGNMENTS}/id-role", (404, "<html>proxy</html>"))

    with pytest.raises(GraphError):
        written(with_beta, BETA, Unassign(ROLE))


# --- already gone, already there


@pytest.mark.parametrize(
    ("step", "cmdlet"),
    [
        (RemoveGroup(GROUP), "Remove-DistributionGroup"),
        (RemovePolicy(POLICY), "Remove-ApplicationAccessPolicy"),
        (RemovePointer(), "Remove-ServicePrincipal"),
        (RemoveScope(NAME), "Remove-ManagementScope"),
        (Unassign(ROLE), "Remove-ManagementRoleAssignment"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_somebody_else_has_removed_meanwhile_is_gone(clients, organization, step, cmdlet):
    organization.on(cmdlet, GONE)
    organization.on("Enable-OrganizationCustomization", DONE)

    written(clients, RBAC, step, EnableCustomization())

    assert organization.cmdlets("Remove", "Enable") == [cmdlet, "Enable-OrganizationCustomization"]


@pytest.mark.parametrize("answer", [(403, ""), (500, ""), refusal(f"{TASKS}.TaskInvalidOperationException")])
def test_any_other_refusal_to_remove_is_a_fault(clients, organization, answer):
    organization.on("Remove-ManagementScope", answer)

    with pytest.raises(ExchangeError):
        written(clients, RBAC, RemoveScope(NAME))


def test_what_is_missing_where_something_is_to_be_made_is_a_fault(clients, organization):
    organization.on("New-ManagementRoleAssignment", GONE)

    with pytest.raises(ExchangeError):
        written(clients, RBAC, Assign("ours Mail.Send", "Mail.Send"))


def test_an_organization_that_is_enabled_already_is_no_fault(clients, organization):
    organization.on("Enable-OrganizationCustomization", refusal(f"{TASKS}.TaskInvalidOperationException"))
    organization.on("New-ManagementScope", DONE)

    written(clients, RBAC, EnableCustomization(), WriteScope(NAME, exists=False))

    assert organization.cmdlets("New") == ["New-ManagementScope"]


@pytest.mark.parametrize(("answer", "kind"), [((403, ""), ExchangeRightError), ((503, ""), ExchangeError)])
def test_an_organization_that_may_not_be_enabled_is_one(clients, organization, answer, kind):
    organization.on("Enable-OrganizationCustomization", answer)

    with pytest.raises(kind):
        written(clients, RBAC, EnableCustomization())


# --- waiting

POINT = Restriction(Change({"b": 1}, {"a": 1}, (EnableCustomization(), CreatePointer())), since=NOW, fingerprint="f")


@pytest.fixture
def readings(monkeypatch):
    """What comes of reading back: plans, the last one again and again."""
    plans = []

    def latest(_actual, _desired):
        return plans.pop(0) if len(plans) > 1 else plans[0]

    monkeypatch.setattr(restriction_apply, "read", lambda _clients, _desired: ACTUAL)
    monkeypatch.setattr(restriction_apply, "plan", latest)
    return plans


def settled(**fields):
    return Restriction(Change({"is": 1}, {"is": 1}), fingerprint="proven", **fields)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (NOT_SYNCED, "does not know the new service principal"),
        (refusal("Some.OtherException", "AADServicePrincipalNotFound. Der er ikke …"), "does not know the new service"),
        (DEHYDRATED, "has not finished enabling customization"),
    ],
)
def test_without_patience_it_stops_and_says_what_it_waits_for(clients, organization, clock, answer, reason):
    organization.on("Enable-OrganizationCustomization", DONE)
    organization.on("New-ServicePrincipal", answer)

    found = apply(clients, RBAC, ACTUAL, POINT, timedelta())

    assert reason in found.waiting
    assert found.change == Change({"b": 1}, {"a": 1}, (EnableCustomization(),))
    assert (found.fingerprint, found.since) == (None, NOW)
    assert clock.slept == []


def test_where_nothing_could_be_done_nothing_has_changed(clients, organization):
    organization.on("New-ServicePrincipal", NOT_SYNCED)
    planned = replace(POINT, change=Change({"b": 1}, {"a": 1}, (CreatePointer(),)))

    found = apply(clients, RBAC, ACTUAL, planned, timedelta())

    assert found.change == Change({"b": 1}, {"b": 1})
    assert not found.change.changed
    assert found.waiting


def test_with_patience_it_is_tried_again(clients, organization, clock, readings):
    organization.on("Enable-OrganizationCustomization", DONE)
    organization.on("New-ServicePrincipal", NOT_SYNCED, NOT_SYNCED, DONE)
    readings.append(settled())

    found = apply(clients, RBAC, ACTUAL, POINT, timedelta(minutes=5))

    assert found.waiting is None
    assert organization.cmdlets("New") == ["New-ServicePrincipal"] * 3
    assert organization.cmdlets("Enable") == ["Enable-OrganizationCustomization"], "what is done is not done again"
    assert len(clock.slept) == 2


def test_patience_has_an_end_for_all_steps_together(clients, organization, clock):
    organization.on("Enable-OrganizationCustomization", DONE)
    organization.on("New-ServicePrincipal", NOT_SYNCED)
    start = clock.now

    found = apply(clients, RBAC, ACTUAL, POINT, timedelta(minutes=2))

    assert found.waiting
    assert 90 <= clock.now - start <= 120


@pytest.mark.parametrize("answer", [(403, "\0" * 9), (503, ""), refusal(f"{TASKS}.TaskException")])
def test_no_other_refusal_is_waited_for(clients, organization, clock, answer):
    organization.on("Enable-OrganizationCustomization", DONE)
    organization.on("New-ServicePrincipal", answer)

    with pytest.raises(ExchangeError):
        apply(clients, RBAC, ACTUAL, POINT, timedelta(hours=1))

    assert organization.cmdlets("New") == ["New-ServicePrincipal"]
    assert clock.slept == []


# --- a directory server that has not heard of what was just made


WRITING = ("New", "Add", "Set")


TEXTS = [
    "The operation couldn't be performed because object '{}' couldn't be found on 'SERVER01.EXAMPLE'.",
    "Handlingen kunne ikke udføres, fordi objektet '{}' ikke blev fundet på 'SERVER01'.",
    "L'opération n'a pas pu être effectuée car l'objet \u00ab {} \u00bb est introuvable.",
    "Der Vorgang konnte nicht ausgeführt werden, da das Objekt \u201e{}\u201c nicht gefunden wurde.",
]


def unheard_of(name, text=TEXTS[0]):
    return refusal(f"{TASKS}.ManagementObjectNotFoundException", text.format(name), 404)


def unready(*steps):
    return Restriction(Change({"is": 0}, {"is": 1}, steps))


LAGGING = [
    (CreatePolicy("senders"), "New-ApplicationAccessPolicy", "GUID-Senders"),
    (AddMember("senders", BOB), "Add-DistributionGroupMember", "guid-bob"),
    (WriteScope(NAME, exists=True), "Set-ManagementScope", NAME),
    (Assign("ours Mail.Send", "Mail.Send"), "New-ManagementRoleAssignment", NAME),
    (Assign("ours Mail.Send", "Mail.Send"), "New-ManagementRoleAssignment", "principal"),
    (CreatePointer(), "New-ServicePrincipal", "principal"),
    (CreateGroup("senders", (ANN,), ""), "New-DistributionGroup", "guid-ann"),
]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("step", "cmdlet", "name"), LAGGING)
def test_a_write_that_names_what_is_not_known_yet_did_nothing_and_is_repeated(
    clients, organization, readings, step, cmdlet, name
):
    organization.on(cmdlet, unheard_of(name), DONE)
    readings += [unready(step), settled()]

    found = apply(clients, RBAC, ACTUAL, unready(step), timedelta(minutes=1))

    assert found.waiting is None
    assert organization.cmdlets(*WRITING) == [cmdlet] * 2


@pytest.mark.parametrize(("step", "cmdlet"), [entry[:2] for entry in LAGGING])
def test_without_patience_what_is_not_known_yet_is_left_to_the_next_run(clients, organization, clock, step, cmdlet):
    organization.on(cmdlet, unheard_of("whatever"))

    found = apply(clients, RBAC, ACTUAL, unready(step), timedelta())

    assert "does not know everywhere what was just made" in found.waiting
    assert not found.change.changed
    assert organization.cmdlets(*WRITING) == [cmdlet]
    assert clock.slept == []


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("text", TEXTS)
def test_what_is_not_known_is_understood_in_any_language(clients, organization, readings, text):
    organization.on("New-ApplicationAccessPolicy", unheard_of("guid-senders", text), DONE)
    readings += [unready(CreatePolicy("senders")), settled()]

    found = apply(clients, DESIRED, ACTUAL, unready(CreatePolicy("senders")), timedelta(minutes=1))

    assert found.waiting is None
    assert organization.cmdlets("New") == ["New-ApplicationAccessPolicy"] * 2


CREATING = [(step, cmdlet) for step, cmdlet, _name in LAGGING if cmdlet.startswith("New-")]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("step", "cmdlet"), CREATING)
@pytest.mark.parametrize("name", ["new-object", "ours Mail.Send", ""])
def test_what_may_have_been_made_is_never_made_a_second_time(clients, organization, readings, step, cmdlet, name):
    organization.on(cmdlet, unheard_of(name))
    readings += [unready(step), unready(step), settled()]

    found = apply(clients, RBAC, ACTUAL, unready(step), timedelta(minutes=1))

    assert found.waiting is None
    assert organization.cmdlets(*WRITING) == [cmdlet]


@pytest.mark.usefixtures("clock")
def test_what_may_have_been_made_and_never_shows_is_waited_for(clients, organization, readings):
    organization.on("New-ApplicationAccessPolicy", unheard_of("new-object"))
    readings.append(unready(CreatePolicy("senders")))

    found = apply(clients, DESIRED, ACTUAL, unready(CreatePolicy("senders")), timedelta(minutes=1))

    assert found.waiting
    assert organization.cmdlets("New") == ["New-ApplicationAccessPolicy"]


FRESH = (CreateGroup("senders", (ANN,), "ours"), CreatePolicy("senders"))


def test_a_new_group_that_cannot_be_read_yet_is_waited_for(clients, organization, readings):
    organization.on("New-DistributionGroup", DONE)
    organization.on("Get-Group", GONE, DONE, (200, {"value": [GROUP_ROW]}))
    organization.on("New-ApplicationAccessPolicy", DONE)
    readings.append(settled())

    found = apply(clients, DESIRED, ACTUAL, Restriction(Change({}, {}, FRESH)), timedelta(minutes=5))

    assert found.waiting is None
    assert organization.cmdlets("New") == ["New-DistributionGroup", "New-ApplicationAccessPolicy"]


def test_without_patience_the_next_run_goes_on_with_the_new_group(clients, organization):
    organization.on("New-DistributionGroup", DONE)
    organization.on("Get-Group", GONE)

    found = apply(clients, DESIRED, ACTUAL, Restriction(Change({}, {}, FRESH)), timedelta())

    assert "does not show the new group" in found.waiting
    assert found.change.steps == FRESH[:1]


# --- reading back


def test_nothing_to_do_sends_nothing(clients, organization, http):
    planned = settled()

    assert apply(clients, DESIRED, ACTUAL, planned, timedelta()) is planned
    assert (organization.sent, http.sent) == ([], [])


def test_it_is_read_until_nothing_is_left_to_do(clients, organization, clock, readings):
    organization.on("Remove-ManagementScope", DONE)
    planned = Restriction(Change({"was": 1}, {"promised": 1}, (RemoveScope(NAME),)), since=None, hold=())
    readings += [planned, planned, settled(since=LONG_AGO, leftover=("more",))]

    found = apply(clients, DESIRED, ACTUAL, planned, timedelta())

    assert found.change == Change({"was": 1}, {"is": 1}, (RemoveScope(NAME),))
    assert (found.fingerprint, found.since, found.leftover) == ("proven", LONG_AGO, ("more",))
    assert len(clock.slept) == 2


def test_what_never_shows_is_a_fault(clients, organization, readings):
    organization.on("Remove-ManagementScope", DONE)
    planned = Restriction(Change({}, {}, (RemoveScope(NAME),)))
    readings.append(planned)

    with pytest.raises(ReplicationError, match="The restriction"):
        apply(clients, DESIRED, ACTUAL, planned, timedelta())


@pytest.mark.parametrize(
    ("read_since", "since", "hold"),
    [(LONG_AGO, NOW, ("Mail.Send",)), (NOW, NOW, ()), (NOW + timedelta(minutes=1), NOW + timedelta(minutes=1), ())],
    ids=["older", "the same", "newer"],
)
def test_what_was_just_written_is_young_also_where_no_date_can_be_read(
    clients, organization, readings, read_since, since, hold
):
    """Graph beta tells no date of a role; the group may be old."""
    organization.on("Remove-ManagementScope", DONE)
    planned = Restriction(Change({}, {}, (RemoveScope(NAME),)), since=NOW, hold=("Mail.Send",))
    readings.append(settled(since=read_since))

    found = apply(clients, BETA, ACTUAL, planned, timedelta())

    assert (found.since, found.hold) == (since, hold)


def test_a_fault_stops_before_the_next_step(clients, organization):
    organization.on("New-ApplicationAccessPolicy", (500, ""))
    old = replace(POLICY, group_sid="elsewhere")
    steps = (CreatePolicy("senders"), RemovePolicy(old))

    with pytest.raises(ExchangeError):
        apply(clients, DESIRED, ACTUAL, Restriction(Change({}, {}, steps)), timedelta(hours=1))

    assert organization.cmdlets("New", "Remove") == ["New-ApplicationAccessPolicy"], "the old policy stays"


def test_reading_back_tells_of_the_restriction_that_exchange_really_has(clients, organization, http):
    """The whole way: plan, write, read."""
    secret = {"endDateTime": "2099-01-01T00:00:00Z"}
    body = {"id": "o", "appId": "client", "displayName": "Totalview", "passwordCredentials": [secret]}
    date = {"Date": "Mon, 23 Nov 2026 12:00:30 GMT"}
    http.on("GET", f"/applications(uniqueName='{NAME}')", (200, body, date))
    http.on("GET", "/servicePrincipals(appId='client')", (200, {"id": "principal", "appId": "client"}, date))
    member = {"Guid": "guid-ann", "PrimarySmtpAddress": ANN.address, "RecipientTypeDetails": "UserMailbox"}
    organization.on("Get-DistributionGroupMember", (200, {"value": [member]}))
    organization.on("Get-ServicePrincipal", GONE)
    organization.on("New-ApplicationAccessPolicy", DONE)
    row = {
        "Identity": POLICY.identity,
        "AppId": "client",
        "ScopeIdentityRaw": "sid;entra-senders",
        "AccessRight": "RestrictAccess",
        "Description": "Totalview 2026-11-23T12:00:00Z",
    }
    organization.on("Get-ApplicationAccessPolicy", DONE, (200, {"value": [row]}))
    actual = replace(ACTUAL, live=True)

    found = apply(clients, DESIRED, actual, plan(actual, DESIRED), timedelta())

    assert found.change.describe() == ["create access policy for senders"]
    assert found.change.after["access_policies"] == [POLICY.identity]
    assert (found.since, found.hold) == (NOW, ("Mail.Send",))
    assert found.fingerprint


def test_the_scope_of_a_fresh_group_is_that_of_the_group_as_it_was_made(clients, organization):
    organization.on("Get-Group", (200, {"value": [GROUP_ROW | {"DistinguishedName": "CN=it's"}]}))
    organization.on("New-ManagementScope", DONE)

    written(clients, RBAC, WriteScope(NAME, exists=False), actual=replace(ACTUAL, group=None))

    ((_cmdlet, parameters),) = organization.writes()
    assert parameters["RecipientRestrictionFilter"] == "MemberOfGroup -eq 'CN=it''s'"
    assert Scope(NAME, parameters["RecipientRestrictionFilter"])
