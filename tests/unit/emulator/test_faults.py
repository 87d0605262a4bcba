# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests a fault hits, and what it does to them."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from joserfc import jws

from emulator.exchange_rig import ExchangeRig, command
from emulator.launch import EmulatorError
from emulator.rig import Rig, error_of
from emulator.seed import BadSeed, check_seed
from emulator.world import World

FABRIKAM = "fabrikam.onmicrosoft.com"
CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
SECRET = "the-automations-own-secret"
JSON = {"Content-Type": "application/json"}


def statuses(rig: Rig, number: int, *, tenant: str = "") -> list[int]:
    token = rig.token(tenant=tenant)
    return [rig.graph("GET", "/organization", token=token).status_code for _unused in range(number)]


def injected(rig: Rig) -> list[int]:
    return [fault["injected"] for fault in rig.admin.faults()]


def names(rig: Rig) -> list[str]:
    """The true applications, without the automation."""
    listed = rig.admin.snapshot(rig.home)["applications"]
    return [body["displayName"] for body in listed if body["appId"] != CLIENT_ID]


# --- which requests -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, [503] * 5),
        ({"times": 2}, [503, 503, 200, 200, 200]),
        ({"skip": 2}, [200, 200, 503, 503, 503]),
        ({"skip": 1, "times": 1}, [200, 503, 200, 200, 200]),
        ({"at": 3}, [200, 200, 503, 200, 200]),
        ({"script": [True, False, True]}, [503, 200, 503, 200, 200]),
        ({"script": [True, False, True], "skip": 1}, [200, 503, 200, 503, 200]),
        ({"probability": 0}, [200] * 5),
        ({"probability": 1}, [503] * 5),
    ],
)
def test_how_often(rig: Rig, limits: dict[str, Any], expected: list[int]) -> None:
    rig.admin.faults({"kind": "unavailable", **limits})
    assert statuses(rig, 5) == expected
    assert injected(rig) == [expected.count(503)]


@pytest.mark.parametrize(
    ("filters", "hit"),
    [
        ({"service": "graph"}, True),
        ({"service": "identity"}, False),
        ({"method": "GET"}, True),
        ({"method": "POST"}, False),
        ({"path": "^/organization$"}, True),
        ({"path": "^/applications"}, False),
        ({"writes_only": True}, False),
        ({"tenant": "contoso.example"}, True),
        ({"tenant": "CONTOSO.example", "method": "GET"}, True),
        ({"tenant": FABRIKAM}, False),
        ({"cmdlet": "Get-"}, False),
    ],
)
def test_filters(rig: Rig, filters: dict[str, Any], hit: bool) -> None:
    rig.admin.faults({"kind": "unavailable", **filters})
    assert statuses(rig, 1) == [503 if hit else 200]


def test_paths_are_normalised(rig: Rig) -> None:
    rig.admin.faults({"kind": "unavailable", "path": r"^/applications/\(appId='.+'\)$"})
    path = f"//applications(appId='{CLIENT_ID}')"
    assert rig.graph("GET", path).status_code == 503


def test_writes_only(rig: Rig) -> None:
    rig.admin.faults({"kind": "unavailable", "writes_only": True})
    item = {"id": "1", "method": "POST", "url": "/applications", "headers": JSON}
    answer = rig.graph("POST", "/$batch", {"requests": [{**item, "body": {"displayName": "x"}}]})
    assert (answer.status_code, answer.json()["responses"][0]["status"]) == (200, 503)
    assert rig.graph("POST", "/applications", {"displayName": "x"}).status_code == 503
    assert rig.sign_in(CLIENT_ID, SECRET).status_code == 200


def test_sign_ins_count_for_the_tenant_in_their_path(rig: Rig) -> None:
    rig.admin.faults({"kind": "unavailable", "at": 2, "tenant": rig.home})
    seen = [statuses(rig, 1)[0], rig.sign_in(CLIENT_ID, SECRET).status_code, statuses(rig, 1)[0]]
    assert seen == [200, 503, 200]


def test_every_tenant_counts_for_itself(rig: Rig) -> None:
    rig.admin.faults({"kind": "unavailable", "times": 1})
    assert statuses(rig, 2, tenant=FABRIKAM) == [503, 200]
    assert statuses(rig, 2) == [503, 200]
    [fault] = rig.admin.faults()
    assert fault["injected"] == 2
    assert fault["injected_by_tenant"][rig.home] == 1


def test_counting_begins_when_the_fault_is_set(rig: Rig) -> None:
    rig.admin.faults({"kind": "unavailable", "at": 9})
    assert statuses(rig, 3) == [200] * 3
    rig.admin.faults({"kind": "throttle", "at": 2})
    assert statuses(rig, 2) == [200, 429]


def test_the_first_that_hits_is_the_only_one(rig: Rig) -> None:
    rig.admin.faults({"kind": "throttle", "times": 1}, {"kind": "unavailable"})
    assert statuses(rig, 2) == [429, 503]
    assert injected(rig) == [1, 1]


