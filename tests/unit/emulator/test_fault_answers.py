# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that answer otherwise, or not at all (test_fault_connections.py has real connections)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from joserfc import jws

from emulator.exchange_rig import ExchangeRig, command
from emulator.rig import Rig, error_of

FABRIKAM = "fabrikam.onmicrosoft.com"
CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
SECRET = "the-automations-own-secret"
JSON = {"Content-Type": "application/json"}


def statuses(rig: Rig, number: int, *, tenant: str = "") -> list[int]:
    token = rig.token(tenant=tenant)
    return [rig.graph("GET", "/organization", token=token).status_code for _unused in range(number)]


def names(rig: Rig) -> list[str]:
    """The true applications, without the automation."""
    listed = rig.admin.snapshot(rig.home)["applications"]
    return [body["displayName"] for body in listed if body["appId"] != CLIENT_ID]


def test_throttling_of_graph(rig: Rig) -> None:
    rig.admin.faults({"kind": "throttle", "retry_after": 2.5})
    answer = rig.graph("GET", "/organization")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2.5")
    error = answer.json()["error"]
    inner = error.pop("innerError")
    assert error == {"code": "TooManyRequests", "message": "Please retry again later."}
    assert inner.keys() == {"code", "date", "message", "request-id", "status"}
    assert (inner["code"], inner["message"], inner["status"]) == ("429", "Please retry after", "429")


def test_throttling_of_identity(rig: Rig) -> None:
    rig.admin.faults({"kind": "throttle", "retry_after": None})
    answer = rig.sign_in(CLIENT_ID, SECRET)
    assert (answer.status_code, answer.json()["error_codes"]) == (429, [90055])
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(("wanted", "shown"), [(3, "3"), (0.5, "0.5")])
def test_retry_after_is_a_number(rig: Rig, wanted: float, shown: str) -> None:
    rig.admin.faults({"kind": "unavailable", "retry_after": wanted, "status": 504})
    answer = rig.graph("GET", "/organization")
    assert (answer.status_code, answer.headers["retry-after"]) == (504, shown)


def test_retry_after_is_a_date_of_the_emulators_clock(rig: Rig) -> None:
    rig.admin.advance_clock(86400)
    rig.admin.faults({"kind": "throttle", "retry_after": "date:+30"})
    answer = rig.graph("GET", "/organization", token=rig.admin.token(rig.home, ["Organization.Read.All"]))
    moment, date = (parsedate_to_datetime(answer.headers[name]) for name in ("retry-after", "date"))
    assert timedelta(seconds=29) <= moment - date <= timedelta(seconds=30)


@pytest.mark.parametrize(("effect", "made"), [("none", []), ("done", ["x"])])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "unavailable"},
        {"kind": "server_error", "path": "/applications"},
        {"kind": "garbage", "body": "html"},
    ],
)
def test_did_it_happen(rig: Rig, fault: dict[str, Any], effect: str, made: list[str]) -> None:
    rig.admin.faults({**fault, "effect": effect})
    assert rig.graph("POST", "/applications", {"displayName": "x"}).status_code != 201
    assert names(rig) == made


def test_server_errors_are_usual_with_passwords(rig: Rig) -> None:
    rig.admin.faults({"kind": "server_error"})
    path = f"/applications/{rig.application()['id']}"
    assert rig.graph("GET", path).status_code == 200
    assert rig.graph("POST", f"{path}/addPassword", {}).status_code == 500


def test_concurrency(rig: Rig) -> None:
    rig.admin.faults({"kind": "concurrency"})
    assert statuses(rig, 1) == [200]
    assert rig.sign_in(CLIENT_ID, SECRET).status_code == 200
    answer = rig.graph("POST", "/applications", {"displayName": "x"})
    assert error_of(answer)[:2] == (409, "Directory_ConcurrencyViolation")
    assert error_of(answer)[2].startswith("Error due to concurrent requests being made to the tenant.")


@pytest.mark.parametrize(
    ("which", "method", "path", "status", "words"),
    [
        ("resource_not_found", "GET", "/applications/{application}", 404, "Resource '{application}' does not exist"),
        (
            "appid_not_valid",
            "POST",
            "/servicePrincipals",
            400,
            "The appId '{app_id}' of the service principal does not",
        ),
        ("backing_application", "POST", "/servicePrincipals", 403, "the backing application of the service principal"),
        ("not_a_valid_reference", "POST", "/servicePrincipals/{sp}/appRoleAssignments", 400, "Not a valid reference"),
    ],
)
def test_misleading_refusals(rig: Rig, which: str, method: str, path: str, status: int, words: str) -> None:
    application, other = rig.application(), rig.application("other")
    principal = rig.service_principal(application["appId"])
    ids = {"application": application["id"], "sp": principal["id"], "app_id": other["appId"]}
    role = {"principalId": principal["id"], "resourceId": principal["id"], "appRoleId": principal["id"]}
    body = {"GET": None, "POST": {"appId": other["appId"]}}[method] if "appRole" not in path else role
    rig.admin.faults({"kind": "misleading", "which": which})
    assert rig.graph("GET", "/organization").status_code == 200
    found = error_of(rig.graph(method, path.format(**ids), body))
    assert found[0] == status
    assert words.format(**ids) in found[2]


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("html", "text/html; charset=utf-8", "<!DOCTYPE html>"),
        ("empty", "application/json", ""),
        ("nul", "application/json", "\0\0"),
        ("text", "text/plain; charset=utf-8", "OK"),
        ("array", "application/json", "[]"),
    ],
)
@pytest.mark.parametrize("status", [200, 502])
def test_garbage(rig: Rig, body: str, content_type: str, expected: str, status: int) -> None:
    rig.admin.faults({"kind": "garbage", "body": body, "status": status})
    answer = rig.graph("GET", "/organization")
    assert (answer.status_code, answer.headers["content-type"]) == (status, content_type)
    assert answer.text[: len(expected)] == expected
    assert bool(answer.text) == bool(expected)


