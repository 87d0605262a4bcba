# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service principals, role assignments, delegated grants."""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulator.graph.store.resources import EXCHANGE, GRAPH, resources
from emulator.rig import Rig, error_of

UPSERT = {"prefer": "create-if-missing"}
NOBODY = "99999999-9999-4999-8999-999999999999"


def role(name: str) -> str:
    return resources()[GRAPH].roles[name]


@pytest.fixture
def client(rig: Rig) -> dict[str, Any]:
    return rig.service_principal(rig.application("Client")["appId"])


@pytest.fixture
def graph(rig: Rig) -> dict[str, Any]:
    return rig.resource(GRAPH)


def wish(client: dict[str, Any], graph: dict[str, Any], role_id: str = "") -> dict[str, str]:
    role_id = role_id or role("Calendars.Read")
    return {"principalId": client["id"], "resourceId": graph["id"], "appRoleId": role_id}


def test_create_takes_names_from_the_application(rig: Rig) -> None:
    app = rig.application("Example", tags=["a"], web={"redirectUris": ["https://localhost/x"]})
    principal = rig.service_principal(app["appId"])
    assert (principal["displayName"], principal["appId"], principal["tags"]) == ("Example", app["appId"], ["a"])
    assert (principal["accountEnabled"], principal["appRoleAssignmentRequired"]) == (True, False)
    assert principal["servicePrincipalType"] == "Application"
    assert principal["appOwnerOrganizationId"] == rig.home
    assert principal["id"] not in (app["id"], app["appId"])


def test_create_for_an_unknown_application(rig: Rig) -> None:
    status, code, message = error_of(rig.graph("POST", "/servicePrincipals", {"appId": NOBODY}))
    assert (status, code) == (400, "Request_BadRequest")
    assert message == f"The appId '{NOBODY}' of the service principal does not reference a valid application object."


def test_a_second_one_is_refused_and_an_upsert_is_not(rig: Rig) -> None:
    app = rig.application()
    path = f"/servicePrincipals(appId='{app['appId']}')"
    assert rig.graph("PATCH", path, {}, **UPSERT).status_code == 201
    assert rig.graph("PATCH", path, {"notes": "x"}, **UPSERT).status_code == 204
    assert rig.graph("GET", path).json()["notes"] == "x"
    refused = rig.graph("POST", "/servicePrincipals", {"appId": app["appId"]})
    assert error_of(refused)[:2] == (409, "Request_MultipleObjectsWithSameKeyValue")


def test_upsert_without_the_header_creates_nothing(rig: Rig) -> None:
    app = rig.application()
    assert rig.graph("PATCH", f"/servicePrincipals(appId='{app['appId']}')", {}).status_code == 404


@pytest.mark.usefixtures("malformed_on_purpose")
def test_keys(rig: Rig, client: dict[str, Any]) -> None:
    assert rig.graph("GET", "/servicePrincipals(uniqueName='x')").status_code == 404
    path, body = f"/servicePrincipals(appId='{client['appId']}')", {"appId": NOBODY}
    assert error_of(rig.graph("PATCH", path, body, **UPSERT))[0] == 400
    assert rig.graph("PATCH", path, {"appId": client["appId"].upper()}, **UPSERT).status_code == 204


def test_counting(rig: Rig) -> None:
    answer = rig.graph("GET", "/servicePrincipals/$count", consistency_level="eventual")
    assert answer.text == str(len(rig.admin.snapshot(rig.home)["servicePrincipals"]))


def test_patch_by_id(rig: Rig, client: dict[str, Any]) -> None:
    path = f"/servicePrincipals/{client['id']}"
    assert rig.graph("PATCH", path, {"accountEnabled": False}).status_code == 204
    assert rig.graph("GET", path).json()["accountEnabled"] is False


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize("body", [{"colour": "red"}, {"accountEnabled": "no"}, {"appId": NOBODY}, {"id": NOBODY}])
def test_bad_bodies_are_refused(rig: Rig, client: dict[str, Any], body: dict[str, Any]) -> None:
    assert rig.graph("PATCH", f"/servicePrincipals/{client['id']}", body).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "$filter=servicePrincipalNames/any(c:c eq '{0}')",
        "$filter=appId eq '{0}'",
        "$filter=displayName eq 'Microsoft Graph'",
        "$filter=displayName eq 'microsoft graph' and servicePrincipalType eq 'Application'",
    ],
)
def test_the_graph_is_found(rig: Rig, query: str) -> None:
    found = rig.graph("GET", f"/servicePrincipals?{query.format(GRAPH)}").json()["value"]
    assert [item["appId"] for item in found] == [GRAPH]
    assert {item["value"]: item["id"] for item in found[0]["appRoles"]} == resources()[GRAPH].roles
    assert "User.Read" in {scope["value"] for scope in found[0]["oauth2PermissionScopes"]}


