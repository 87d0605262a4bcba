# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, UnexpectedAnswerError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    MICROSOFT_GRAPH,
    Catalog,
    Permission,
    Resource,
    permissions_from_graph,
    read_catalog,
    with_resources,
)

#: Names as Microsoft Graph has them; the ids do not matter here.
APPLICATION = [
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "Calendars.Read",
    "Calendars.ReadBasic.All",
    "Calendars.ReadWrite",
    "Contacts.Read",
    "Contacts.ReadWrite",
    "Directory.Read.All",
    "Group.Read.All",
    "Mail.Read",
    "Mail.ReadWrite",
    "Mail.Send",
    "MailboxSettings.Read",
    "Organization.Read.All",
    "User.Read.All",
    "User.ReadBasic.All",
    "User.ReadWrite.All",
]
DELEGATED = ["Calendars.Read", "Mail.Send", "Mail.Send.Shared", "User.Read", "User.Read.All", "email", "openid"]
GRAPH = Resource(
    MICROSOFT_GRAPH,
    "graph-principal",
    "Microsoft Graph",
    {
        "Role": {name: f"role:{name}" for name in APPLICATION},
        "Scope": {name: f"scope:{name}" for name in DELEGATED},
    },
)
EXCHANGE = Resource("exchange", "exchange-principal", "Exchange Online", {"Role": {"Mail.Send": "r1"}, "Scope": {}})


@pytest.mark.parametrize("kind", ["Role", "Scope"])
@pytest.mark.parametrize("name", ["Mail.Send", "Calendars.Read"])
def test_a_known_name_becomes_the_id_of_its_kind(kind, name):
    assert GRAPH.permission(kind, name) == Permission(MICROSOFT_GRAPH, kind, f"{kind.lower()}:{name}")
    assert GRAPH.name(GRAPH.permission(kind, name)) == name


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Email.Send", "Mail.Send"),
        ("Send.Mail", "Mail.Send"),
        ("mail.send", "Mail.Send"),
        ("Mail.Sent", "Mail.Send"),
        ("Calendar.Read", "Calendars.Read"),
        ("Calendar.Write", "Calendars.ReadWrite"),
        ("Calendar.ReadWrite", "Calendars.ReadWrite"),
        ("Calendars.Read.Write", "Calendars.ReadWrite"),
        ("calendars.read", "Calendars.Read"),
        ("User.Read", "User.Read.All"),
        ("Users.Read.All", "User.Read.All"),
    ],
)
def test_a_name_that_is_nearly_right_is_corrected(name, meant):
    with pytest.raises(InputError) as caught:
        GRAPH.permission("Role", name)

    error = caught.value
    assert error.code == "UnknownPermission"
    assert error.message == f"Microsoft Graph has no application permission '{name}'."
    assert f"Did you mean {meant}?" in error.next_step
    assert error.details == ({"name": name, "suggestion": meant},)


def test_a_name_that_resembles_none_gets_no_wild_guess():
    with pytest.raises(InputError) as caught:
        GRAPH.permission("Role", "Xyzzy")

    assert "Did you mean" not in caught.value.next_step
    assert caught.value.next_step
    assert caught.value.details == ({"name": "Xyzzy", "suggestion": None},)


def test_an_api_without_permissions_can_suggest_none():
    bare = Resource("bare", "bare-principal", "Bare API", {"Role": {}, "Scope": {}})

    with pytest.raises(InputError, match=r"Bare API has no delegated permission 'User\.Read'"):
        bare.permission("Scope", "User.Read")


@pytest.mark.parametrize(
    ("kind", "name", "hint"),
    [
        ("Role", "User.Read", "User.Read exists as delegated permission only. Did you mean User.Read.All?"),
        ("Scope", "Calendars.ReadWrite", "Calendars.ReadWrite exists as application permission only. "),
    ],
)
def test_a_name_of_the_other_kind_is_recognized(kind, name, hint):
    with pytest.raises(InputError) as caught:
        GRAPH.permission(kind, name)

    assert caught.value.next_step.startswith(hint)


