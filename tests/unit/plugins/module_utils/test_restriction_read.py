# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    AmbiguityError,
    ExchangeError,
    ExchangeRightError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    Assignment,
    Desired,
    Policy,
    Recipient,
    Scope,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.read import (
    Clients,
    find_group,
    find_person,
    find_recipient,
    read,
    read_absent,
    recipients_in,
)

NAME = "ours"
APPLICATION, PRINCIPAL = f"/applications(uniqueName='{NAME}')", "/servicePrincipals(appId='client')"
ASSIGNMENTS, DEFINITIONS = "/roleManagement/exchange/roleAssignments", "/roleManagement/exchange/roleDefinitions"
ABSENT = (404, {"error": {"code": "Request_ResourceNotFound", "message": ""}})
MISSING_TYPE = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
MISSING = (404, {"error": {"details": [{"message": f"|{MISSING_TYPE}|ikke fundet"}]}})
WHEN = "2026-05-01T10:00:00Z"
DATE = {"Date": "Fri, 01 May 2026 12:00:00 GMT"}
NOW, MADE = datetime(2026, 5, 1, 12, tzinfo=UTC), datetime(2026, 5, 1, 10, tzinfo=UTC)

DESIRED = Desired(NAME, "access_policy", ("Mail.Send",), "senders", ("ann@c.example",))
RBAC = Desired(NAME, "rbac", ("Mail.Send",), "senders", ("ann@c.example",))
NONE = Desired(NAME, "none", ("Mail.Send",))
BETA = Desired(NAME, "rbac", ("Mail.Send",), "senders", ("ann@c.example",), beta=True)


def row(name, kind="UserMailbox", **more):
    address = f"{name}@c.example"
    return {
        "Guid": f"GUID-{name}",
        "Name": name,
        "Alias": name,
        "PrimarySmtpAddress": address,
        "EmailAddresses": [f"SMTP:{address}"],
        "RecipientTypeDetails": kind,
        **more,
    }


def group_row(name="senders", kind="MailUniversalSecurityGroup", **more):
    settings = {
        "Sid": f"sid-{name}",
        "DistinguishedName": f"CN={name}",
        "ExternalDirectoryObjectId": f"entra-{name}",
        "Notes": "ours",
        "WhenChangedUTC": WHEN,
    }
    return row(name, kind, **settings, **more)


def rows(*found):
    return (200, {"value": list(found)})


ANN, BOB, CARL = (Recipient(f"guid-{name}", f"{name}@c.example", "UserMailbox") for name in ("ann", "bob", "carl"))


@pytest.fixture(autouse=True)
def tenant(http):
    """A registration with a secret that is still valid."""
    secret = {"endDateTime": "2027-01-01T00:00:00Z"}
    body = {"id": "o", "appId": "client", "displayName": "Totalview", "passwordCredentials": [secret]}
    http.on("GET", APPLICATION, (200, body, DATE))
    http.on("GET", PRINCIPAL, (200, {"id": "principal", "appId": "client", "accountEnabled": True}, DATE))
    return http


@pytest.fixture(autouse=True)
def organization(exchange_http):
    """The group with one member; no restriction."""
    exchange_http.on("Get-Group", rows(group_row()))
    exchange_http.on("Get-DistributionGroupMember", rows(row("ann")))
    exchange_http.on("Get-Recipient", MISSING)
    exchange_http.on("Get-User", MISSING)
    exchange_http.on("Get-Mailbox", MISSING)
    exchange_http.on("Get-ApplicationAccessPolicy", rows())
    exchange_http.on("Get-ServicePrincipal", MISSING)
    exchange_http.on("Get-ManagementRoleAssignment", MISSING)
    exchange_http.on("Get-ManagementScope", MISSING)
    exchange_http.on("Get-OrganizationConfig", rows({"IsDehydrated": False}))
    return exchange_http


@pytest.fixture
def clients(graph, exchange):
    return Clients(graph, exchange)


@pytest.fixture
def with_beta(graph, exchange, beta):
    return Clients(graph, exchange, beta)


# --- the registration


