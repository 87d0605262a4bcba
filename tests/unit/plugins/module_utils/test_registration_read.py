# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    AmbiguityError,
    ForbiddenError,
    GraphError,
    InputError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import (
    Actual,
    Application,
    Desired,
    ServicePrincipal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_by_unique_name,
    read,
    read_absent,
    require,
    search,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.view import view, view_of

KEYED = "/applications(uniqueName='ours')"
PRINCIPAL = "/servicePrincipals(appId='client-1')"
DELETED = "/directory/deletedItems/graph.application"
DELETED_PRINCIPALS = "/directory/deletedItems/graph.servicePrincipal"
OWNERS = "/applications/object-1/owners"
ABSENT = (404, {"error": {"code": "Request_ResourceNotFound", "message": ""}})
DENIED = (403, {"error": {"code": "Authorization_RequestDenied", "message": ""}})
DESIRED = Desired("ours", "Totalview e-mail")
BODY = {
    "id": "object-1",
    "appId": "client-1",
    "displayName": "Totalview e-mail",
    "uniqueName": "ours",
    "signInAudience": "AzureADMyOrg",
    "notes": "kept",
    "tags": ["b", "a"],
    "createdDateTime": "2026-01-01T00:00:00Z",
}
BY_HAND = BODY | {"uniqueName": None}
APPLICATION = Application(
    "object-1", "client-1", "Totalview e-mail", "ours", "AzureADMyOrg", "kept", ("b", "a"), "2026-01-01T00:00:00Z"
)


def rows(*found):
    return (200, {"value": list(found)})


@pytest.fixture
def tenant(http):
    """A tenant without our registration."""
    http.on("GET", KEYED, ABSENT)
    http.on("GET", PRINCIPAL, ABSENT)
    http.on("GET", "/applications", rows())
    http.on("GET", DELETED, rows())
    http.on("GET", DELETED_PRINCIPALS, rows())
    http.on("GET", OWNERS, rows({"id": "ann"}, {"id": "bob"}))
    yield http
    assert http.writes() == [], "reading writes nothing"


def test_a_registration_that_is_there_is_found_by_its_key_alone(graph, tenant):
    tenant.on("GET", KEYED, (200, BODY))
    tenant.on("GET", PRINCIPAL, (200, {"id": "principal-1", "accountEnabled": True}))

    assert read(graph, DESIRED) == Actual(APPLICATION, ServicePrincipal("principal-1", enabled=True))
    assert tenant.calls() == [("GET", KEYED), ("GET", PRINCIPAL)]


def test_owners_are_read_where_some_are_wanted(graph, tenant):
    tenant.on("GET", KEYED, (200, BODY))

    assert read(graph, replace(DESIRED, owners=("ann",))).owners == ("ann", "bob")


def test_a_deleted_service_principal_is_looked_for_where_there_is_none(graph, tenant):
    tenant.on("GET", KEYED, (200, BODY))
    deleted = ({"id": "principal-9", "appId": "other"}, {"id": "principal-0", "appId": "client-1"})
    tenant.on("GET", DELETED_PRINCIPALS, rows(*deleted))

    assert read(graph, DESIRED).deleted_service_principal_id == "principal-0"


def test_deleted_service_principals_that_may_not_be_listed_are_taken_for_none(graph, tenant):
    tenant.on("GET", KEYED, (200, BODY))
    tenant.on("GET", DELETED_PRINCIPALS, DENIED)

    assert read(graph, DESIRED).deleted_service_principal_id is None


@pytest.mark.usefixtures("tenant")
def test_nothing_is_there(graph):
    assert read(graph, DESIRED) == Actual()


def test_a_deleted_registration_is_known_by_its_key_and_not_by_its_name(graph, tenant):
    tenant.on("GET", DELETED, rows(BODY | {"uniqueName": "another", "id": "object-9"}, BODY, BY_HAND))
    tenant.on("GET", DELETED_PRINCIPALS, rows({"id": "principal-0", "appId": "client-1"}))

    actual = read(graph, DESIRED)

    assert actual.deleted == (APPLICATION,)
    assert actual.deleted_service_principal_id == "principal-0"


def test_an_application_made_by_hand_is_searched_for_by_its_exact_name(graph, tenant):
    tenant.on("GET", "/applications", rows(BY_HAND))
    tenant.on("GET", PRINCIPAL, (200, {"id": "principal-1"}))

    actual = read(graph, replace(DESIRED, adopt=True, owners=("ann",)))

    assert actual.candidates == (replace(APPLICATION, unique_name=None),)
    assert actual.service_principal == ServicePrincipal("principal-1", enabled=True)
    assert actual.owners == ("ann", "bob")
    (search_sent,) = (sent for sent in tenant.sent if sent.path == "/applications")
    assert search_sent.query["$filter"] == "displayName eq 'Totalview e-mail'"


def test_ours_that_the_list_shows_before_the_key_finds_it_is_none_made_by_hand(graph, tenant):
    tenant.on("GET", "/applications", rows(BODY))
    tenant.on("GET", PRINCIPAL, (200, {"id": "principal-1"}))

    actual = read(graph, DESIRED)

    assert actual == Actual(APPLICATION, ServicePrincipal("principal-1", enabled=True))


def test_an_application_made_by_hand_is_searched_for_by_client_id_where_one_is_given(graph, tenant):
    tenant.on("GET", "/applications", rows(BY_HAND))

    read(graph, replace(DESIRED, display_name="it's", adopt=True, adopt_client_id="client-1"))

    (search_sent,) = (sent for sent in tenant.sent if sent.path == "/applications")
    assert search_sent.query["$filter"] == "appId eq 'client-1'"


def test_reading_fails_where_a_person_must_decide(graph, tenant):
    tenant.on("GET", "/applications", rows(BY_HAND, BY_HAND | {"id": "object-2", "appId": "client-2"}))

    with pytest.raises(AmbiguityError):
        read(graph, replace(DESIRED, adopt=True))


@pytest.mark.parametrize("path", ["/applications", DELETED])
def test_a_search_that_is_refused_leaves_the_key_alone_to_decide(graph, tenant, path):
    tenant.on("GET", path, DENIED)

    assert read(graph, DESIRED) == Actual(search_refused=True)


@pytest.mark.parametrize("path", ["/applications", DELETED])
def test_who_asks_to_adopt_needs_the_search(graph, tenant, path):
    tenant.on("GET", path, DENIED)

    with pytest.raises(ForbiddenError):
        read(graph, replace(DESIRED, adopt=True))


def test_any_other_refusal_is_a_fault(graph, tenant):
    tenant.on("GET", KEYED, (404, "<html>proxy</html>"))

    with pytest.raises(GraphError):
        read(graph, DESIRED)


def test_for_taking_away_the_key_and_the_deleted_ones_are_enough(graph, tenant):
    tenant.on("GET", DELETED, rows(BODY))
    assert read_absent(graph, "ours") == Actual(deleted=(APPLICATION,))

    tenant.on("GET", KEYED, (200, BODY))
    assert read_absent(graph, "ours") == Actual(APPLICATION)


def test_what_is_known_by_its_client_id_is_not_looked_for_by_its_key(graph, tenant):
    tenant.on("GET", KEYED, (200, BODY))  # somebody else's
    tenant.on("GET", "/applications(appId='client-2')", ABSENT)
    tenant.on("GET", DELETED, rows(BODY, {**BODY, "appId": "CLIENT-2", "uniqueName": None}))

    found = read_absent(graph, "ours", "client-2")

    assert (found.application, [entry.app_id for entry in found.deleted]) == (None, ["CLIENT-2"])


def test_only_who_purges_must_know_what_was_deleted(graph, tenant):
    tenant.on("GET", "/applications(appId='client-2')", ABSENT)
    tenant.on("GET", DELETED, DENIED)

    assert read_absent(graph, "ours", "client-2").search_refused
    with pytest.raises(ForbiddenError):
        read_absent(graph, "ours", "client-2", purge=True)


@pytest.mark.parametrize(
    ("key", "path", "condition"),
    [
        ({"unique_name": "ours"}, KEYED, None),
        ({"client_id": "client-1"}, "/applications", "appId eq 'client-1'"),
        ({"display_name": "it's"}, "/applications", "displayName eq 'it''s'"),
    ],
)
def test_searching_by_each_key(graph, tenant, key, path, condition):
    keys = {"unique_name": None, "client_id": None, "display_name": None, **key}
    assert search(graph, **keys) == ()

    tenant.on("GET", path, (200, BODY) if path == KEYED else rows(BODY))
    assert search(graph, **keys) == (APPLICATION,)
    assert tenant.sent[-1].query.get("$filter") == condition


def test_a_part_of_a_registration_needs_the_registration():
    require("object-1", "ours")

    with pytest.raises(InputError, match="ours") as caught:
        require(None, "ours")

    assert caught.value.code == "RegistrationMissing"


# --- model and view


def test_an_application_with_the_least_that_graph_sends():
    assert Application.from_graph({"id": "1", "appId": "2"}) == Application("1", "2", "", None, "", None, ())
    assert Application.from_graph({**dict.fromkeys(BODY), "id": "1", "appId": "2"}).tags == ()


@pytest.mark.parametrize(("sent", "enabled"), [(True, True), (None, True), (False, False)])
def test_a_service_principal_is_enabled_unless_graph_says_otherwise(sent, enabled):
    assert ServicePrincipal.from_graph({"id": "1", "accountEnabled": sent}).enabled is enabled
    assert ServicePrincipal.from_graph({"id": "1"}).enabled


def test_wishes_by_graphs_names_leave_out_what_was_not_asked_for():
    assert DESIRED.properties() == {"displayName": "Totalview e-mail", "signInAudience": "AzureADMyOrg"}
    assert replace(DESIRED, notes="", tags=()).properties()["notes"] is None
    assert replace(DESIRED, notes="", tags=()).properties()["tags"] == []


def test_a_registration_is_shown_with_all_its_ids():
    assert view_of(APPLICATION, ServicePrincipal("principal-1", enabled=False)) == {
        "unique_name": "ours",
        "display_name": "Totalview e-mail",
        "client_id": "client-1",
        "object_id": "object-1",
        "service_principal_id": "principal-1",
        "enabled": False,
        "sign_in_audience": "AzureADMyOrg",
        "notes": "kept",
        "tags": ["b", "a"],
        "created": "2026-01-01T00:00:00Z",
    }


@pytest.mark.parametrize("actual", [Actual(), Actual(APPLICATION), Actual(APPLICATION, ServicePrincipal("p", True))])
def test_a_registration_has_the_same_keys_whether_it_is_there_or_yet_to_be_made(actual):
    shown = view(actual, replace(DESIRED, tags=("x",)))

    assert shown.keys() == view_of(APPLICATION, None).keys()
    assert (shown["client_id"] is None) == (actual.application is None)
    assert (shown["service_principal_id"] is None) == (actual.service_principal is None)


@pytest.mark.parametrize("name", ["", "a/b", "a'b", "../x", "a b", "a.b", "a\n", "x" * 121])
def test_a_key_that_could_mean_another_address_is_never_sent(graph, http, name):
    with pytest.raises(InputError, match="cannot be a key"):
        find_by_unique_name(graph, name)

    assert http.sent == []


THERE = (200, {"id": "carl"})


@pytest.mark.parametrize(
    ("principal", "user", "known"),
    [
        (THERE, ABSENT, True),
        (ABSENT, THERE, True),
        (ABSENT, ABSENT, False),
        (ABSENT, DENIED, True),
        (DENIED, ABSENT, True),
        (DENIED, DENIED, True),
    ],
)
def test_owners_that_are_not_there_are_noticed_where_that_can_be_read(graph, tenant, principal, user, known):
    tenant.on("GET", KEYED, (200, BODY))
    tenant.on("GET", "/servicePrincipals/carl", principal)
    tenant.on("GET", "/users/carl", user)

    assert read(graph, replace(DESIRED, owners=("ann", "carl"))).unknown_owners == (() if known else ("carl",))


def test_whoever_owns_it_already_is_not_looked_up(graph, tenant):
    tenant.on("GET", KEYED, (200, BODY))

    read(graph, replace(DESIRED, owners=("ann", "bob")))

    assert [path for _method, path in tenant.calls() if path.startswith(("/users", "/servicePrincipals/"))] == []


def test_a_fault_while_an_owner_is_looked_up_is_a_fault(graph, tenant):
    tenant.on("GET", "/servicePrincipals/carl", (500, {"error": {"code": "InternalServerError", "message": ""}}))

    with pytest.raises(GraphError):
        read(graph, replace(DESIRED, owners=("carl",)))


@pytest.mark.parametrize(
    ("status", "found"), [(None, None), ("NotDisabled", None), ("DisabledDueToViolationOfServicesAgreement",) * 2]
)
def test_what_is_disabled_and_by_whom(graph, tenant, status, found):
    tenant.on("GET", KEYED, (200, BODY | {"isDisabled": True, "disabledByMicrosoftStatus": status}))
    principal = {"id": "principal-1", "accountEnabled": False, "disabledByMicrosoftStatus": status}
    tenant.on("GET", PRINCIPAL, (200, principal))

    actual = read(graph, DESIRED)

    assert actual.application == replace(APPLICATION, disabled=True, by_microsoft=found)
    assert actual.service_principal == ServicePrincipal("principal-1", enabled=False, by_microsoft=found)
    assert view(actual, DESIRED)["enabled"] is False