def test_an_id_that_the_api_does_not_know_stands_for_itself():
    assert GRAPH.name(Permission(MICROSOFT_GRAPH, "Role", "retired-id")) == "retired-id"
    assert GRAPH.name(Permission(MICROSOFT_GRAPH, "Scope", "role:Mail.Send")) == "role:Mail.Send"


def test_a_view_names_permission_api_and_kind():
    catalog = Catalog({MICROSOFT_GRAPH: GRAPH})

    assert catalog.view(GRAPH.permission("Scope", "User.Read")) == {
        "resource": "Microsoft Graph",
        "resource_app_id": MICROSOFT_GRAPH,
        "type": "delegated",
        "name": "User.Read",
    }


def test_a_view_of_an_api_that_is_not_in_the_tenant_shows_ids():
    assert Catalog({}).view(Permission("gone", "Role", "some-id")) == {
        "resource": "gone",
        "resource_app_id": "gone",
        "type": "application",
        "name": "some-id",
    }


def test_views_are_sorted_whatever_the_order_of_the_permissions():
    catalog = Catalog({MICROSOFT_GRAPH: GRAPH, "exchange": EXCHANGE})
    permissions = [
        GRAPH.permission("Scope", "User.Read"),
        GRAPH.permission("Role", "Mail.Send"),
        EXCHANGE.permission("Role", "Mail.Send"),
        GRAPH.permission("Role", "Calendars.Read"),
    ]

    views = catalog.views(permissions)

    assert views == catalog.views(reversed(permissions))
    assert [(view["resource"], view["type"], view["name"]) for view in views] == [
        ("Exchange Online", "application", "Mail.Send"),
        ("Microsoft Graph", "application", "Calendars.Read"),
        ("Microsoft Graph", "application", "Mail.Send"),
        ("Microsoft Graph", "delegated", "User.Read"),
    ]


def test_a_resource_takes_what_applications_and_users_can_be_granted():
    resource = Resource.from_graph(
        {
            "id": "principal",
            "appId": "app",
            "displayName": None,
            "appRoles": [
                {"id": "1", "value": "For.Applications", "allowedMemberTypes": ["Application"]},
                {"id": "2", "value": "For.Both", "allowedMemberTypes": ["User", "Application"]},
                {"id": "3", "value": "For.Users", "allowedMemberTypes": ["User"]},
                {"id": "4", "value": None, "allowedMemberTypes": ["Application"]},
            ],
            "oauth2PermissionScopes": [{"id": "5", "value": "Delegated"}, {"id": "6", "value": None}],
        }
    )

    assert resource == Resource(
        "app", "principal", "", {"Role": {"For.Applications": "1", "For.Both": "2"}, "Scope": {"Delegated": "5"}}
    )


ON = {"id": "new", "value": "Mail.Send", "isEnabled": True}
OFF = {"id": "old", "value": "Mail.Send", "isEnabled": False}


@pytest.mark.parametrize("listed", [[ON, OFF], [OFF, ON], [ON, OFF, ON]])
@pytest.mark.parametrize(("kind", "field"), [("Role", "appRoles"), ("Scope", "oauth2PermissionScopes")])
def test_of_permissions_of_one_name_the_one_that_is_on_counts(listed, kind, field):
    resource = Resource.from_graph({"id": "p", "appId": "app", "displayName": "Example", field: listed})

    assert resource.permission(kind, "Mail.Send") == Permission("app", kind, "new")
    assert resource.name(Permission("app", kind, "old")) == "Mail.Send"


def test_a_permission_that_is_off_is_told_so():
    resource = Resource.from_graph({"id": "p", "appId": "app", "displayName": "Example", "appRoles": [OFF]})

    with pytest.raises(InputError, match=r"'Mail\.Send' of Example is switched off") as caught:
        resource.permission("Role", "Mail.Send")

    assert caught.value.code == "PermissionSwitchedOff"
    with pytest.raises(InputError, match="has no delegated permission"):
        resource.permission("Scope", "Mail.Send")


