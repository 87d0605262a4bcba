# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths, headers, tokens and errors of Graph as a protocol."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from uuid import UUID

import pytest

from emulator.rig import ORIGIN, Rig, error_of


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    "path", ["//applications", "/myorganization/applications", "/applications/", "///myorganization//applications//"]
)
def test_paths_are_forgiving(rig: Rig, path: str) -> None:
    assert rig.graph("GET", path).status_code == 200


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    ("path", "segment"),
    [
        ("/nonsense/more", "nonsense"),
        ("/applications/x/colour", "colour"),
        ("/applications/x/owners/y/$value", "$value"),
        ("/users/x/messages", "messages"),
        ("", "v1.0"),
    ],
)
def test_unknown_segments(rig: Rig, path: str, segment: str) -> None:
    message = f"Resource not found for the segment '{segment}'."
    assert error_of(rig.graph("GET", path)) == (400, "BadRequest", message)


@pytest.mark.usefixtures("malformed_on_purpose")
def test_beta_and_unknown_methods(rig: Rig) -> None:
    headers = {"Authorization": f"Bearer {rig.token()}"}
    assert error_of(rig.session.get(f"{ORIGIN}/beta/applications", headers=headers))[0] == 400
    assert error_of(rig.graph("PUT", "/applications", {}))[0] == 405


