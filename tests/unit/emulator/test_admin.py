# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin door: what it shows, what it changes, whom it answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.app import EmulatorApp
from emulator.graph.store.resources import ARM, EXCHANGE, GRAPH, KEY_VAULT
from emulator.in_process import in_process_session
from emulator.launch import EmulatorError
from emulator.rig import LOGIN, ORIGIN, Rig

CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
SECRET = "the-automations-own-secret"
DOOR = f"{ORIGIN}/_emulator"


def test_tenants(rig: Rig) -> None:
    contoso, fabrikam = rig.admin.tenants()
    assert contoso == {
        "id": rig.home,
        "display_name": "Contoso",
        "domains": ["contoso.onmicrosoft.com", "contoso.example"],
        "cloud": "global",
    }
    assert fabrikam["display_name"] == "Fabrikam"


def test_snapshot(rig: Rig) -> None:
    rig.admin.tenant(rig.home, lag={"reads": 9})
    app = rig.application("Fresh")
    rig.graph("POST", f"/applications/{app['id']}/addPassword", {})
    snapshot = rig.admin.snapshot("Contoso.Example")
    assert snapshot["tenant"]["id"] == rig.home
    assert [item["displayName"] for item in snapshot["applications"]] == ["Automation", "Fresh"]
    principals = {item["appId"]: item for item in snapshot["servicePrincipals"]}
    assert principals.keys() == {GRAPH, EXCHANGE, ARM, KEY_VAULT, CLIENT_ID}
    assert "appRoles" not in principals[GRAPH]
    assert {(item["value"], item["resourceAppId"]) for item in snapshot["appRoleAssignments"]} == {
        ("Application.ReadWrite.OwnedBy", GRAPH),
        ("AppRoleAssignment.ReadWrite.All", GRAPH),
        ("Exchange.ManageAsApp", EXCHANGE),
    }
    assert [user["userPrincipalName"] for user in snapshot["users"]] == ["ann@contoso.example", "bob@contoso.example"]
    assert snapshot["policy"]["isEnabled"] is False
    assert SECRET not in json.dumps(snapshot)


def test_a_seed_always_gives_the_same_world(rig: Rig) -> None:
    wish = {"displayName": "A/B/C", "applicationPermissions": ["Mail.Send"], "adminConsent": True}
    tenant = {"domains": ["twice.example"], "display_name": "Twice", "users": [{"upn": "a@twice.example"}]}
    automation = {"client_id": CLIENT_ID, "roles": ["User.Read.All"]}
    seed = {"tenants": [{**tenant, "applications": [wish, wish], "automation": automation}]}
    snapshots = []
    for _unused in range(2):
        rig.admin.seed(seed)
        snapshots.append(rig.admin.snapshot("twice.example"))
    assert snapshots[0] == snapshots[1]
    assert [app["displayName"] for app in snapshots[0]["applications"]].count("A/B/C") == 2


def test_seeding_adds_and_replaces(rig: Rig) -> None:
    rig.application()
    again = {"id": rig.home, "domains": ["new.example"], "display_name": "Contoso anew"}
    assert rig.admin.seed({"tenants": [again]}) == [rig.home]
    assert rig.admin.snapshot("new.example")["applications"] == []
    assert [tenant["display_name"] for tenant in rig.admin.tenants()] == ["Contoso anew", "Fabrikam"]
    with pytest.raises(EmulatorError, match="no tenant"):
        rig.admin.snapshot("contoso.example")


def test_reset_goes_back_to_the_start(rig: Rig) -> None:
    rig.application()
    rig.admin.seed({"tenants": [{"domains": ["more.example"], "display_name": "More"}]})
    rig.admin.settings(lag={"reads": 1})
    rig.admin.advance_clock(10**6)
    later = rig.admin.clock()
    last = rig.admin.requests()[-1]["number"]
    rig.admin.reset()
    assert rig.admin.clock() < later
    assert [tenant["display_name"] for tenant in rig.admin.tenants()] == ["Contoso", "Fabrikam"]
    assert [app["displayName"] for app in rig.admin.snapshot(rig.home)["applications"]] == ["Automation"]
    assert rig.admin.requests() == []
    rig.sign_in(CLIENT_ID, SECRET)
    assert rig.admin.requests()[0]["number"] > last