def test_reading_writes_nothing(clients, http, organization):
    for desired in (DESIRED, RBAC, NONE):
        read(clients, desired)

    assert http.writes() == []
    assert organization.writes() == []


def test_the_registration_and_microsofts_time(clients):
    state = read(clients, NONE)

    assert (state.app_id, state.principal_id, state.display_name) == ("client", "principal", "Totalview")
    assert state.now == NOW


@pytest.mark.parametrize(
    ("secrets", "certificates", "live"),
    [
        ([], [], False),
        (["2026-05-01T11:59:59Z"], [], False),
        (["2026-05-01T11:59:59Z", "2026-05-01T12:00:01.1234567Z"], [], True),
        ([], ["2027-01-01T00:00:00Z"], True),
    ],
)
def test_a_registration_is_live_while_any_credential_is_valid(clients, tenant, secrets, certificates, live):
    body = {
        "appId": "client",
        "passwordCredentials": [{"endDateTime": end} for end in secrets],
        "keyCredentials": [{"endDateTime": end} for end in certificates],
    }
    tenant.on("GET", APPLICATION, (200, body, DATE))

    assert read(clients, NONE).live is live


def test_without_a_registration_nothing_is_its(clients, tenant, organization):
    tenant.on("GET", APPLICATION, (*ABSENT, DATE))
    organization.on("Get-ApplicationAccessPolicy", rows(policy_row("other"), policy_row("third")))

    state = read(clients, DESIRED)

    assert (state.app_id, state.policies, state.assignments, state.now) == (None, (), (), NOW)
    assert state.group is not None


@pytest.mark.parametrize(
    ("desired", "cmdlet"), [(DESIRED, "Get-ApplicationAccessPolicy"), (RBAC, "Get-ManagementScope")]
)
def test_a_lack_of_rights_shows_before_a_registration_is_made(clients, tenant, organization, desired, cmdlet):
    tenant.on("GET", APPLICATION, ABSENT)
    organization.on(cmdlet, (403, ""))

    with pytest.raises(ExchangeRightError):
        read(clients, desired)


def test_a_scope_that_was_left_over_is_seen_before_there_is_a_registration(clients, tenant, organization):
    tenant.on("GET", APPLICATION, ABSENT)
    organization.on("Get-ManagementScope", rows({"Name": NAME, "RecipientFilter": "x"}))

    assert read(clients, RBAC).scope == Scope(NAME, "x")


@pytest.mark.parametrize("dehydrated", [True, False, None])
def test_a_dehydrated_organization_is_seen_before_there_is_a_registration(clients, tenant, organization, dehydrated):
    tenant.on("GET", APPLICATION, ABSENT)
    organization.on("Get-OrganizationConfig", rows({"IsDehydrated": dehydrated}))

    assert read(clients, RBAC).dehydrated is (dehydrated is True)


def test_without_a_restriction_no_recipient_is_read(clients, organization):
    read(clients, NONE)

    assert set(organization.cmdlets()) == {"Get-ApplicationAccessPolicy", "Get-ServicePrincipal"}


# --- groups and recipients


@pytest.mark.parametrize("name", ["senders", "SENDERS", "senders@c.example", "GUID-senders"])
def test_the_group_is_found_by_any_of_its_names(clients, name):
    group = find_group(clients.exchange, name)

    assert (group.guid, group.name, group.sid) == ("guid-senders", "senders", "sid-senders")
    assert (group.distinguished_name, group.directory_id) == ("CN=senders", "entra-senders")
    assert (group.notes, group.changed, group.members) == ("ours", MADE, (ANN,))


def test_members_are_asked_for_without_a_limit_by_the_groups_own_id(clients, organization):
    find_group(clients.exchange, "senders")

    (sent,) = (sent for sent in organization.sent if sent.cmdlet == "Get-DistributionGroupMember")
    assert sent.parameters == {"Identity": "guid-senders", "ResultSize": "Unlimited"}