def drawn(rig: Rig, seed: int, order: list[str]) -> dict[str, list[int]]:
    rig.admin.clear_faults()
    rig.admin.faults({"kind": "unavailable", "probability": 0.5}, seed=seed)
    found: dict[str, list[int]] = {name: [] for name in order}
    for name in order:
        found[name] += statuses(rig, 1, tenant=name)
    return found


def test_chance_depends_on_seed_tenant_and_count_alone(rig: Rig) -> None:
    home = rig.home
    first = drawn(rig, 7, [home, FABRIKAM] * 20)
    assert drawn(rig, 7, [home] * 20 + [FABRIKAM] * 20) == first
    assert first[home] != first[FABRIKAM]
    assert drawn(rig, 8, [home, FABRIKAM] * 20) != first
    assert 0 < first[home].count(503) < 20


def test_the_admin_door_is_never_hit(rig: Rig) -> None:
    rig.admin.faults({"kind": "refuse"})
    assert rig.admin.tenants()


def test_the_log_names_the_fault(rig: Rig) -> None:
    rig.token()
    rig.admin.faults({"kind": "throttle", "times": 1})
    statuses(rig, 2)
    seen = [(entry["fault"], entry["status"], entry["tenant"]) for entry in rig.admin.requests(service="graph")]
    assert seen == [("throttle", 429, rig.home), (None, 200, rig.home)]


def test_clearing(rig: Rig) -> None:
    mine = {"kind": "throttle", "tenant": "contoso.example"}
    rig.admin.faults(mine, {"kind": "unavailable", "tenant": FABRIKAM}, {"kind": "refuse", "at": 99})
    rig.admin.clear_faults(rig.home)
    assert [fault["kind"] for fault in rig.admin.faults()] == ["unavailable", "refuse"]
    rig.admin.clear_faults()
    assert rig.admin.faults() == []
    assert statuses(rig, 1) == [200]


def test_faults_in_the_seed(rig: Rig) -> None:
    fault = {"kind": "throttle", "times": 1}
    tenant = {"domains": ["c.example"], "display_name": "C", "faults": [fault, {"kind": "server_error"}]}
    rig.admin.seed({"tenants": [tenant], "faults": [{"kind": "unavailable", "tenant": FABRIKAM}]})
    assert statuses(rig, 1, tenant="c.example") == [429]
    assert (statuses(rig, 1), statuses(rig, 1, tenant=FABRIKAM)) == ([200], [503])
    rig.admin.seed({"tenants": [tenant]})
    assert [item["kind"] for item in rig.admin.faults()] == ["unavailable", "throttle", "server_error"]
    assert injected(rig) == [1, 0, 0]
    rig.admin.reset()
    assert rig.admin.faults() == []


def test_a_reset_sets_the_faults_of_the_start_seed_again() -> None:
    world = World()
    tenant = {"domains": ["c.example"], "display_name": "C", "faults": [{"kind": "refuse"}]}
    world.start(check_seed({"tenants": [tenant], "faults": [{"kind": "throttle"}]}))
    world.reset()
    assert [fault["kind"] for fault in world.faults.shown()] == ["throttle", "refuse"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "nonsense"}, "nonsense"),
        ({"kind": "throttle", "seconds": 1}, "seconds"),
        ({"kind": "throttle", "retry_after": "soon"}, "retry_after"),
        ({"kind": "timeout"}, "seconds"),
        ({"kind": "young_secret", "seconds": 1, "attempts": 1}, "attempts"),
        ({"kind": "kill"}, "pgid"),
        ({"kind": "kill", "pgid": 1}, "pgid"),
        ({"kind": "kill", "pgid": os.getpgrp()}, "in that process group itself"),
        ({"kind": "refuse", "path": "("}, "regular expression"),
        ({"kind": "refuse", "tenant": "nowhere.example"}, "nowhere.example"),
    ],
)
def test_bad_faults(rig: Rig, fault: dict[str, Any], words: str) -> None:
    with pytest.raises(EmulatorError, match=words):
        rig.admin.faults(fault)
    assert rig.admin.faults() == []


def test_a_bad_fault_in_a_seed_names_its_tenant() -> None:
    tenant = {"domains": ["c.example"], "display_name": "C", "faults": [{"kind": "refuse", "path": "("}]}
    with pytest.raises(BadSeed, match=r"tenant C: faults\.0: path: not a regular expression"):
        check_seed({"tenants": [tenant]})


# --- answers ------------------------------------------------------------------------------------------------------


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
    text = answer.json()["error"]["innererror"]["internalexception"]["message"]
    assert text.startswith("You have reached the maximum number of concurrent requests per tenant.")
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


# --- replicas -----------------------------------------------------------------------------------------------------


def test_stale_reads(rig: Rig) -> None:
    path = f"/applications/{rig.application('a')['id']}"
    for name in ("b", "c"):
        rig.graph("PATCH", path, {"displayName": name})
    rig.admin.faults({"kind": "stale_read", "times": 1}, {"kind": "stale_read", "versions": 2, "times": 2})
    assert [rig.graph("GET", path).json()["displayName"] for _unused in range(3)] == ["b", "a", "a"]
    assert rig.graph("GET", path).json()["displayName"] == "c"


