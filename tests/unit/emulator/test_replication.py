# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication lag through Graph and sign-in: what a fresh write looks like from outside."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.graph.store.resources import GRAPH, resources
from emulator.rig import Rig, error_of

UPSERT = {"prefer": "create-if-missing"}
NOT_FOUND = (404, "Request_ResourceNotFound")


@pytest.fixture
def slow(rig: Rig) -> Rig:
    rig.admin.tenant(rig.home, lag={"reads": 2})
    return rig


def statuses(rig: Rig, path: str, times: int) -> list[int]:
    return [rig.graph("GET", path).status_code for _unused in range(times)]


def settled(rig: Rig, make: Any) -> Any:
    """Made without lag; the next writes lag again."""
    rig.admin.tenant(rig.home, lag="off")
    made = make()
    rig.admin.tenant(rig.home, lag={"reads": 2})
    return made


@pytest.mark.parametrize("template", ["/applications/{id}", "/applications(appId='{appId}')"])
def test_a_fresh_application_is_absent_for_a_while(slow: Rig, template: str) -> None:
    app = slow.application()
    assert statuses(slow, template.format(**app), 3) == [404, 404, 200]


def test_a_fresh_application_is_missing_from_lists(slow: Rig) -> None:
    app = slow.application("Fresh")
    other, query = "/applications?$filter=displayName eq 'Other'", f"/applications?$filter=appId eq '{app['appId']}'"
    assert slow.graph("GET", other).json()["value"] == []
    assert [len(slow.graph("GET", query).json()["value"]) for _unused in range(3)] == [0, 0, 1]


def test_an_update_shows_the_old_body_first(slow: Rig) -> None:
    app = settled(slow, lambda: slow.application(notes="old"))
    path = f"/applications/{app['id']}"
    assert slow.graph("PATCH", path, {"notes": "new"}).status_code == 204
    assert [slow.graph("GET", path).json()["notes"] for _unused in range(3)] == ["old", "old", "new"]


def test_updates_build_on_the_truth_and_not_on_what_is_seen(slow: Rig) -> None:
    app = settled(slow, slow.application)
    path = f"/applications/{app['id']}"
    slow.graph("PATCH", path, {"notes": "n"})
    slow.graph("PATCH", path, {"tags": ["t"]})
    [true] = [item for item in slow.admin.snapshot(slow.home)["applications"] if item["id"] == app["id"]]
    assert (true["notes"], true["tags"]) == ("n", ["t"])


@pytest.mark.parametrize(
    ("method", "end", "body"),
    [("PATCH", "", {"notes": "x"}), ("POST", "/addPassword", {}), ("DELETE", "", None)],
)
def test_writes_to_a_fresh_application_find_nothing_yet(slow: Rig, method: str, end: str, body: Any) -> None:
    path = f"/applications/{slow.application()['id']}{end}"
    answers = [slow.graph(method, path, body) for _unused in range(3)]
    assert [error_of(answer)[:2] for answer in answers[:2]] == [NOT_FOUND] * 2
    assert answers[2].status_code < 300


def test_a_repeated_upsert_finds_the_one_application(slow: Rig) -> None:
    path, body = "/applications(uniqueName='one')", {"displayName": "One"}
    answers = [slow.graph("PATCH", path, body, **UPSERT).status_code for _unused in range(4)]
    assert answers == [201, 204, 204, 204]
    assert slow.graph("GET", path).status_code == 404
    assert [app["uniqueName"] for app in slow.admin.snapshot(slow.home)["applications"]].count("one") == 1


def test_unique_names_are_guarded_by_the_truth(slow: Rig) -> None:
    other = settled(slow, slow.application)
    slow.graph("PATCH", "/applications(uniqueName='one')", {"displayName": "One"}, **UPSERT)
    assert error_of(slow.graph("PATCH", f"/applications/{other['id']}", {"uniqueName": "one"}))[0] == 400


def test_a_backfilled_name_finds_nothing_at_first(slow: Rig) -> None:
    app = settled(slow, slow.application)
    slow.graph("PATCH", f"/applications/{app['id']}", {"uniqueName": "late"})
    assert statuses(slow, "/applications(uniqueName='late')", 3) == [404, 404, 200]


@pytest.mark.parametrize("upsert", [True, False])
def test_a_service_principal_for_a_fresh_application(slow: Rig, upsert: bool) -> None:
    """Two different refusals: the second one looks like missing rights."""
    slow.admin.tenant(slow.home, lag={"reads": 3})
    app_id = slow.application()["appId"]

    def create() -> Any:
        if upsert:
            return slow.graph("PATCH", f"/servicePrincipals(appId='{app_id}')", {}, **UPSERT)
        return slow.graph("POST", "/servicePrincipals", {"appId": app_id})

    first, second, third, last = create(), create(), create(), create()
    assert error_of(first)[:2] == (400, "Request_BadRequest")
    assert "does not reference a valid application object" in error_of(first)[2]
    for refused in (second, third):
        assert error_of(refused)[:2] == (403, "Authorization_RequestDenied")
        assert "backing application of the service principal being created must in the local tenant" in refused.text
    assert last.status_code == 201
    assert [sp["appId"] for sp in slow.admin.snapshot(slow.home)["servicePrincipals"]].count(app_id) == 1