@pytest.mark.parametrize("found", [[], [group_row("others")], [group_row("others"), group_row("more")]])
def test_a_group_of_another_name_is_not_the_one_that_was_asked_for(clients, organization, found):
    organization.on("Get-Group", rows(*found))

    assert find_group(clients.exchange, "senders") is None
    assert organization.cmdlets() == ["Get-Group"], "nobody's members are read"


def test_several_groups_of_the_name_are_an_error(clients, organization):
    organization.on("Get-Group", rows(group_row("senders"), group_row("others") | {"Alias": "senders"}))

    with pytest.raises(AmbiguityError, match="Several groups"):
        find_group(clients.exchange, "senders")


@pytest.mark.parametrize("kind", ["GroupMailbox", "DynamicDistributionGroup", "RoleGroup"])
def test_of_a_group_of_another_kind_no_members_are_read(clients, organization, kind):
    """Exchange would answer with everybody."""
    organization.on("Get-Group", rows(group_row(kind=kind)))

    group = find_group(clients.exchange, "senders")

    assert (group.kind, group.members) == (kind, ())
    assert organization.cmdlets() == ["Get-Group"]


def test_a_lack_of_rights_does_not_mean_absent(clients, organization):
    organization.on("Get-Group", (403, "\0" * 100))

    with pytest.raises(ExchangeRightError):
        read(clients, DESIRED)


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ({"PrimarySmtpAddress": "Dora@c.example"}, "dora@c.example"),
        ({"PrimarySmtpAddress": "", "WindowsEmailAddress": "Dora@c.example"}, "dora@c.example"),
        ({"WindowsEmailAddress": "", "UserPrincipalName": "dora@c.onmicrosoft.example"}, "dora@c.onmicrosoft.example"),
        ({"PrimarySmtpAddress": None}, "dora"),
        ({}, "dora"),
    ],
)
def test_who_has_no_address_is_told_by_another_name(told, address):
    """Get-User shows no PrimarySmtpAddress, and members of a group need not have one."""
    found = Recipient.from_exchange({"Guid": "G", "Name": "Dora", "RecipientTypeDetails": "User", **told})

    assert found.address == address


def test_what_else_has_the_groups_name_is_told(clients, organization):
    organization.on("Get-Group", MISSING)
    organization.on("Get-Recipient", rows(row("senders", "SharedMailbox")), identity="senders")

    assert read(clients, DESIRED).name_taken == "SharedMailbox"


def test_a_recipient_of_another_name_takes_no_name(clients, organization):
    organization.on("Get-Group", MISSING)
    organization.on("Get-Recipient", rows(row("ann"), row("bob")), identity="senders")

    state = read(clients, DESIRED)

    assert (state.group, state.name_taken) == (None, None)


@pytest.mark.parametrize(
    "found",
    [
        row("post"),
        row("bob", EmailAddresses=["SMTP:bob@c.example", "smtp:Post@c.example"]),
        row("bob", UserPrincipalName="POST@c.example"),
        row("bob", EmailAddresses=None, WindowsLiveID="post@c.example"),
    ],
)
def test_a_recipient_is_found_by_any_of_its_addresses(clients, organization, found):
    organization.on("Get-Recipient", rows(row("ann"), found, row("carl")))

    recipient = find_recipient(clients.exchange, "post@c.example")

    assert recipient.address == found["PrimarySmtpAddress"]


@pytest.mark.parametrize("found", [[], [row("ann")], [row("ann"), row("bob")]], ids=["none", "another", "everybody"])
def test_a_recipient_that_does_not_answer_to_the_address_is_none(clients, organization, found):
    organization.on("Get-Recipient", rows(*found))

    assert find_recipient(clients.exchange, "post@c.example") is None


@pytest.mark.parametrize(
    ("cmdlet", "kind"), [("Get-User", "User"), ("Get-Mailbox", "SoftDeletedMailbox")], ids=["unlicensed", "deleted"]
)
def test_who_has_no_mailbox_is_told_by_what_there_is_of_him(clients, organization, cmdlet, kind):
    organization.on(cmdlet, rows(row("post", PrimarySmtpAddress="", UserPrincipalName="post@c.example")))

    person = find_person(clients.exchange, "Post@c.example")

    assert (person.kind, person.address, person.is_mailbox) == (kind, "post@c.example", False)


