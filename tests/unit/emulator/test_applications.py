# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications: creating, upserting, reading, changing, deleting."""

from __future__ import annotations

import re

import pytest

from emulator.rig import Rig, error_of

UPSERT = {"prefer": "create-if-missing"}
GRAPH = "00000003-0000-0000-c000-000000000000"
MAIL_SEND = {"id": "b633e1c5-b582-4048-a93e-9f11b44c7e96", "type": "Role"}


def test_create_answers_the_application_and_makes_no_service_principal(rig: Rig) -> None:
    answer = rig.graph("POST", "/applications", {"displayName": "Example"})
    body = rig.created(answer)
    assert body["requiredResourceAccess"] == []
    assert body["signInAudience"] == "AzureADMyOrg"
    assert body["publisherDomain"] == "contoso.onmicrosoft.com"
    assert len({body["id"], body["appId"]}) == 2
    assert answer.headers["location"].endswith(f"directoryObjects/{body['id']}/Microsoft.DirectoryServices.Application")
    assert rig.graph("GET", f"/servicePrincipals(appId='{body['appId']}')").status_code == 404


def test_creation_date_has_seven_digits_once_and_none_later(rig: Rig) -> None:
    created = rig.application()
    read = rig.graph("GET", f"/applications/{created['id']}").json()
    assert re.fullmatch(r"[-\dT:]{19}\.\d{7}Z", created["createdDateTime"])
    assert read["createdDateTime"] == created["createdDateTime"][:19] + "Z"


def test_upsert_creates_once_and_then_updates(rig: Rig) -> None:
    path, body = "/applications(uniqueName='our-name')", {"displayName": "First", "notes": "a"}
    created = rig.created(rig.graph("PATCH", path, body, **UPSERT))
    again = rig.graph("PATCH", path, {"displayName": "Second"}, **UPSERT)
    assert (again.status_code, again.content) == (204, b"")
    read = rig.graph("GET", path).json()
    assert (read["id"], read["displayName"], read["notes"], read["uniqueName"]) == (
        created["id"],
        "Second",
        "a",
        "our-name",
    )
    assert sum(app["uniqueName"] == "our-name" for app in rig.admin.snapshot(rig.home)["applications"]) == 1


def test_upsert_without_the_header_creates_nothing(rig: Rig) -> None:
    answer = rig.graph("PATCH", "/applications(uniqueName='our-name')", {"displayName": "First"})
    assert error_of(answer)[:2] == (404, "Request_ResourceNotFound")


def test_upsert_needs_a_display_name_to_create(rig: Rig) -> None:
    answer = rig.graph("PATCH", "/applications(uniqueName='our-name')", {"notes": "x"}, **UPSERT)
    assert error_of(answer)[:2] == (400, "Request_BadRequest")


@pytest.mark.parametrize("template", ["/applications/{id}", "/applications(appId='{appId}')"])
def test_only_a_unique_name_can_be_upserted(rig: Rig, template: str) -> None:
    path = template.format(id="0" * 8 + "-0000-4000-8000-000000000000", appId="0" * 8 + "-0000-4000-8000-000000000000")
    assert rig.graph("PATCH", path, {"displayName": "x"}, **UPSERT).status_code == 404


@pytest.mark.parametrize(
    "template", ["/applications/{id}", "/applications(appId='{appId}')", "/applications(uniqueName='it''s me')"]
)
def test_reading_by_every_key(rig: Rig, template: str) -> None:
    app = rig.created(rig.graph("PATCH", "/applications(uniqueName='it''s me')", {"displayName": "Keyed"}, **UPSERT))
    assert rig.graph("GET", template.format(**app)).json()["displayName"] == "Keyed"
    encoded = template.format(**app).replace("(", "%28").replace(")", "%29").replace("'", "%27").replace(" ", "%20")
    assert rig.graph("GET", encoded).json()["displayName"] == "Keyed"


