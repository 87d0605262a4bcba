# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which roles in a token allow which call."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.graph.store.resources import GRAPH, resources
from emulator.rig import Rig, error_of

OWNED_BY = "Application.ReadWrite.OwnedBy"
READ, WRITE, DIRECTORY = "Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"
ASSIGN, DELEGATE = "AppRoleAssignment.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"
UPSERT = {"prefer": "create-if-missing"}
DENIED = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

ALL = [READ, WRITE, DIRECTORY, OWNED_BY, ASSIGN, DELEGATE, "Organization.Read.All", "Policy.Read.All", "User.Read.All"]

# Call, and the single roles that suffice for it on an object that the caller does not own.
READS: list[tuple[str, set[str]]] = [
    ("/applications", {READ, WRITE, DIRECTORY}),
    ("/applications/{app}", {READ, WRITE, DIRECTORY}),
    ("/applications/{app}/owners", {READ, WRITE, DIRECTORY}),
    ("/applications(appId='{appId}')", {READ, WRITE, DIRECTORY}),
    ("/servicePrincipals", {READ, WRITE, DIRECTORY}),
    ("/servicePrincipals/{sp}", {READ, WRITE, DIRECTORY}),
    ("/servicePrincipals/{sp}/appRoleAssignments", {READ, WRITE, DIRECTORY}),
    ("/servicePrincipals/{graph}/appRoleAssignedTo", {READ, WRITE, DIRECTORY}),
    ("/directory/deletedItems/microsoft.graph.application", {READ, WRITE, DIRECTORY}),
    ("/directory/deletedItems/{deleted}", {READ, WRITE, DIRECTORY}),
    ("/oauth2PermissionGrants", {DIRECTORY, DELEGATE}),
    ("/oauth2PermissionGrants/{grant}", {DIRECTORY, DELEGATE}),
    ("/organization", {DIRECTORY, "Organization.Read.All"}),
    ("/policies/defaultAppManagementPolicy", {"Policy.Read.All"}),
    ("/users", {DIRECTORY, "User.Read.All"}),
    ("/users/ann@contoso.example", {DIRECTORY, "User.Read.All"}),
]

WRITES: list[tuple[str, str, Any, set[str]]] = [
    ("POST", "/applications", {"displayName": "New"}, {WRITE, OWNED_BY}),
    ("PATCH", "/applications/{app}", {"notes": "x"}, {WRITE}),
    ("POST", "/applications/{app}/addPassword", {}, {WRITE}),
    ("POST", "/applications/{app}/removePassword", {"keyId": "{key}"}, {WRITE}),
    ("DELETE", "/applications/{app}", None, {WRITE}),
    ("PATCH", "/servicePrincipals/{sp}", {"notes": "x"}, {WRITE}),
    ("DELETE", "/servicePrincipals/{sp}", None, {WRITE}),
    ("POST", "/servicePrincipals", {"appId": "{bare}"}, {WRITE}),
    ("POST", "/directory/deletedItems/{deleted}/restore", None, {WRITE}),
    ("DELETE", "/directory/deletedItems/{deleted}", None, {WRITE}),
    ("POST", "/servicePrincipals/{sp}/appRoleAssignments", "assignment", set()),
    ("POST", "/servicePrincipals/{graph}/appRoleAssignedTo", "assignment", set()),
    ("POST", "/oauth2PermissionGrants", "scopes", {DELEGATE}),
    ("PATCH", "/oauth2PermissionGrants/{grant}", {"scope": "Mail.Send"}, {DELEGATE}),
    ("DELETE", "/oauth2PermissionGrants/{grant}", None, {DELEGATE}),
]


@pytest.fixture
def things(rig: Rig) -> dict[str, str]:
    """Ids of objects that somebody else owns."""
    app, bare, deleted = rig.application("Foreign"), rig.application("Bare"), rig.application("Deleted")
    principal, graph = rig.service_principal(app["appId"]), rig.resource(GRAPH)
    rig.graph("DELETE", f"/applications/{deleted['id']}")
    scopes = {"clientId": graph["id"], "consentType": "AllPrincipals", "resourceId": graph["id"], "scope": "User.Read"}
    return {
        "app": app["id"],
        "appId": app["appId"],
        "bare": bare["appId"],
        "sp": principal["id"],
        "graph": graph["id"],
        "deleted": deleted["id"],
        "key": rig.graph("POST", f"/applications/{app['id']}/addPassword", {}).json()["keyId"],
        "grant": rig.created(rig.graph("POST", "/oauth2PermissionGrants", scopes))["id"],
    }


def body_of(wish: Any, things: dict[str, str]) -> Any:
    if wish == "assignment":
        role = resources()[GRAPH].roles["Mail.Send"]
        return {"principalId": things["sp"], "resourceId": things["graph"], "appRoleId": role}
    if wish == "scopes":
        return {
            "clientId": things["sp"],
            "consentType": "AllPrincipals",
            "principalId": None,
            "resourceId": things["graph"],
            "scope": "User.Read",
        }
    if isinstance(wish, dict):
        return {name: value.format(**things) for name, value in wish.items()}
    return wish