@pytest.mark.parametrize("answer", [MISSING, rows(), rows(row("ann")), rows(row("post"), row("post")), (403, "")])
def test_nobody_or_several_or_no_right_to_look_is_nobody(clients, organization, answer):
    organization.on("Get-User", answer)
    organization.on("Get-Mailbox", answer)

    assert find_person(clients.exchange, "post@c.example") is None


def test_two_recipients_of_one_address_are_an_error(clients, organization):
    organization.on("Get-Recipient", rows(row("post"), row("bob", WindowsLiveID="post@c.example")))

    with pytest.raises(AmbiguityError, match="Several recipients"):
        find_recipient(clients.exchange, "post@c.example")


def test_only_addresses_that_are_no_members_yet_are_looked_up(clients, organization):
    organization.on("Get-Recipient", rows(row("bob")), identity="bob@c.example")
    desired = Desired(NAME, "access_policy", (), "senders", ("ANN@c.example", "Bob@c.example"), sender="dora@c.example")

    state = read(clients, desired)

    assert state.resolved == {"ann@c.example": ANN, "bob@c.example": BOB, "dora@c.example": None}
    asked = [sent.parameters["Identity"] for sent in organization.sent if sent.cmdlet == "Get-Recipient"]
    assert asked == ["bob@c.example", "dora@c.example"]


# --- nested groups


def members(organization, **groups):
    for name, found in groups.items():
        organization.on("Get-DistributionGroupMember", rows(*found), identity=f"guid-{name}")


TEAM, CREW = row("team", "MailUniversalSecurityGroup"), row("crew", "MailUniversalDistributionGroup")


def test_recipients_in_nested_groups_are_found_once(clients, organization):
    members(organization, senders=[row("ann"), TEAM, CREW], team=[row("bob"), CREW], crew=[row("bob"), row("carl")])

    assert set(recipients_in(clients.exchange, "guid-senders")) == {ANN, BOB, CARL}


@pytest.mark.parametrize(
    "groups",
    [
        {"team": [TEAM, row("ann")]},
        {"team": [CREW, row("ann")], "crew": [TEAM, row("bob")]},
        {"team": [CREW], "crew": [row("more", "MailUniversalSecurityGroup"), row("bob")], "more": [TEAM, row("ann")]},
    ],
    ids=["itself", "each other", "three"],
)
def test_groups_that_contain_each_other_come_to_an_end(clients, organization, groups):
    members(organization, **groups)

    found = recipients_in(clients.exchange, "guid-team")

    assert ANN in found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    "kind", ["GroupMailbox", "DynamicDistributionGroup", "RoomList", "MailContact", "MailUser", "Newest"]
)
def test_what_lists_no_members_is_not_looked_into(clients, organization, kind):
    organization.on("Get-DistributionGroupMember", rows(row("ann"), row("bob"), row("carl")))
    members(organization, senders=[row("ann"), row("odd", kind)])

    assert recipients_in(clients.exchange, "guid-senders") == (ANN, Recipient("guid-odd", "odd@c.example", kind))


@pytest.mark.parametrize("kind", ["GroupMailbox", "DynamicDistributionGroup"])
def test_a_wanted_member_that_lists_no_members_holds_no_mailbox(clients, organization, kind):
    organization.on("Get-Recipient", rows(row("odd", kind)), identity="odd@c.example")

    state = read(clients, Desired(NAME, "access_policy", (), "senders", ("odd@c.example",)))

    assert state.resolved["odd@c.example"].is_group
    assert state.nested == {}


def test_the_mailboxes_of_each_group_that_is_a_member_or_shall_be(clients, organization):
    members(organization, senders=[row("ann"), TEAM], team=[row("bob")], crew=[row("carl")])
    organization.on("Get-Recipient", rows(CREW), identity="crew@c.example")

    state = read(clients, Desired(NAME, "access_policy", (), "senders", ("crew@c.example",)))

    assert state.nested == {"guid-team": (BOB,), "guid-crew": (CARL,)}