def test_patch_replaces_whole_arrays(rig: Rig) -> None:
    app = rig.application(tags=["a", "b"])
    wanted = [{"resourceAppId": GRAPH, "resourceAccess": [MAIL_SEND]}]
    patch = {"tags": ["c"], "requiredResourceAccess": wanted}
    assert rig.graph("PATCH", f"/applications/{app['id']}", patch).status_code == 204
    read = rig.graph("GET", f"/applications/{app['id']}").json()
    assert (read["tags"], read["requiredResourceAccess"]) == (["c"], wanted)


def test_patch_of_web_keeps_its_other_members(rig: Rig) -> None:
    app = rig.application(web={"redirectUris": ["https://localhost/x"]})
    rig.graph("PATCH", f"/applications/{app['id']}", {"web": {"logoutUrl": "https://localhost/out"}})
    web = rig.graph("GET", f"/applications/{app['id']}").json()["web"]
    assert (web["redirectUris"], web["logoutUrl"]) == (["https://localhost/x"], "https://localhost/out")


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"displayName": "x" * 257}, "displayName"),
        ({"displayName": None}, "displayName"),
        ({"displayName": 7}, "displayName"),
        ({"colour": "red"}, "Invalid property 'colour'"),
        ({"id": "22222222-2222-4222-8222-222222222222"}, "read-only"),
        ({"appId": "22222222-2222-4222-8222-222222222222"}, "read-only"),
        ({"createdDateTime": "2025-01-01T00:00:00Z"}, "read-only"),
        ({"publisherDomain": "contoso.example"}, "read-only"),
        ({"passwordCredentials": []}, "read-only"),
        ({"signInAudience": "Everybody"}, "signInAudience"),
        ({"tags": "a"}, "tags"),
        ({"keyCredentials": [{"key": "bm8gY2VydGlmaWNhdGU="}]}, "certificate"),
        ({"keyCredentials": [{"key": "?"}]}, "certificate"),
        ({"web": {"colour": "red"}}, "web"),
        ({"description": "x" * 1025}, "description"),
        ({"requiredResourceAccess": [{"resourceAppId": GRAPH}]}, "requiredResourceAccess"),
        ({"requiredResourceAccess": [{"resourceAppId": GRAPH, "resourceAccess": [{**MAIL_SEND, "type": "X"}]}]}, ""),
        ({"requiredResourceAccess": [{"resourceAppId": GRAPH, "resourceAccess": [MAIL_SEND] * 2}]}, ""),
        ({"requiredResourceAccess": [{"resourceAppId": GRAPH, "resourceAccess": []}] * 51}, ""),
        (
            {
                "requiredResourceAccess": [
                    {
                        "resourceAppId": GRAPH,
                        "resourceAccess": [
                            {"id": f"00000000-0000-4000-8000-{number:012}", "type": "Role"} for number in range(401)
                        ],
                    }
                ]
            },
            "400",
        ),
    ],
)
def test_bad_bodies_are_refused(rig: Rig, body: dict[str, object], words: str) -> None:
    app = rig.application()
    status, code, message = error_of(rig.graph("PATCH", f"/applications/{app['id']}", body))
    assert (status, code) == (400, "Request_BadRequest")
    assert words in message
    assert error_of(rig.graph("POST", "/applications", {"displayName": "New", **body}))[0] == 400


def test_display_name_is_required(rig: Rig) -> None:
    assert error_of(rig.graph("POST", "/applications", {"notes": "x"}))[0] == 400


def test_four_hundred_permissions_are_allowed(rig: Rig) -> None:
    access = [{"id": f"00000000-0000-4000-8000-{number:012}", "type": "Role"} for number in range(400)]
    app = rig.application(requiredResourceAccess=[{"resourceAppId": GRAPH, "resourceAccess": access}])
    assert len(app["requiredResourceAccess"][0]["resourceAccess"]) == 400


# --- uniqueName ----------------------------------------------------------------------------------------------------