def test_stale_reads_of_what_is_new_find_nothing(rig: Rig) -> None:
    path = f"/applications/{rig.application('a')['id']}"
    rig.admin.faults({"kind": "stale_read", "times": 2})
    assert rig.graph("GET", path).status_code == 404
    assert "a" not in [item["displayName"] for item in rig.graph("GET", "/applications").json()["value"]]
    assert rig.graph("GET", path).status_code == 200


def test_stale_reads_flap(rig: Rig) -> None:
    path = f"/applications/{rig.application('old')['id']}"
    rig.graph("PATCH", path, {"displayName": "new"})
    rig.admin.faults({"kind": "stale_read", "flap": True})
    assert [rig.graph("GET", path).json()["displayName"] for _unused in range(4)] == ["old", "new"] * 2


def test_stale_reads_show_what_was_deleted(rig: Rig) -> None:
    graph = rig.resource("00000003-0000-0000-c000-000000000000")
    principal = rig.admin.snapshot(rig.home)["servicePrincipals"][-1]["id"]
    path = f"/servicePrincipals/{principal}/appRoleAssignments"
    role_id = next(item["id"] for item in graph["appRoles"] if item["value"] == "Calendars.Read")
    body = {"principalId": principal, "resourceId": graph["id"], "appRoleId": role_id}
    granted = len(rig.graph("GET", path).json()["value"])
    grant = rig.created(rig.graph("POST", path, body))
    rig.graph("DELETE", f"{path}/{grant['id']}")
    assert len(rig.graph("GET", path).json()["value"]) == granted
    rig.admin.faults({"kind": "stale_read"})
    assert grant["id"] in [item["id"] for item in rig.graph("GET", path).json()["value"]]


def test_what_is_seeded_is_never_stale(rig: Rig) -> None:
    rig.admin.faults({"kind": "stale_read"})
    assert rig.graph("GET", f"/applications(appId='{CLIENT_ID}')").status_code == 200


def add_password(rig: Rig, application: dict[str, Any]) -> dict[str, Any]:
    answer = rig.graph("POST", f"/applications/{application['id']}/addPassword", {})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def key_ids(rig: Rig, application: dict[str, Any]) -> list[str]:
    body = rig.graph("GET", f"/applications/{application['id']}").json()
    return [credential["keyId"] for credential in body["passwordCredentials"]]


def test_a_lost_update(rig: Rig) -> None:
    application, other = rig.application(), rig.application("other")
    rig.admin.faults({"kind": "lost_update", "seconds": 60, "times": 1})
    first, elsewhere, second = (add_password(rig, item)["keyId"] for item in (application, other, application))
    assert (key_ids(rig, application), key_ids(rig, other)) == ([second], [elsewhere])
    assert injected(rig) == [1]
    third = add_password(rig, application)["keyId"]
    assert key_ids(rig, application) == [second, third]
    assert first not in key_ids(rig, application)


def test_updates_that_are_far_apart_are_not_lost(rig: Rig) -> None:
    application = rig.application()
    rig.admin.faults({"kind": "lost_update", "seconds": 60})
    first = add_password(rig, application)["keyId"]
    rig.admin.advance_clock(61)
    assert key_ids(rig, application) == [first]
    second = add_password(rig, application)["keyId"]
    assert key_ids(rig, application) == [first, second]


def signed_in(rig: Rig, application: dict[str, Any], secret: dict[str, Any]) -> int:
    """The AADSTS code of the refusal, or 200."""
    answer = rig.sign_in(application["appId"], secret["secretText"])
    return 200 if answer.ok else int(answer.json()["error_codes"][0])


@pytest.mark.parametrize(("kind", "code"), [("young_secret", 7000215), ("young_application", 700016)])
def test_too_young_to_sign_in(rig: Rig, kind: str, code: int) -> None:
    application = rig.application()
    rig.service_principal(application["appId"])
    secret = add_password(rig, application)
    rig.admin.faults({"kind": kind, "seconds": 60})
    assert [signed_in(rig, application, secret) for _unused in range(3)] == [code] * 3
    assert rig.sign_in(CLIENT_ID, SECRET).status_code == 200
    rig.admin.advance_clock(60)
    assert signed_in(rig, application, secret) == 200


def test_attempts_count_for_each_secret(rig: Rig) -> None:
    application = rig.application()
    rig.service_principal(application["appId"])
    rig.admin.faults({"kind": "young_secret", "attempts": 2})
    first, second = add_password(rig, application), add_password(rig, application)
    assert [signed_in(rig, application, first) for _unused in range(3)] == [7000215, 7000215, 200]
    assert [signed_in(rig, application, second) for _unused in range(3)] == [7000215, 7000215, 200]
    assert signed_in(rig, application, {"secretText": "wrong"}) == 7000215
    assert injected(rig) == [4]


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