@pytest.mark.parametrize(
    ("managed_by", "managers"),
    [
        (["Organization Management"], ()),
        ([], ()),
        (None, ()),
        (["Organization Management", "ann"], ("ann",)),
        (["bob", "ann"], ("ann", "bob")),
        ("ann", ("ann",)),
    ],
)
def test_people_who_manage_the_group_are_known(clients, organization, managed_by, managers):
    organization.on("Get-Group", rows(group_row(ManagedBy=managed_by)))

    assert read(clients, DESIRED).group.managers == managers


# --- access policies


def policy_row(app_id="client", sid="sid-senders", right="RestrictAccess", description="Totalview 2026-05-01T10:00Z"):
    return {
        "Identity": f"tenant\\{app_id}:{sid};entra-senders",
        "AppId": app_id,
        "ScopeIdentityRaw": sid,
        "AccessRight": right,
        "Description": description,
    }


@pytest.mark.parametrize("raw", ["sid-senders", "sid-senders;entra-senders"])
def test_a_policy_is_known_by_its_groups_sid(clients, organization, raw):
    organization.on("Get-ApplicationAccessPolicy", rows(policy_row() | {"ScopeIdentityRaw": raw}))

    state = read(clients, DESIRED)

    identity = "tenant\\client:sid-senders;entra-senders"
    assert state.policies == (Policy(identity, "sid-senders", "RestrictAccess", "Totalview 2026-05-01T10:00Z"),)
    assert state.policies[0].since == MADE
    assert not plan(state, DESIRED).change.changed


def test_policies_of_other_applications_are_not_ours(clients, organization):
    organization.on("Get-ApplicationAccessPolicy", rows(policy_row("other"), policy_row("CLIENT"), policy_row("third")))

    (policy,) = read(clients, DESIRED).policies

    assert policy.identity.startswith("tenant\\CLIENT")
    (sent,) = (sent for sent in organization.sent if sent.cmdlet == "Get-ApplicationAccessPolicy")
    assert sent.parameters == {}


@pytest.mark.parametrize("description", [None, " ", "Restrict this app"])
def test_a_policy_without_our_description_has_no_date(clients, organization, description):
    organization.on("Get-ApplicationAccessPolicy", rows(policy_row(description=description)))

    assert read(clients, DESIRED).policies[0].since is None


# --- roles


def pointer_row(app_id="client", object_id="principal"):
    return {"AppId": app_id, "ObjectId": object_id, "Identity": object_id, "DisplayName": "Totalview", "Sid": "S-1"}


def role_row(name="ours Mail.Send", assignee="principal", **more):
    return {
        "Name": name,
        "Guid": f"id of {name}",
        "Role": "Application Mail.Send",
        "RoleAssignee": assignee,
        "CustomResourceScope": "ours",
        "WhenCreatedUTC": WHEN,
        **more,
    }


SEND = Assignment("id of ours Mail.Send", "ours Mail.Send", "Application Mail.Send", "ours", MADE)


@pytest.fixture
def known(organization):
    organization.on("Get-ServicePrincipal", rows(pointer_row("other", "o"), pointer_row("CLIENT", "Principal")))
    return organization


def test_roles_and_scope_of_our_service_principal(clients, known):
    known.on("Get-ManagementRoleAssignment", rows(role_row(), role_row("theirs", "other principal")))
    known.on("Get-ManagementScope", rows({"Name": "others"}, {"Name": "OURS", "RecipientFilter": "Name -eq 'a'"}))

    state = read(clients, RBAC)

    assert (state.pointer, state.assignments) == (True, (SEND,))
    assert state.scope == Scope("OURS", "Name -eq 'a'")


@pytest.mark.parametrize("desired", [DESIRED, RBAC, NONE], ids=["access_policy", "rbac", "none"])
def test_roles_are_read_in_every_mode(clients, known, desired):
    known.on("Get-ManagementRoleAssignment", rows(role_row()))

    assert read(clients, desired).assignments == (SEND,)