def test_issued_knows_every_secret_and_token(rig: Rig) -> None:
    app = rig.application()
    text = rig.graph("POST", f"/applications/{app['id']}/addPassword", {}).json()["secretText"]
    token = rig.sign_in(CLIENT_ID, SECRET).json()["access_token"]
    rig.admin.reset()
    issued = rig.admin.issued()
    assert {SECRET, text} <= set(issued["secrets"])
    assert {token, rig.token()} <= set(issued["tokens"])


def test_the_request_log(rig: Rig) -> None:
    rig.admin.settings(record_bodies=False)
    rig.sign_in(CLIENT_ID, "wrong")
    headers = {"user_agent": "tester/1", "client_request_id": "12345678-0000-4000-8000-000000000000"}
    answer = rig.graph("GET", "/users?$top=1", **headers)
    first, second = rig.admin.requests()
    assert (first["service"], first["status"], first["tenant"]) == ("identity", 401, rig.home)
    assert second == {
        "number": first["number"] + 1,
        "time": second["time"],
        "service": "graph",
        "host": "graph.microsoft.com",
        "method": "GET",
        "path": "/v1.0/users",
        "query": "$top=1",
        "status": 200,
        "tenant": rig.home,
        "client_request_id": headers["client_request_id"],
        "request_id": answer.headers["request-id"],
        "user_agent": "tester/1",
        "batch_of": None,
        "fault": None,
        "unknown": None,
    }

    assert rig.admin.requests(after=first["number"]) == [second]
    assert rig.admin.requests(service="identity") == [first]
    assert rig.admin.requests(tenant="contoso.example") == [first, second]
    assert rig.admin.requests(tenant="fabrikam.onmicrosoft.com") == []
    rig.admin.settings(record_bodies=True)
    rig.admin.clear_requests()
    assert rig.admin.requests() == []


@pytest.mark.usefixtures("malformed_on_purpose")
def test_what_is_not_known_is_refused_and_told(rig: Rig) -> None:
    rig.graph("GET", "/somethingElse")
    rig.graph("PUT", "/users")
    rig.session.get("https://login.microsoftonline.com/common/elsewhere")
    unknown = [(entry["status"], entry["unknown"]) for entry in rig.admin.requests()]
    assert unknown == [(400, "path segment somethingElse"), (405, "method PUT"), (404, "page")]


def test_refusals_are_counted_and_never_forgotten(rig: Rig) -> None:
    for _unused in range(2):
        rig.sign_in(CLIENT_ID, "wrong")
    rig.graph("GET", "/users/nobody@contoso.example")
    rig.admin.reset()
    shown = [(row["template"], row["status"], row["why"], row["unknown"], row["count"]) for row in rig.admin.refusals()]
    assert shown == [
        ("/{tenant}/oauth2/v2.0/token", 401, "AADSTS7000215", None, 2),
        ("/users/{key}", 404, "Request_ResourceNotFound", None, 1),
    ]


def test_bodies_are_recorded_when_asked_for(rig: Rig) -> None:
    app = rig.application("Seen")
    [entry] = rig.admin.requests(service="graph")
    assert json.loads(entry["request_body"]) == {"displayName": "Seen"}
    assert entry["response_body"]["id"] == app["id"]
    assert entry["request_headers"]["content-type"] == "application/json"
    assert "authorization" not in entry["request_headers"]
    assert entry["response_headers"]["request-id"] == entry["request_id"]


