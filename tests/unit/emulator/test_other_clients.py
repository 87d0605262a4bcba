# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests as public clients send them and Microsoft takes them, in other forms than the collection's."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import pytest

from emulator.graph.store.resources import GRAPH
from emulator.rig import Rig, error_of

CALENDARS_READ = "798ee544-9d2d-430c-a058-570e29e34338"
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
EVENTUAL = {"consistency_level": "eventual"}

pytestmark = pytest.mark.usefixtures("malformed_on_purpose")


class Made:
    """An application with its service principal, a grant of each kind, and two secrets."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        access = [{"resourceAppId": GRAPH, "resourceAccess": [{"id": CALENDARS_READ, "type": "Role"}]}]
        self.app = rig.application("Other", requiredResourceAccess=access)
        self.sp = rig.service_principal(self.app["appId"])
        self.graph = rig.resource(GRAPH)
        ends = {"principalId": self.sp["id"], "resourceId": self.graph["id"], "appRoleId": CALENDARS_READ}
        self.role = rig.created(rig.graph("POST", f"/servicePrincipals/{self.sp['id']}/appRoleAssignments", ends))
        self.scopes = self.granted()
        self.user = rig.graph("GET", "/users?$select=id").json()["value"][0]["id"]

    def granted(self) -> dict[str, Any]:
        ends = {"clientId": self.sp["id"], "resourceId": self.graph["id"]}
        body = {**ends, "consentType": "AllPrincipals", "scope": "User.Read"}
        return self.rig.created(self.rig.graph("POST", "/oauth2PermissionGrants", body))

    def filled(self, text: str) -> str:
        names = {"app": self.app["id"], "client": self.app["appId"], "sp": self.sp["id"], "graph": self.graph["id"]}
        return text.format(**names, role=self.role["id"], scopes=self.scopes["id"], user=self.user)


@pytest.fixture
def made(rig: Rig) -> Made:
    return Made(rig)


# --- reading -------------------------------------------------------------------------------------------------------

# Path (of v1.0, or beta), the answer's `value` or body in few words.
READ = {
    "azure-cli: a path in another case": ("/oAuth2PermissionGrants?$filter=clientId eq '{sp}'", ["{scopes}"]),
    "Az PowerShell: a path in lower case": ("/serviceprincipals/{sp}", "{sp}"),
    "Az PowerShell: $select in another case": ("/applications/{app}?$Select=Id,DisplayName", "{app}"),
    "azure-cli: by any name": ("/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq '{client}')", ["{sp}"]),
    "azure-cli: blanks around the filter": ("/applications?$filter= appId eq '{client}' ", ["{app}"]),
    "Az PowerShell: names in another case": ("/applications?$filter=APPID eq '{client}'", ["{app}"]),
    "one value of in": ("/servicePrincipals?$filter=appId in ('{client}')", ["{sp}"]),
    "CLI for Microsoft 365: parentheses": ("/servicePrincipals?$filter=(appId eq '{client}')", ["{sp}"]),
    "CLI for Microsoft 365: the alias": ("/myorganization/applications/{app}", "{app}"),
    "CLI for Microsoft 365: grants beside": ("/servicePrincipals/{sp}?$expand=appRoleAssignments", "{sp}"),
    "grants on a resource beside": ("/servicePrincipals/{graph}?$expand=appRoleAssignedTo($select=id)", "{graph}"),
    "CLI for Microsoft 365: roles of an application": ("/applications/{app}/appRoles", []),
    "CLI for Microsoft 365: scopes of a resource": ("/servicePrincipals/{graph}/oauth2PermissionScopes", [USER_READ]),
    "roles of a resource": ("/servicePrincipals/{graph}/appRoles", [CALENDARS_READ]),
    "azuread provider: federated credentials": ("/applications/{app}/federatedIdentityCredentials", []),
    "delegated grants of a client": ("/servicePrincipals/{sp}/oauth2PermissionGrants", ["{scopes}"]),
    "what a service principal owns": ("/servicePrincipals/{sp}/ownedObjects", []),
    "one assignment": ("/servicePrincipals/{sp}/appRoleAssignments/{role}", "{role}"),
    "one assignment on a resource": ("/servicePrincipals/{graph}/appRoleAssignedTo/{role}", "{role}"),
    "azuread provider: beta, an application": ("/beta/applications/{app}?$select=id,appId", "{app}"),
    "azuread provider: beta, a service principal": ("/beta/servicePrincipals/{sp}?$select=id", "{sp}"),
    "properties of a user": ("/users/{user}?$select=id,onPremisesExtensionAttributes", "{user}"),
}


@pytest.mark.parametrize("who", READ)
def test_reading(made: Made, who: str) -> None:
    path, wanted = READ[who]
    answer = made.rig.graph("GET", made.filled(path))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    if isinstance(wanted, str):
        assert body["id"] == made.filled(wanted)
    else:
        ids = [row["id"] for row in body["value"]]
        assert {made.filled(name) for name in wanted} <= set(ids)
        assert bool(wanted) == bool(ids)


def test_what_is_expanded_is_what_the_list_has(made: Made) -> None:
    path = f"/servicePrincipals/{made.sp['id']}"
    listed = made.rig.graph("GET", f"{path}/appRoleAssignments").json()["value"]
    assert made.rig.graph("GET", f"{path}?$expand=appRoleAssignments").json()["appRoleAssignments"] == listed
    found = made.rig.graph("GET", f"/servicePrincipals?$filter=id eq '{made.sp['id']}'&$expand=appRoleAssignments")
    assert [row["appRoleAssignments"] for row in found.json()["value"]] == [listed]
    on = made.rig.graph("GET", f"/servicePrincipals/{made.graph['id']}?$expand=appRoleAssignedTo").json()
    assert made.role["id"] in [row["id"] for row in on["appRoleAssignedTo"]]


def test_what_somebody_owns(made: Made) -> None:
    link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{made.sp['id']}"}
    assert made.rig.graph("POST", f"/applications/{made.app['id']}/owners/$ref", link).status_code == 204
    [owned] = made.rig.graph("GET", f"/servicePrincipals/{made.sp['id']}/ownedObjects").json()["value"]
    assert (owned["@odata.type"], owned["id"]) == ("#microsoft.graph.application", made.app["id"])


def test_how_many_users(made: Made) -> None:
    answer = made.rig.graph("GET", "/users/$count", **EVENTUAL)
    assert (answer.status_code, answer.text) == (200, "2")
    assert made.rig.graph("GET", "/users/$count").status_code == 400


@pytest.mark.parametrize("path", ["/me", "/me/ownedObjects", "/me/calendar"])
def test_nobody_is_me_to_an_application(made: Made, path: str) -> None:
    refused = error_of(made.rig.graph("GET", path))
    assert refused == (400, "BadRequest", "/me request is only valid with delegated authentication flow.")
    assert made.rig.admin.requests()[-1]["unknown"] is None


def test_a_next_link_is_of_the_form_that_was_asked(made: Made) -> None:
    for name in ("One", "Two"):
        made.rig.application(name)
    first = made.rig.graph("GET", f"/servicePrincipals(appId='{GRAPH}')/appRoleAssignedTo?$top=1").json()
    assert (
        f"/servicePrincipals(appId='{GRAPH}')/appRoleAssignedTo?" in first.get("@odata.nextLink", "")
        or not first["value"][1:]
    )


# --- writing -------------------------------------------------------------------------------------------------------


def test_a_delegated_grant_has_the_same_id_again(made: Made) -> None:
    """base64url of client and resource (recordings of azure-cli), and where it is."""
    raw = base64.urlsafe_b64decode(made.scopes["id"] + "=" * (-len(made.scopes["id"]) % 4))
    assert [str(UUID(bytes_le=raw[:16])), str(UUID(bytes_le=raw[16:]))] == [made.sp["id"], made.graph["id"]]
    assert made.rig.graph("DELETE", f"/oauth2PermissionGrants/{made.scopes['id']}").status_code == 204
    assert made.granted()["id"] == made.scopes["id"]


def test_a_secret_without_an_end_lives_two_years(made: Made) -> None:
    answer = made.rig.graph("POST", f"/applications/{made.app['id']}/addPassword", {}).json()
    assert int(answer["endDateTime"][:4]) - int(answer["startDateTime"][:4]) == 2


def test_a_start_keeps_its_fraction(made: Made) -> None:
    wish = {"passwordCredential": {"startDateTime": "2026-01-02T03:04:05.6789Z", "endDateTime": "2099-01-01T00:00:00Z"}}
    answer = made.rig.graph("POST", f"/applications/{made.app['id']}/addPassword", wish).json()
    assert answer["startDateTime"].startswith("2026-01-02T03:04:05.6789")


@pytest.mark.parametrize("action", ["addPassword", "microsoft.graph.addPassword"])
def test_the_name_of_an_action(made: Made, action: str) -> None:
    answer = made.rig.graph(
        "POST", f"/applications/{made.app['id']}/{action}", {"passwordCredential": {"displayName": "x"}}
    )
    assert answer.status_code == 200, answer.text
    gone = {"keyId": answer.json()["keyId"]}
    assert (
        made.rig.graph("POST", f"/applications/{made.app['id']}/{action.replace('add', 'remove')}", gone).status_code
        == 204
    )


def test_a_key_id_in_the_wish_is_passed_over(made: Made) -> None:
    """Azure SDK for Go sends one; Graph gives its own."""
    given = "11111111-2222-4333-8444-999999999999"
    answer = made.rig.graph(
        "POST", f"/applications/{made.app['id']}/addPassword", {"passwordCredential": {"keyId": given}}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["keyId"] != given


def test_the_id_of_the_addressed_object_in_a_change(made: Made) -> None:
    for path, found in (
        (f"/applications/{made.app['id']}", made.app),
        (f"/servicePrincipals/{made.sp['id']}", made.sp),
    ):
        assert made.rig.graph("PATCH", path, {"id": found["id"], "notes": "changed"}).status_code == 204
        assert made.rig.graph("GET", path).json()["notes"] == "changed"
        other = made.rig.graph("PATCH", path, {"id": made.user, "notes": "never"})
        assert error_of(other)[:2] == (400, "Request_BadRequest")


def test_types_are_named_inside(made: Made) -> None:
    """msgraph SDKs for .NET and Go write `@odata.type` into nested objects."""
    access = {
        "@odata.type": "#microsoft.graph.requiredResourceAccess",
        "resourceAppId": GRAPH,
        "resourceAccess": [{"@odata.type": "#microsoft.graph.resourceAccess", "id": USER_READ, "type": "Scope"}],
    }
    path = f"/applications/{made.app['id']}"
    assert made.rig.graph("PATCH", path, {"requiredResourceAccess": [access]}).status_code == 204
    [kept] = made.rig.graph("GET", path).json()["requiredResourceAccess"]
    assert kept == {"resourceAppId": GRAPH, "resourceAccess": [{"id": USER_READ, "type": "Scope"}]}


def test_owners_of_a_service_principal_bound_at_its_creation(made: Made) -> None:
    """azuread provider."""
    app = made.rig.application("Bound")
    link = f"https://graph.microsoft.com/v1.0/directoryObjects/{made.user}"
    sp = made.rig.created(
        made.rig.graph("POST", "/servicePrincipals", {"appId": app["appId"], "owners@odata.bind": [link]})
    )
    owners = made.rig.graph("GET", f"/servicePrincipals/{sp['id']}/owners").json()["value"]
    assert [row["id"] for row in owners] == [made.user]
    unknown = {"appId": app["appId"], "owners@odata.bind": [link.replace(made.user, made.app["id"])]}
    assert made.rig.graph("POST", "/servicePrincipals", unknown).status_code >= 400


def test_numbers_as_ids_of_a_batch(made: Made) -> None:
    items = [{"id": number, "method": "GET", "url": f"/applications/{made.app['id']}?$select=id"} for number in (1, 2)]
    answers = made.rig.graph("POST", "/$batch", {"requests": items}).json()["responses"]
    assert {(row["id"], row["status"]) for row in answers} == {("1", 200), ("2", 200)}


def test_newest_secret_first(made: Made) -> None:
    for name in ("first", "second"):
        wish = {"passwordCredential": {"displayName": name}}
        made.rig.graph("POST", f"/applications/{made.app['id']}/addPassword", wish)
    kept = made.rig.graph("GET", f"/applications/{made.app['id']}").json()["passwordCredentials"]
    assert [entry["displayName"] for entry in kept] == ["second", "first"]


def test_permissions_come_back_in_another_order(made: Made) -> None:
    sent = [
        {
            "resourceAppId": GRAPH,
            "resourceAccess": [{"id": CALENDARS_READ, "type": "Role"}, {"id": USER_READ, "type": "Scope"}],
        },
        {"resourceAppId": "00000002-0000-0ff1-ce00-000000000000", "resourceAccess": []},
    ]
    path = f"/applications/{made.app['id']}"
    assert made.rig.graph("PATCH", path, {"requiredResourceAccess": sent}).status_code == 204
    kept = made.rig.graph("GET", path).json()["requiredResourceAccess"]
    assert kept != sent
    assert sorted(entry["resourceAppId"] for entry in kept) == sorted(entry["resourceAppId"] for entry in sent)