@pytest.mark.parametrize(
    "assignee",
    [
        {"RoleAssignee": "PRINCIPAL"},
        {"RoleAssignee": "client"},
        {"RoleAssignee": "S-1"},
        {"RoleAssignee": "unknown", "RoleAssigneeName": "Totalview"},
        {"RoleAssignee": None, "App": "principal"},
    ],
)
def test_the_assignee_goes_by_any_name_of_the_service_principal(clients, known, assignee):
    known.on("Get-ManagementRoleAssignment", rows(role_row() | assignee))

    assert len(read(clients, RBAC).assignments) == 1


@pytest.mark.parametrize(
    ("scopes", "scope"),
    [
        ({"CustomResourceScope": None}, None),
        ({"CustomResourceScope": "", "RecipientGroupScope": "senders"}, "senders"),
        ({"CustomResourceScope": "Another"}, "Another"),
    ],
)
def test_the_scope_of_a_role(clients, known, scopes, scope):
    known.on("Get-ManagementRoleAssignment", rows(role_row(**scopes)))

    assert read(clients, RBAC).assignments[0].scope == scope


def test_a_scope_of_another_name_is_none(clients, known):
    known.on("Get-ManagementScope", rows({"Name": "others", "RecipientFilter": "x"}))

    assert read(clients, RBAC).scope is None


@pytest.mark.parametrize("found", [[], [pointer_row("other", "o")]], ids=["none", "others only"])
def test_the_service_principal_of_another_application_is_not_ours(clients, organization, found):
    organization.on("Get-ServicePrincipal", rows(*found))

    state = read(clients, RBAC)

    assert (state.pointer, state.assignments) == (False, ())
    assert "Get-ManagementRoleAssignment" not in organization.cmdlets()


def test_a_service_principal_that_points_elsewhere_stops_the_run(clients, organization):
    organization.on("Get-ServicePrincipal", rows(pointer_row(object_id="the application's")))

    with pytest.raises(ExchangeError, match="points to another object") as caught:
        read(clients, RBAC)

    assert caught.value.code == "PointerMismatch"
    assert "Remove-ServicePrincipal the application's" in caught.value.next_step


def test_whether_the_organization_is_dehydrated_is_asked_only_before_the_first_role(clients, known):
    known.on("Get-OrganizationConfig", rows({"IsDehydrated": True}))

    assert read(clients, RBAC).dehydrated
    assert not read(clients, DESIRED).dehydrated
    known.on("Get-ManagementRoleAssignment", rows(role_row()))
    assert not read(clients, RBAC).dehydrated


# --- roles through Graph beta


def test_roles_through_graph_beta(with_beta, tenant, known):
    tenant.on("GET", DEFINITIONS, (200, {"value": [{"id": "definition", "displayName": "Application Mail.Send"}]}))
    found = [
        {"id": "1", "roleDefinitionId": "definition", "directoryScopeId": "/Groups/entra-senders", "appScopeId": None},
        {"id": "2", "roleDefinitionId": "another", "directoryScopeId": "/", "appScopeId": None},
        {"id": "3", "roleDefinitionId": "another", "directoryScopeId": None, "appScopeId": "scope-id"},
    ]
    tenant.on("GET", ASSIGNMENTS, (200, {"value": found}))

    state = read(with_beta, BETA)

    assert state.assignments == (
        Assignment("1", "", "Application Mail.Send", "/Groups/entra-senders", None),
        Assignment("2", "", "another", None, None),
        Assignment("3", "", "another", "scope-id", None),
    )
    assert state.scope is None
    assert {"Get-ManagementRoleAssignment", "Get-ManagementScope"}.isdisjoint(known.cmdlets())
    (sent,) = (sent for sent in tenant.sent if sent.path == ASSIGNMENTS)
    assert sent.query == {"$filter": "principalId eq '/ServicePrincipals/principal'"}


@pytest.mark.usefixtures("known")
def test_without_roles_no_definitions_are_read(with_beta, tenant):
    tenant.on("GET", ASSIGNMENTS, (200, {"value": []}))

    assert read(with_beta, BETA).assignments == ()
    assert ("GET", DEFINITIONS) not in tenant.calls()