def test_every_tenant_has_exchange(rig: Rig) -> None:
    path = f"/servicePrincipals(appId='{EXCHANGE}')?$select=appRoles"
    assert "Exchange.ManageAsApp" in {item["value"] for item in rig.graph("GET", path).json()["appRoles"]}


# --- role assignments ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["appRoleAssignments", "appRoleAssignedTo"])
def test_granting_and_revoking_from_either_end(
    rig: Rig, client: dict[str, Any], graph: dict[str, Any], end: str
) -> None:
    owner = client if end == "appRoleAssignments" else graph
    path = f"/servicePrincipals/{owner['id']}/{end}"
    granted = rig.created(rig.graph("POST", path, wish(client, graph)))
    assert re.fullmatch(r"[\w-]{43}", granted["id"])
    assert (granted["principalDisplayName"], granted["resourceDisplayName"]) == ("Client", "Microsoft Graph")
    for other in (f"{client['id']}/appRoleAssignments", f"{graph['id']}/appRoleAssignedTo"):
        listed = rig.graph("GET", f"/servicePrincipals/{other}").json()["value"]
        assert granted["id"] in [item["id"] for item in listed]
    assert rig.graph("DELETE", f"{path}/{granted['id']}").status_code == 204
    assert rig.graph("DELETE", f"{path}/{granted['id']}").status_code == 404
    assert rig.graph("GET", f"/servicePrincipals/{client['id']}/appRoleAssignments").json()["value"] == []


def test_refused_grants(rig: Rig, client: dict[str, Any], graph: dict[str, Any]) -> None:
    path = f"/servicePrincipals/{client['id']}/appRoleAssignments"
    rig.created(rig.graph("POST", path, wish(client, graph)))
    cases = {
        "Permission being assigned already exists on the object": wish(client, graph),
        "Permission being assigned was not found on application": wish(client, graph, NOBODY),
        "Not a valid reference update": {**wish(client, graph), "resourceId": NOBODY},
        "The principalId does not match the service principal in the URL.": wish(graph, graph),
    }
    for message, body in cases.items():
        assert error_of(rig.graph("POST", path, body)) == (400, "Request_BadRequest", message)


def test_an_assignment_may_name_its_resource_in_upper_case(
    rig: Rig, client: dict[str, Any], graph: dict[str, Any]
) -> None:
    body = {name: value.upper() for name, value in wish(client, graph).items()}
    rig.created(rig.graph("POST", f"/servicePrincipals/{client['id']}/appRoleAssignments", body))
    [listed] = rig.graph("GET", f"/servicePrincipals/{client['id']}/appRoleAssignments").json()["value"]
    assert listed["resourceId"] == graph["id"]


# --- delegated grants ----------------------------------------------------------------------------------------------


def test_delegated_grants(rig: Rig, client: dict[str, Any], graph: dict[str, Any]) -> None:
    body = {"clientId": client["id"], "consentType": "AllPrincipals", "resourceId": graph["id"], "scope": "User.Read"}
    granted = rig.created(rig.graph("POST", "/oauth2PermissionGrants", {**body, "principalId": None}))
    assert rig.graph("POST", "/oauth2PermissionGrants", body).status_code == 409
    path = f"/oauth2PermissionGrants/{granted['id']}"
    assert rig.graph("GET", path).json()["scope"] == "User.Read"
    assert rig.graph("PATCH", path, {"scope": "Mail.Send"}).status_code == 204
    listed = rig.graph("GET", f"/oauth2PermissionGrants?$filter=clientId eq '{client['id']}'").json()["value"]
    assert [item["scope"] for item in listed] == ["Mail.Send"]
    assert rig.graph("DELETE", path).status_code == 204
    assert rig.graph("GET", path).status_code == 404


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    "spoiled",
    [
        {"scope": "x" * 3851},
        {"consentType": "Everybody"},
        {"consentType": "Principal"},
        {"principalId": NOBODY},
        {"clientId": NOBODY},
        {"colour": "red"},
    ],
)
def test_bad_delegated_grants(rig: Rig, client: dict[str, Any], graph: dict[str, Any], spoiled: dict[str, Any]) -> None:
    body = {"clientId": client["id"], "consentType": "AllPrincipals", "resourceId": graph["id"], "scope": "User.Read"}
    assert rig.graph("POST", "/oauth2PermissionGrants", {**body, **spoiled}).status_code == 400


# --- deletion ------------------------------------------------------------------------------------------------------