def assignment(rig: Rig, principal: dict[str, Any], role: str = "Mail.Send") -> tuple[dict[str, Any], dict[str, str]]:
    graph = rig.resource(GRAPH)
    role_id = resources()[GRAPH].roles[role]
    return graph, {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": role_id}


def test_granting_to_a_fresh_service_principal(slow: Rig) -> None:
    app = settled(slow, slow.application)
    graph, body = assignment(slow, slow.service_principal(app["appId"]))
    answers = [slow.graph("POST", f"/servicePrincipals/{graph['id']}/appRoleAssignedTo", body) for _unused in range(3)]
    refusal = (400, "Request_BadRequest", "Not a valid reference update")
    assert [error_of(answer) for answer in answers[:2]] == [refusal] * 2
    assert answers[2].status_code == 201


def test_granting_below_a_fresh_service_principal(slow: Rig) -> None:
    app = settled(slow, slow.application)
    principal = slow.service_principal(app["appId"])
    _unused, body = assignment(slow, principal)
    path = f"/servicePrincipals/{principal['id']}/appRoleAssignments"
    answers = [slow.graph("POST", path, body) for _unused in range(3)]
    assert [error_of(answer)[:2] for answer in answers[:2]] == [NOT_FOUND] * 2
    assert answers[2].status_code == 201


def test_a_fresh_grant_is_missing_from_lists_and_still_no_duplicate(slow: Rig) -> None:
    principal = settled(slow, lambda: slow.service_principal(slow.application()["appId"]))
    _unused, body = assignment(slow, principal)
    path = f"/servicePrincipals/{principal['id']}/appRoleAssignments"
    granted = slow.created(slow.graph("POST", path, body))
    assert "already exists" in error_of(slow.graph("POST", path, body))[2]
    assert slow.graph("DELETE", f"{path}/{granted['id']}").status_code == 404
    assert [len(slow.graph("GET", path).json()["value"]) for _unused in range(2)] == [0, 1]
    assert slow.graph("DELETE", f"{path}/{granted['id']}").status_code == 204
    assert [len(slow.graph("GET", path).json()["value"]) for _unused in range(3)] == [1, 1, 0]


def test_a_deletion_is_seen_late(slow: Rig) -> None:
    app = settled(slow, slow.application)
    path, deleted = f"/applications/{app['id']}", f"/directory/deletedItems/{app['id']}"
    assert slow.graph("DELETE", path).status_code == 204
    assert slow.graph("GET", path).status_code == 200
    assert slow.graph("DELETE", deleted).status_code == 404
    assert (slow.graph("GET", path).status_code, slow.graph("DELETE", deleted).status_code) == (404, 204)


def test_a_restoration_is_seen_late(slow: Rig) -> None:
    def deleted() -> dict[str, Any]:
        app = slow.application()
        slow.graph("DELETE", f"/applications/{app['id']}")
        return app

    app = settled(slow, deleted)
    slow.graph("POST", f"/directory/deletedItems/{app['id']}/restore")
    assert statuses(slow, f"/applications/{app['id']}", 3) == [404, 404, 200]


# --- sign-in -------------------------------------------------------------------------------------------------------


def code(answer: Any) -> int:
    return int(answer.json().get("error_codes", [0])[0])


def test_signing_in_with_a_fresh_secret(slow: Rig) -> None:
    def prepared() -> dict[str, Any]:
        app = slow.application()
        slow.service_principal(app["appId"])
        return app

    app = settled(slow, prepared)
    path = f"/applications/{app['id']}"
    secret = slow.graph("POST", f"{path}/addPassword", {}).json()["secretText"]
    assert slow.graph("GET", path).json()["passwordCredentials"] == []
    answers = [code(slow.sign_in(app["appId"], secret)) for _unused in range(2)]
    assert answers == [7000215, 0]
    assert len(slow.graph("GET", path).json()["passwordCredentials"]) == 1


def test_signing_in_with_a_fresh_application(slow: Rig) -> None:
    app = slow.application()
    assert [code(slow.sign_in(app["appId"], "x")) for _unused in range(3)] == [700016, 700016, 7000215]


def test_a_fresh_grant_reaches_tokens_late(slow: Rig) -> None:
    def prepared() -> tuple[dict[str, Any], str, dict[str, Any]]:
        app = slow.application()
        secret = slow.graph("POST", f"/applications/{app['id']}/addPassword", {}).json()["secretText"]
        return app, secret, slow.service_principal(app["appId"])

    app, secret, principal = settled(slow, prepared)
    graph, body = assignment(slow, principal)
    slow.created(slow.graph("POST", f"/servicePrincipals/{graph['id']}/appRoleAssignedTo", body))
    found = []
    for _unused in range(3):
        token = slow.sign_in(app["appId"], secret).json()["access_token"]
        found.append((slow.world.signing_key.claims(token) or {}).get("roles"))
    assert found == [None, None, ["Mail.Send"]]


# --- settings ------------------------------------------------------------------------------------------------------


def test_a_tenants_own_lag_comes_before_the_common_one(rig: Rig) -> None:
    rig.admin.settings(lag={"reads": 1})
    assert statuses(rig, f"/applications/{rig.application()['id']}", 2) == [404, 200]
    rig.admin.tenant(rig.home, lag="off")
    assert statuses(rig, f"/applications/{rig.application()['id']}", 1) == [200]


def test_turning_the_lag_off_shows_everything(slow: Rig) -> None:
    app = slow.application()
    slow.admin.tenant(slow.home, lag="off")
    assert statuses(slow, f"/applications/{app['id']}", 1) == [200]


def test_lag_in_seconds(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(rig.world.clock, "elapsed", lambda: now, raising=False)
    rig.admin.settings(lag={"seconds": 30})
    app = rig.application()
    assert statuses(rig, f"/applications/{app['id']}", 5) == [404] * 5
    now += 30
    assert statuses(rig, f"/applications/{app['id']}", 1) == [200]


def test_what_people_do_in_the_portal_is_there_at_once(slow: Rig) -> None:
    app = slow.admin.portal_application(slow.home, "By hand", permissions=["Mail.Send"], consent=True)
    assert statuses(slow, f"/applications/{app['id']}", 1) == [200]