@pytest.mark.parametrize(("path", "enough"), READS)
def test_reads(rig: Rig, things: dict[str, str], path: str, enough: set[str]) -> None:
    for role in ALL:
        answer = rig.graph("GET", path.format(**things), token=rig.token([role]))
        assert answer.status_code == (200 if role in enough else 403), role
        assert role in enough or error_of(answer) == DENIED


@pytest.mark.parametrize(("method", "path", "body", "enough"), WRITES)
def test_writes(rig: Rig, things: dict[str, str], method: str, path: str, body: Any, enough: set[str]) -> None:
    for role in sorted(set(ALL) - enough):
        answer = rig.graph(method, path.format(**things), body_of(body, things), token=rig.token([role]))
        assert error_of(answer) == DENIED, role
    for role in sorted(enough)[:1]:
        answer = rig.graph(method, path.format(**things), body_of(body, things), token=rig.token([role]))
        assert answer.status_code < 300, (role, answer.text)


@pytest.mark.parametrize("reading", [READ, WRITE, DIRECTORY])
def test_granting_needs_a_right_to_read_besides(rig: Rig, things: dict[str, str], reading: str) -> None:
    path, body = f"/servicePrincipals/{things['sp']}/appRoleAssignments", body_of("assignment", things)
    granted = rig.created(rig.graph("POST", path, body, token=rig.token([ASSIGN, reading])))
    assert error_of(rig.graph("DELETE", f"{path}/{granted['id']}", token=rig.token([ASSIGN]))) == DENIED
    assert rig.graph("DELETE", f"{path}/{granted['id']}", token=rig.token([ASSIGN, reading])).status_code == 204


def test_no_roles_at_all(rig: Rig) -> None:
    assert error_of(rig.graph("GET", "/organization", token=rig.token([]))) == DENIED


def test_basic_reading_of_people_hides_the_rest(rig: Rig) -> None:
    token = rig.token(["User.ReadBasic.All"])
    path = "/users?$select=mail,userType"
    full, basic = (rig.graph("GET", path, token=given).json()["value"] for given in (None, token))
    assert full[0] == {"mail": "ann@contoso.example", "userType": "Member"}
    assert basic[0] == {"mail": "ann@contoso.example", "userType": None}
    assert rig.graph("GET", "/users/ann@contoso.example", token=token).json()["displayName"] == "Ann Hansen"


# --- OwnedBy -------------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(rig: Rig) -> str:
    """A token of the seeded automation, which holds OwnedBy and exists in the directory."""
    automation = rig.world.tenant(rig.home).spec["automation"]  # type: ignore[union-attr]
    return str(rig.sign_in(automation["client_id"], automation["secret"]).json()["access_token"])


def test_owned_by_does_everything_with_its_own(rig: Rig, owner: str) -> None:
    def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = rig.graph(method, path, body, token=owner, **headers)
        assert answer.status_code < 300, (method, path, answer.text)
        return answer.json() if answer.content else None

    app = ask("PATCH", "/applications(uniqueName='mine')", {"displayName": "Mine"}, **UPSERT)
    path = f"/applications/{app['id']}"
    ask("PATCH", "/applications(uniqueName='mine')", {"displayName": "Mine"}, **UPSERT)
    principal = ask("PATCH", f"/servicePrincipals(appId='{app['appId']}')", {}, **UPSERT)
    ask("GET", "/applications(uniqueName='mine')")
    ask("PATCH", path, {"notes": "x"})
    key = ask("POST", f"{path}/addPassword", {})["keyId"]
    ask("POST", f"{path}/removePassword", {"keyId": key})
    ask("GET", f"/servicePrincipals/{principal['id']}")
    ask("PATCH", f"/servicePrincipals/{principal['id']}", {"notes": "x"})
    [me] = ask("GET", f"{path}/owners")["value"]
    assert me["displayName"] == "Automation"
    ask("DELETE", path)
    ask("POST", f"/directory/deletedItems/{app['id']}/restore")
    ask("POST", f"/directory/deletedItems/{principal['id']}/restore")
    ask("DELETE", path)
    ask("DELETE", f"/directory/deletedItems/{app['id']}")


def test_owned_by_cannot_touch_what_others_own(rig: Rig, owner: str, things: dict[str, str]) -> None:
    rig.graph("PATCH", f"/applications/{things['app']}", {"uniqueName": "theirs"})
    body = {"displayName": "x"}
    refused = rig.graph("PATCH", "/applications(uniqueName='theirs')", body, token=owner, **UPSERT)
    assert error_of(refused) == DENIED
    refused = rig.graph("PATCH", f"/servicePrincipals(appId='{things['bare']}')", {}, token=owner, **UPSERT)
    assert error_of(refused) == DENIED


def test_losing_ownership_ends_the_right(rig: Rig, owner: str) -> None:
    app = rig.created(rig.graph("POST", "/applications", {"displayName": "Mine"}, token=owner))
    [me] = rig.graph("GET", f"/applications/{app['id']}/owners").json()["value"]
    assert rig.graph("DELETE", f"/applications/{app['id']}/owners/{me['id']}/$ref").status_code == 204
    assert error_of(rig.graph("GET", f"/applications/{app['id']}", token=owner)) == DENIED


def test_what_does_not_exist_is_not_found_rather_than_denied(rig: Rig, owner: str) -> None:
    path = "/applications/99999999-9999-4999-8999-999999999999"
    assert rig.graph("GET", path, token=owner).status_code == 404