def test_spoilt_bodies(rig: Rig) -> None:
    true_text = rig.graph("GET", "/organization").text
    rig.admin.faults(
        {"kind": "garbage", "body": "truncated", "effect": "done", "times": 1},
        {"kind": "garbage", "body": "wrong_types", "effect": "done"},
    )
    cut = rig.graph("GET", "/organization").text
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut)
    assert cut
    spoilt = rig.graph("GET", "/organization").json()
    assert spoilt.keys() == json.loads(true_text).keys()
    assert isinstance(spoilt["value"], str)


def test_clock_skew(rig: Rig) -> None:
    rig.admin.faults({"kind": "clock_skew", "seconds": 7200, "tenant": rig.home})
    answer = rig.sign_in(CLIENT_ID, SECRET)
    now = datetime.fromisoformat(rig.admin.clock())
    ahead = parsedate_to_datetime(answer.headers["date"]) - now
    assert timedelta(seconds=7190) < ahead < timedelta(seconds=7210)
    claims = json.loads(jws.extract_compact(answer.json()["access_token"].encode()).payload)
    assert [claims[name] - now.timestamp() > 7190 for name in ("iat", "nbf", "exp")] == [True] * 3
    assert claims["iat"] == claims["nbf"]
    assert rig.graph("GET", "/organization", token=rig.token(tenant=FABRIKAM)).headers["date"] < answer.headers["date"]


# --- Exchange -----------------------------------------------------------------------------------------------------


def test_cmdlets(exchange: ExchangeRig) -> None:
    exchange.rig.admin.faults({"kind": "unavailable", "cmdlet": "^get-accepteddomain$"})
    assert exchange.run("Get-OrganizationConfig").status_code == 200
    assert exchange.run("Get-AcceptedDomain").status_code == 503
    items = [
        {"id": name, "method": "POST", "url": "InvokeCommand", "headers": JSON, "body": command(name)}
        for name in ("Get-AcceptedDomain", "Get-OrganizationConfig")
    ]
    answers = exchange.post("$batch", {"requests": items}).json()["responses"]
    assert {item["id"]: item["status"] for item in answers} == {
        "Get-AcceptedDomain": 503,
        "Get-OrganizationConfig": 200,
    }


def test_cmdlets_that_only_look_are_no_writes(exchange: ExchangeRig) -> None:
    exchange.rig.admin.faults({"kind": "unavailable", "writes_only": True, "effect": "done"})
    assert exchange.run("Get-Group", Identity="New").status_code == 404
    assert exchange.run("New-DistributionGroup", Name="New").status_code == 503
    assert exchange.run("Get-Group", Identity="New").status_code == 200


def test_too_many_cmdlets_at_once(exchange: ExchangeRig) -> None:
    exchange.rig.admin.faults({"kind": "concurrency", "times": 1})
    answer = exchange.run("New-DistributionGroup", Name="New")
    assert answer.status_code == 400
    text = answer.json()["error"]["details"][0]["message"]
    assert text.rpartition("|")[2].startswith("You have reached the maximum number of concurrent requests per tenant.")
    assert exchange.run("New-DistributionGroup", Name="New").status_code == 200


def test_garbage_of_exchange(exchange: ExchangeRig) -> None:
    exchange.rig.admin.faults({"kind": "garbage", "body": "nul", "status": 403}, {"kind": "throttle"})
    answer = exchange.run("Get-AcceptedDomain")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/json")
    assert set(answer.content) == {0}


def test_throttling_of_exchange(exchange: ExchangeRig) -> None:
    exchange.rig.admin.faults({"kind": "throttle", "service": "exchange", "retry_after": 7})
    answer = exchange.run("Get-AcceptedDomain")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


# --- connections, without one (test_fault_connections.py has real ones) ---------------------------------------------


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        ({"kind": "refuse"}, []),
        ({"kind": "reset_before"}, []),
        ({"kind": "reset_after"}, ["x"]),
        ({"kind": "timeout", "seconds": 1}, []),
        ({"kind": "timeout", "seconds": 1, "effect": "done"}, ["x"]),
    ],
)
def test_lost_connections(rig: Rig, fault: dict[str, Any], made: list[str]) -> None:
    rig.token()
    rig.admin.faults({**fault, "path": "/applications", "times": 1})
    with pytest.raises(requests.exceptions.ConnectionError):
        rig.graph("POST", "/applications", {"displayName": "x"})
    assert names(rig) == made
    [entry] = rig.admin.requests(service="graph")
    assert (entry["fault"], entry["status"]) == (fault["kind"], 201 if made else 0)
    assert statuses(rig, 1) == [200]


def test_an_item_of_a_batch_has_no_connection_of_its_own(rig: Rig) -> None:
    rig.admin.faults({"kind": "refuse", "path": "^/organization"})
    answer = rig.graph("POST", "/$batch", {"requests": [{"id": "1", "method": "GET", "url": "/organization"}]})
    assert answer.json()["responses"][0]["status"] == 200
    with pytest.raises(requests.exceptions.ConnectionError):
        rig.graph("GET", "/organization")