@pytest.mark.parametrize("names", [[], ["Application Mail.Read"], ["Application Mail.Send"] * 2])
@pytest.mark.usefixtures("known")
def test_a_role_that_exchange_does_not_know_is_a_fault(with_beta, tenant, names):
    definitions = [{"id": str(number), "displayName": name} for number, name in enumerate(names)]
    tenant.on("GET", DEFINITIONS, (200, {"value": definitions}))
    tenant.on("GET", ASSIGNMENTS, (200, {"value": [{"id": "1", "roleDefinitionId": "x", "directoryScopeId": "/"}]}))

    with pytest.raises(ExchangeError, match=r"no role Application Mail\.Send"):
        read(with_beta, BETA)


# --- what is left of one that is gone

GONE = Desired(NAME, "none", ("Mail.Send",), client_id="CLIENT", known_group="guid-senders", members=("an@c.example",))


@pytest.fixture
def deleted(tenant):
    """The application is gone, and with it its service principal."""
    tenant.on("GET", "/applications(appId='CLIENT')", ABSENT)
    tenant.on("GET", "/servicePrincipals(appId='CLIENT')", ABSENT)


@pytest.mark.usefixtures("deleted")
def test_what_is_left_is_found_by_the_client_id_and_the_groups_guid(clients, organization):
    organization.on("Get-ApplicationAccessPolicy", rows(policy_row("other"), policy_row("CLIENT")))
    organization.on("Get-Recipient", rows(row("ann", EmailAddresses=["smtp:an@c.example"])), identity="an@c.example")

    found = read_absent(clients, GONE, "principal-0")

    assert (found.app_id, found.principal_id, found.pointer) == ("client", "principal-0", False)
    assert [policy.identity for policy in found.policies] == [policy_row("CLIENT")["Identity"]]
    assert found.group is not None
    assert [(call.cmdlet, call.parameters["Identity"]) for call in organization.sent if call.cmdlet == "Get-Group"] == [
        ("Get-Group", "guid-senders")
    ]
    assert found.resolved["an@c.example"] == ANN


@pytest.mark.usefixtures("deleted")
def test_a_pointer_that_outlives_its_service_principal_tells_its_object_id(clients, organization):
    organization.on("Get-ServicePrincipal", rows({"AppId": "CLIENT", "ObjectId": "PRINCIPAL-1", "DisplayName": "x"}))
    assert read_absent(clients, GONE, "principal-0").principal_id == "principal-1"


@pytest.mark.usefixtures("deleted")
def test_without_a_group_in_the_store_no_group_is_looked_for(clients, organization):
    found = read_absent(clients, replace(GONE, known_group=None), None)
    assert (found.group, found.uses) == (None, ())
    assert "Get-Group" not in organization.cmdlets()


@pytest.mark.usefixtures("deleted")
def test_what_else_refers_to_the_group_is_told(clients, organization):
    """Of the registration's own nothing counts, nor what refers to another group."""
    scopes = [
        {"Name": NAME, "RecipientFilter": "MemberOfGroup -eq 'CN=senders'"},
        {"Name": "theirs", "RecipientFilter": "memberofgroup -eq 'cn=SENDERS'"},
        {"Name": "elsewhere", "RecipientFilter": "MemberOfGroup -eq 'CN=other'"},
    ]
    roles = [{"Name": "by group", "RecipientGroupScope": "Senders"}, {"Name": "by scope", "RecipientGroupScope": None}]
    others = {**policy_row("other"), "ScopeIdentityRaw": "sid-senders;x"}
    organization.on(
        "Get-ApplicationAccessPolicy", rows(others, {**policy_row("CLIENT"), "ScopeIdentityRaw": "sid-senders"})
    )
    organization.on("Get-ManagementScope", rows(*scopes))
    organization.on("Get-ManagementRoleAssignment", rows(*roles))

    found = read_absent(clients, GONE, None)

    assert found.uses == (
        f"the access policy {others['Identity']}",
        "the management scope theirs",
        "the role assignment by group",
    )
