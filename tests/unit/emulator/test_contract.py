# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract check itself, recorded bodies and published ids: would it be noticed if the emulator were wrong?"""

from __future__ import annotations

from typing import Any

import pytest

from contract.graph_contract import GraphContract
from contract.recordings import permission_ids, recorded
from emulator.graph.handlers.exchange_roles import KNOWN_IDS
from emulator.graph.store import directory_roles
from emulator.rig import Rig

UPSERT = {"prefer": "create-if-missing"}


def the_exchange(rig: Rig, method: str = "POST") -> dict[str, Any]:
    rig.application()
    return next(entry for entry in rig.admin.requests(service="graph") if entry["method"] == method)


def test_a_good_exchange_has_no_violations(rig: Rig, contract: GraphContract) -> None:
    assert contract.check(the_exchange(rig)) == []


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        ({"path": "/v1.0/nonsense"}, "no such operation"),
        ({"method": "PUT"}, "no such operation"),
        ({"query": "$colour=red"}, "$colour"),
        ({"request_body": '{"displayName": "x", "colour": "red"}'}, "colour"),
        ({"request_body": '{"displayName": 7}'}, "7"),
        ({"request_body": '{"requiredResourceAccess": [{"resourceAppid": "x"}]}'}, "resourceAppid"),
        ({"request_body": ""}, "MissingRequiredRequestBody"),
        ({"status": 202}, "202"),
        ({"response_body": {"displayName": 7}}, "7"),
        ({"response_headers": {"content-type": "application/json"}}, "no header request-id"),
        ({"status": 400, "response_body": {"error": {"code": "x", "message": "y"}}}, "innerError lacks date"),
        ({"status": 404, "response_body": {"error": {"code": "x"}}}, "message"),
    ],
)
def test_violations_are_noticed(rig: Rig, contract: GraphContract, spoiled: dict[str, Any], words: str) -> None:
    found = contract.check({**the_exchange(rig), **spoiled})
    assert any(words in violation for violation in found), found


def test_answers_alone_can_be_checked(rig: Rig, contract: GraphContract) -> None:
    exchange = {**the_exchange(rig), "request_body": '{"colour": "red"}'}
    assert contract.check(exchange, answer_only=True) == []


# --- recorded bodies -----------------------------------------------------------------------------------------------


def names(value: Any, place: str = "") -> set[str]:
    """Every name in a body, with its way from the top; of a list the first element stands for all."""
    if isinstance(value, list):
        return names(value[0], f"{place}[]") if value else set()
    if not isinstance(value, dict):
        return set()
    found = {f"{place}.{name}" for name in value}
    return found.union(*(names(inner, f"{place}.{name}") for name, inner in value.items()))


def emulated(rig: Rig) -> dict[str, Any]:
    """The answers to what the recordings asked, by the number of the recording."""
    answers = {"01": rig.graph("POST", "/applications", {"displayName": "x", "keyCredentials": []})}
    app = answers["01"].json()
    credential = {"displayName": "rbac", "startDateTime": "2025-04-08T09:40:17Z", "endDateTime": "2030-04-08T09:40:17Z"}
    answers["02"] = rig.graph("POST", f"/applications/{app['id']}/addPassword", {"passwordCredential": credential})
    answers["03"] = rig.graph("POST", "/servicePrincipals", {"appId": app["appId"], "accountEnabled": True})
    answers["04"] = rig.graph("GET", f"/applications?$filter=appId eq '{app['appId']}'")
    answers["05"] = rig.graph("GET", "/applications?$filter=startswith(displayName,'azure-cli-test000001')")
    answers["06"] = rig.graph("PATCH", f"/applications/{app['id']}", {"requiredResourceAccess": []})
    graph_filter = "servicePrincipalNames/any(c:c eq '00000003-0000-0000-c000-000000000000')"
    answers["07"] = rig.graph("GET", f"/servicePrincipals?$filter={graph_filter}")
    graph = answers["07"].json()["value"][0]
    wanted = {
        "principalId": answers["03"].json()["id"],
        "resourceId": graph["id"],
        "appRoleId": graph["appRoles"][0]["id"],
    }
    path = f"/servicePrincipals/{wanted['principalId']}/appRoleAssignments"
    answers["12"] = rig.graph("POST", path, wanted)
    answers["08"] = rig.graph("DELETE", f"/applications/{app['id']}")
    answers["09"] = rig.graph("DELETE", f"/directory/deletedItems/{app['id']}")
    unprivileged = rig.token(["Mail.Send"])
    answers["10"] = rig.graph("GET", "/applications", token=unprivileged)
    answers["11"] = rig.graph("GET", f"/applications/{app['id']}")
    return answers


def test_bodies_and_statuses_are_as_recorded(rig: Rig) -> None:
    for number, answer in emulated(rig).items():
        expected = recorded(number)
        assert answer.status_code == expected["status"], number
        if expected["body"] is None:
            assert answer.content == b"", number
        else:
            assert names(expected["body"]) - names(answer.json()) == set(), number


@pytest.mark.parametrize("number", ["01", "02", "03", "04", "06", "08", "10"])
def test_headers_are_as_recorded(rig: Rig, number: str) -> None:
    expected, answer = recorded(number)["headers"], emulated(rig)[number]
    assert {name.lower() for name in expected} - {name.lower() for name in answer.headers} == set()
    for name in ("content-type", "odata-version", "cache-control", "x-ms-resource-unit"):
        assert answer.headers.get(name) == expected.get(name), name


@pytest.mark.parametrize(
    ("number", "code"), [("10", "Authorization_RequestDenied"), ("11", "Request_ResourceNotFound")]
)
def test_refusals_are_as_recorded(rig: Rig, number: str, code: str) -> None:
    expected, error = recorded(number)["body"]["error"], emulated(rig)[number].json()["error"]
    assert (error["code"], expected["code"]) == (code, code)
    assert error["message"].split("'")[::2] == expected["message"].split("'")[::2]


# --- ids -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", ["microsoftGraph", "exchangeOnline"])
def test_permissions_have_their_published_ids(rig: Rig, resource: str) -> None:
    published = permission_ids()[resource]
    [body] = rig.graph("GET", f"/servicePrincipals?$filter=appId eq '{published['appId']}'").json()["value"]
    for kind, known in (("appRoles", "applicationRoles"), ("oauth2PermissionScopes", "delegatedScopes")):
        expected = {name: entry["id"] for name, entry in published.get(known, {}).items()}
        assert {item["value"]: item["id"] for item in body[kind]} == expected


def test_administrators_consent_to_what_only_they_may(rig: Rig) -> None:
    published = permission_ids()["microsoftGraph"]
    [body] = rig.graph("GET", f"/servicePrincipals?$filter=appId eq '{published['appId']}'").json()["value"]
    by_administrator = {item["value"]: item["type"] == "Admin" for item in body["oauth2PermissionScopes"]}
    expected = {name: entry["adminConsentRequired"] for name, entry in published["delegatedScopes"].items()}
    assert by_administrator == expected


def test_roles_have_their_published_ids() -> None:
    published = permission_ids()
    assert directory_roles.ROLES.items() >= published["directoryRoleTemplates"].items()
    assert published["graphBetaExchangeRoleDefinitions"] == KNOWN_IDS