def test_each_answer_travels_for_the_latency(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("emulator.app.asyncio.sleep", sleep)
    assert rig.admin.settings(latency_ms=150)["latency_ms"] == 150
    rig.graph("GET", "/organization")
    assert slept == [0.15]
    items = [{"id": name, "method": "GET", "url": "/organization"} for name in ("1", "2")]
    rig.graph("POST", "/$batch", {"requests": items})
    assert slept == [0.15, 0.15]
    rig.admin.reset()
    assert rig.admin.settings()["latency_ms"] == 0


def test_settings_are_told(rig: Rig) -> None:
    assert rig.admin.settings() == {"lag": {"reads": 0, "seconds": 0.0}, "record_bodies": True, "latency_ms": 0}
    assert rig.admin.settings(lag={"seconds": 2})["lag"] == {"reads": 0, "seconds": 2.0}


def test_the_automations_rights_can_be_changed(rig: Rig) -> None:
    rig.admin.tenant(rig.home, roles=["Application.Read.All", "AppRoleAssignment.ReadWrite.All"])
    token = rig.sign_in(CLIENT_ID, SECRET).json()["access_token"]
    roles = (rig.world.signing_key.claims(token) or {})["roles"]
    assert sorted(roles) == ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"]
    rig.admin.tenant(rig.home, roles=[])
    token = rig.sign_in(CLIENT_ID, SECRET).json()["access_token"]
    assert "roles" not in (rig.world.signing_key.claims(token) or {})


def test_portal_applications(rig: Rig) -> None:
    app = rig.admin.portal_application(rig.home, "By hand", permissions=["Calendars.Read"], consent=True)
    assert (app["uniqueName"], app["signInAudience"]) == (None, "AzureADMyOrg")
    kinds = [item["type"] for item in app["requiredResourceAccess"][0]["resourceAccess"]]
    assert sorted(kinds) == ["Role", "Scope"]
    snapshot = rig.admin.snapshot(rig.home)
    [principal] = [item for item in snapshot["servicePrincipals"] if item["appId"] == app["appId"]]
    ann, bob = (user["id"] for user in snapshot["users"])
    [stored] = [item for item in snapshot["applications"] if item["id"] == app["id"]]
    assert stored["owners"] == [ann]
    assert [i["value"] for i in snapshot["appRoleAssignments"] if i["principalId"] == principal["id"]] == [
        "Calendars.Read"
    ]
    [row] = snapshot["oauth2PermissionGrants"]
    assert (row["clientId"], row["consentType"], row["scope"]) == (principal["id"], "AllPrincipals", "User.Read")
    other = rig.admin.portal_application(rig.home, "Other", owners=["BOB@contoso.example"])
    [stored] = [item for item in rig.admin.snapshot(rig.home)["applications"] if item["id"] == other["id"]]
    assert stored["owners"] == [bob]
    assert len(rig.admin.snapshot(rig.home)["oauth2PermissionGrants"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "/tenants/nobody.example/consent", {"appId": CLIENT_ID}, "no tenant"),
        (
            "POST",
            "/tenants/contoso.example/consent",
            {"appId": "99999999-9999-4999-8999-999999999999"},
            "no application",
        ),
        ("POST", "/tenants/contoso.example/consent", {}, "appId"),
        ("POST", "/tenants/contoso.example/token", {"roles": ["Email.Send"]}, "Email.Send"),
        ("PATCH", "/tenants/contoso.example", {"roles": ["Email.Send"]}, "Email.Send"),
        ("PATCH", "/tenants/contoso.example", {"colour": "red"}, "colour"),
        ("PATCH", "/tenants/fabrikam.onmicrosoft.com", {"roles": []}, "no automation"),
        ("POST", "/tenants/contoso.example/portal/applications", {"displayName": "x", "owners": ["c@x.dk"]}, "c@x.dk"),
        ("POST", "/tenants/contoso.example/portal/applications", {"applicationPermissions": []}, "displayName"),
        ("POST", "/settings", {"lag": {"reads": -1}}, "lag"),
        ("POST", "/seed", {"tenants": [{"display_name": "Nameless"}]}, "tenant Nameless"),
        ("POST", "/clock", {"advance_seconds": "soon"}, "advance_seconds"),
        ("GET", "/requests?after=x", None, "after"),
        ("GET", "/nonsense", None, "no GET"),
        ("POST", "/settings", [], "JSON object"),
    ],
)
def test_refusals(rig: Rig, method: str, path: str, body: Any, words: str) -> None:
    answer = rig.session.request(method, f"{DOOR}{path}", json=body)
    assert answer.status_code in (400, 404)
    assert words in answer.json()["error"]


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("::1", 200), ("192.0.2.1", 403), ("", 403)])
def test_only_this_machine_is_answered(rig: Rig, address: str, status: int) -> None:
    with in_process_session(EmulatorApp(rig.world), client=(address, 1)) as session:
        assert session.get(f"{DOOR}/tenants").status_code == status
        assert session.get(f"{LOGIN}/contoso.example/v2.0/.well-known/openid-configuration").status_code == 200