def test_every_answer_names_the_request(rig: Rig) -> None:
    mine = "12345678-0000-4000-8000-000000000000"
    answer = rig.graph("GET", "/applications/99999999-9999-4999-8999-999999999999", client_request_id=mine)
    inner = answer.json()["error"]["innerError"]
    assert answer.headers["client-request-id"] == inner["client-request-id"] == mine
    assert answer.headers["request-id"] == inner["request-id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inner["date"])
    unnamed = rig.graph("GET", "/organization")
    assert UUID(unnamed.headers["client-request-id"])
    assert unnamed.headers["request-id"] != answer.headers["request-id"]


def test_the_date_is_the_emulators_own(rig: Rig) -> None:
    before = parsedate_to_datetime(rig.graph("GET", "/organization").headers["date"])
    rig.admin.advance_clock(3000)
    after = parsedate_to_datetime(rig.graph("GET", "/organization").headers["date"])
    assert 2999 <= (after - before).total_seconds() <= 3010


@pytest.mark.parametrize(
    ("path", "units"),
    [
        ("/applications", "2"),
        ("/applications?$select=id", "1"),
        ("/applications?$expand=owners", "3"),
        ("/applications?$top=5&$select=id", "1"),
        ("/users?$top=50", "2"),
        ("/servicePrincipals", "1"),
        ("/oauth2PermissionGrants", "2"),
        ("/organization", "1"),
    ],
)
def test_costs(rig: Rig, path: str, units: str) -> None:
    assert rig.graph("GET", path).headers["x-ms-resource-unit"] == units


@pytest.mark.parametrize(
    ("host", "expected"),
    [("graph.microsoft.com:8443", "https://graph.microsoft.com:8443"), ("127.0.0.1:8443", "https://127.0.0.1:8443")],
)
def test_urls_are_built_from_the_host_that_was_asked(rig: Rig, host: str, expected: str) -> None:
    headers = {"Authorization": f"Bearer {rig.token()}"}
    body = rig.session.get(f"https://{host}/v1.0/users?$top=1", headers=headers).json()
    assert body["@odata.context"].startswith(f"{expected}/v1.0/$metadata#users")
    assert body["@odata.nextLink"].startswith(f"{expected}/v1.0/users?")
    rest = rig.session.get(body["@odata.nextLink"], headers=headers).json()
    assert [user["displayName"] for user in body["value"] + rest["value"]] == ["Ann Hansen", "Bob Jensen"]


@pytest.mark.parametrize("host", ["graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"])
def test_a_tenants_token_is_no_good_at_another_clouds_host(rig: Rig, host: str) -> None:
    answer = rig.session.get(f"https://{host}/v1.0/users", headers={"Authorization": f"Bearer {rig.token()}"})
    assert error_of(answer)[:2] == (401, "InvalidAuthenticationToken")


# --- tokens --------------------------------------------------------------------------------------------------------


def bearer(rig: Rig, authorization: str) -> tuple[int, str]:
    answer = rig.session.get(f"{ORIGIN}/v1.0/organization", headers={"Authorization": authorization})
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    return answer.status_code, answer.json().get("error", {}).get("code", "")


def test_bad_tokens(rig: Rig) -> None:
    good = rig.token()
    head, payload, signature = good.split(".")
    foreign = Rig({"tenants": []}, type(rig.world)(), rig.home).world.signing_key.sign({"aud": ORIGIN})
    for token in ("", "nonsense", f"{head}.{payload}.{signature[::-1]}", f"{head}.{payload}A.{signature}", foreign):
        assert bearer(rig, f"Bearer {token}") == (401, "InvalidAuthenticationToken")
    assert bearer(rig, "Basic abc") == (401, "InvalidAuthenticationToken")
    assert bearer(rig, f"bearer {good}")[0] == 200


def test_tokens_expire_by_the_emulators_clock(rig: Rig) -> None:
    token = rig.token()
    rig.admin.advance_clock(3500)
    assert bearer(rig, f"Bearer {token}")[0] == 200
    rig.admin.advance_clock(100)
    assert bearer(rig, f"Bearer {token}") == (401, "InvalidAuthenticationToken")


def test_tokens_for_exchange_are_no_good_here(rig: Rig) -> None:
    automation = rig.admin.snapshot(rig.home)["applications"][0]
    secret = "the-automations-own-secret"
    token = rig.sign_in(automation["appId"], secret, scope="https://outlook.office365.com/.default").json()
    assert bearer(rig, f"Bearer {token['access_token']}") == (401, "InvalidAuthenticationToken")


def test_tenants_do_not_see_each_other(rig: Rig) -> None:
    app = rig.application()
    other = rig.token(tenant="fabrikam.onmicrosoft.com")
    assert rig.graph("GET", f"/applications/{app['id']}", token=other).status_code == 404
    assert rig.graph("GET", "/applications", token=other).json()["value"] == []
    names = [rig.graph("GET", "/organization", token=t).json()["value"][0]["displayName"] for t in (None, other)]
    assert names == ["Contoso", "Fabrikam"]


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff"])
def test_malformed_json(rig: Rig, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {rig.token()}", "Content-Type": "application/json"}
    answer = rig.session.post(f"{ORIGIN}/v1.0/applications", data=body, headers=headers)
    assert error_of(answer)[:2] == (400, "BadRequest")


@pytest.mark.usefixtures("malformed_on_purpose")
def test_bodies_must_say_what_they_are(rig: Rig) -> None:
    headers = {"Authorization": f"Bearer {rig.token()}"}
    answer = rig.session.post(f"{ORIGIN}/v1.0/applications", data=b'{"displayName": "x"}', headers=headers)
    assert error_of(answer)[:2] == (400, "BadRequest")
    assert "Content-Type" in answer.text


def test_organization(rig: Rig) -> None:
    [body] = rig.graph("GET", "/organization").json()["value"]
    assert (body["id"], body["tenantType"]) == (rig.home, "AAD")
    assert [(item["name"], item["isDefault"]) for item in body["verifiedDomains"]] == [
        ("contoso.onmicrosoft.com", True),
        ("contoso.example", False),
    ]


def test_people(rig: Rig) -> None:
    ann = rig.graph("GET", "/users/ANN@contoso.example").json()
    assert rig.graph("GET", f"/users/{ann['id']}").json()["mail"] == "ann@contoso.example"
    assert (
        rig.graph("GET", "/users?$filter=userPrincipalName eq 'bob@contoso.example'").json()["value"][0]["mail"] is None
    )
    assert rig.graph("GET", "/users/nobody@contoso.example").status_code == 404
    ordered = rig.graph("GET", "/users?$orderby=displayName desc").json()["value"]
    assert [user["displayName"] for user in ordered] == ["Bob Jensen", "Ann Hansen"]