def test_ids_are_the_same_in_any_case():
    rows = [
        {"resourceAppId": "A", "resourceAccess": [{"id": "B", "type": "Role"}, {"id": "b", "type": "Role"}]},
        {"resourceAppId": "a", "resourceAccess": None},
        {"resourceAppId": "a", "resourceAccess": [{"id": "b", "type": "Role"}]},
    ]

    assert permissions_from_graph(rows) == {Permission("a", "Role", "b")}
    assert permissions_from_graph(None) == frozenset()


@pytest.mark.parametrize(
    ("type_", "kinds"), [("role", {"Role"}), ("SCOPE", {"Scope"}), ("Role, scope", {"Role", "Scope"})]
)
def test_types_are_the_same_in_any_case_and_may_be_two_in_one(type_, kinds):
    found = permissions_from_graph([{"resourceAppId": "A", "resourceAccess": [{"id": "B", "type": type_}]}])

    assert found == {Permission("a", kind, "b") for kind in kinds}


def test_a_type_that_is_none_is_told():
    with pytest.raises(UnexpectedAnswerError, match="unknown type: 'Rolle'"):
        permissions_from_graph([{"resourceAppId": "a", "resourceAccess": [{"id": "b", "type": "Rolle"}]}])


@pytest.mark.parametrize("members", [["application"], ["User", "Application"], None])
def test_roles_for_applications_in_any_case(members):
    role = {"id": "ABC", "value": "Mail.Send", "allowedMemberTypes": members}
    found = Resource.from_graph({"appId": "x", "id": "y", "appRoles": [role], "oauth2PermissionScopes": None})

    assert found.names["Role"] == {"Mail.Send": "abc"}


def test_a_declaration_is_read_as_a_set_of_ids():
    rows = [
        {"resourceAppId": "a", "resourceAccess": [{"id": "1", "type": "Role"}, {"id": "2", "type": "Scope"}]},
        {"resourceAppId": "b", "resourceAccess": [{"id": "1", "type": "Role"}]},
        {"resourceAppId": "c"},
    ]

    assert permissions_from_graph(rows) == {
        Permission("a", "Role", "1"),
        Permission("a", "Scope", "2"),
        Permission("b", "Role", "1"),
    }
    assert permissions_from_graph(reversed(rows)) == permissions_from_graph(rows)


ABSENT = (404, {"error": {"code": "Request_ResourceNotFound", "message": "no such thing"}})


def test_the_catalog_asks_once_for_each_api_and_leaves_out_those_not_in_the_tenant(graph, http):
    http.on("GET", "/servicePrincipals(appId='here')", (200, {"id": "p", "appId": "here", "displayName": "Here"}))
    http.on("GET", "/servicePrincipals(appId='gone')", ABSENT)

    catalog = read_catalog(graph, ["here", "gone", "here"])

    assert catalog.resources == {"here": Resource("here", "p", "Here", {"Role": {}, "Scope": {}})}
    assert len(http.sent) == 2
    assert all("$select" in sent.query for sent in http.sent)


def test_an_api_known_by_its_principal_only_is_added_to_the_catalog(graph, http):
    http.on("GET", "/servicePrincipals/p2", (200, {"id": "p2", "appId": "other", "displayName": "Other"}))
    http.on("GET", "/servicePrincipals/p3", ABSENT)
    catalog = Catalog({"exchange": EXCHANGE})

    wider = with_resources(graph, catalog, ["exchange-principal", "p2", "p3", "p2"])

    assert set(wider.resources) == {"exchange", "other"}
    assert http.calls() == [("GET", "/servicePrincipals/p2"), ("GET", "/servicePrincipals/p3")]
    assert set(catalog.resources) == {"exchange"}