def test_deleting_an_application_takes_its_service_principal_and_grants_along(
    rig: Rig, client: dict[str, Any], graph: dict[str, Any]
) -> None:
    rig.graph("POST", f"/servicePrincipals/{client['id']}/appRoleAssignments", wish(client, graph))
    app = rig.graph("GET", f"/applications(appId='{client['appId']}')").json()
    before = len(rig.admin.snapshot(rig.home)["appRoleAssignments"])
    assert rig.graph("DELETE", f"/applications/{app['id']}").status_code == 204
    assert rig.graph("GET", f"/applications/{app['id']}").status_code == 404
    assert rig.graph("GET", f"/servicePrincipals/{client['id']}").status_code == 404
    snapshot = rig.admin.snapshot(rig.home)
    assert {item["id"] for item in snapshot["deletedItems"]} == {app["id"], client["id"]}
    assert len(snapshot["appRoleAssignments"]) == before - 1


@pytest.mark.parametrize("cast", ["microsoft.graph.", "graph."])
@pytest.mark.parametrize("kind", ["application", "servicePrincipal"])
def test_deleted_items_are_listed_by_type(rig: Rig, client: dict[str, Any], cast: str, kind: str) -> None:
    app = rig.graph("GET", f"/applications(appId='{client['appId']}')").json()
    rig.graph("DELETE", f"/applications/{app['id']}")
    [item] = rig.graph("GET", f"/directory/deletedItems/{cast}{kind}").json()["value"]
    assert item["id"] == {"application": app["id"], "servicePrincipal": client["id"]}[kind]
    assert item["deletedDateTime"]
    read = rig.graph("GET", f"/directory/deletedItems/{item['id']}").json()
    assert (read["@odata.type"], read["id"]) == (f"#microsoft.graph.{kind}", item["id"])


def test_restoring_brings_back_one_object_at_a_time(rig: Rig, client: dict[str, Any], graph: dict[str, Any]) -> None:
    rig.graph("POST", f"/servicePrincipals/{client['id']}/appRoleAssignments", wish(client, graph))
    app = rig.graph("GET", f"/applications(appId='{client['appId']}')").json()
    secret = rig.graph("POST", f"/applications/{app['id']}/addPassword", {}).json()
    rig.graph("DELETE", f"/applications/{app['id']}")
    early = rig.graph("POST", f"/directory/deletedItems/{client['id']}/restore")
    assert error_of(early)[:2] == (400, "Request_BadRequest")
    restored = rig.graph("POST", f"/directory/deletedItems/{app['id']}/restore")
    assert (restored.status_code, restored.json()["deletedDateTime"]) == (200, None)
    assert [c["keyId"] for c in restored.json()["passwordCredentials"]] == [secret["keyId"]]
    assert rig.graph("GET", f"/servicePrincipals/{client['id']}").status_code == 404
    refused = rig.graph("POST", "/servicePrincipals", {"appId": client["appId"]})
    assert error_of(refused)[0] == 409
    assert rig.graph("POST", f"/directory/deletedItems/{client['id']}/restore").status_code == 200
    assert rig.graph("GET", f"/servicePrincipals/{client['id']}/appRoleAssignments").json()["value"] == []


def test_with_an_application_may_come_back_what_was_granted_to_it(rig: Rig) -> None:
    """As the admin center's documentation has it."""
    spec = {"domains": ["other.example"], "display_name": "Other", "restoring": {"principal": True, "grants": True}}
    rig.admin.seed({"tenants": [spec]})
    token = rig.token(tenant="other.example")
    app = rig.created(rig.graph("POST", "/applications", {"displayName": "x"}, token=token))
    client = rig.created(rig.graph("POST", "/servicePrincipals", {"appId": app["appId"]}, token=token))
    path = f"/servicePrincipals/{client['id']}/appRoleAssignments"
    graph = rig.graph("GET", "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')", token=token).json()
    granted = rig.created(rig.graph("POST", path, wish(client, graph), token=token))
    rig.graph("DELETE", f"/applications/{app['id']}", token=token)

    assert rig.graph("POST", f"/directory/deletedItems/{app['id']}/restore", token=token).status_code == 200

    listed = rig.graph("GET", path, token=token).json()["value"]
    assert [row["id"] for row in listed] == [granted["id"]]


def test_purging_is_final(rig: Rig) -> None:
    app = rig.created(rig.graph("PATCH", "/applications(uniqueName='mine')", {"displayName": "x"}, **UPSERT))
    path = f"/directory/deletedItems/{app['id']}"
    assert rig.graph("DELETE", path).status_code == 404
    rig.graph("DELETE", f"/applications/{app['id']}")
    assert rig.graph("DELETE", path).status_code == 204
    assert rig.graph("POST", f"{path}/restore").status_code == 404
    again = rig.created(rig.graph("PATCH", "/applications(uniqueName='mine')", {"displayName": "x"}, **UPSERT))
    assert again["id"] != app["id"]