def test_unique_name_can_be_backfilled_once(rig: Rig) -> None:
    app = rig.application()
    path = f"/applications/{app['id']}"
    assert rig.graph("PATCH", path, {"uniqueName": "stamped"}).status_code == 204
    assert rig.graph("GET", "/applications(uniqueName='stamped')").json()["id"] == app["id"]
    assert rig.graph("PATCH", path, {"uniqueName": "stamped"}).status_code == 204
    assert error_of(rig.graph("PATCH", path, {"uniqueName": "other"}))[0] == 400


def test_post_takes_no_unique_name(rig: Rig) -> None:
    assert error_of(rig.graph("POST", "/applications", {"displayName": "x", "uniqueName": "y"}))[0] == 400


def test_key_and_body_must_agree_on_the_unique_name(rig: Rig) -> None:
    body = {"displayName": "x", "uniqueName": "other"}
    assert error_of(rig.graph("PATCH", "/applications(uniqueName='one')", body, **UPSERT))[0] == 400


@pytest.mark.parametrize("deleted", [False, True])
def test_unique_names_are_unique_even_among_soft_deleted(rig: Rig, deleted: bool) -> None:
    holder = rig.created(rig.graph("PATCH", "/applications(uniqueName='taken')", {"displayName": "x"}, **UPSERT))
    other = rig.application("Other")
    if deleted:
        rig.graph("DELETE", f"/applications/{holder['id']}")
        refused = rig.graph("PATCH", "/applications(uniqueName='taken')", {"displayName": "x"}, **UPSERT)
        assert error_of(refused)[:2] == (400, "Request_BadRequest")
        assert rig.graph("GET", "/applications(uniqueName='taken')").status_code == 404
    status, code, message = error_of(rig.graph("PATCH", f"/applications/{other['id']}", {"uniqueName": "taken"}))
    assert (status, code) == (400, "Request_BadRequest")
    assert message == "Another object with the same value for property uniqueName already exists."


# --- owners --------------------------------------------------------------------------------------------------------


def test_owners_are_bound_listed_added_and_removed(rig: Rig) -> None:
    ann, bob = (user["id"] for user in rig.admin.snapshot(rig.home)["users"])
    link = "https://graph.microsoft.com/v1.0/directoryObjects/{}"
    app = rig.application(**{"owners@odata.bind": [link.format(ann)]})
    path = f"/applications/{app['id']}/owners"
    assert [owner["id"] for owner in rig.graph("GET", path).json()["value"]] == [ann]
    assert rig.graph("POST", f"{path}/$ref", {"@odata.id": link.format(bob)}).status_code == 204
    assert error_of(rig.graph("POST", f"{path}/$ref", {"@odata.id": link.format(bob)}))[0] == 400
    expanded = rig.graph("GET", f"/applications/{app['id']}?$expand=owners").json()["owners"]
    assert {owner["@odata.type"] for owner in expanded} == {"#microsoft.graph.user"}
    assert rig.graph("DELETE", f"{path}/{ann}/$ref").status_code == 204
    assert rig.graph("DELETE", f"{path}/{ann}/$ref").status_code == 404
    assert [owner["id"] for owner in rig.graph("GET", path).json()["value"]] == [bob]


@pytest.mark.usefixtures("malformed_on_purpose")
def test_owners_are_named_by_links(rig: Rig) -> None:
    app = rig.application()
    for link in (None, "x", 7):
        assert rig.graph("POST", f"/applications/{app['id']}/owners/$ref", {"@odata.id": link}).status_code == 400
    assert rig.graph("POST", "/applications", {"displayName": "x", "owners@odata.bind": "x"}).status_code == 400


def test_owners_must_exist(rig: Rig) -> None:
    link = "https://graph.microsoft.com/v1.0/directoryObjects/99999999-9999-4999-8999-999999999999"
    app = rig.application()
    assert rig.graph("POST", f"/applications/{app['id']}/owners/$ref", {"@odata.id": link}).status_code == 404
    assert rig.graph("POST", "/applications", {"displayName": "x", "owners@odata.bind": [link]}).status_code == 404
