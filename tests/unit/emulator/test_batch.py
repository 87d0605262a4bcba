# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/$batch`."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.rig import Rig, error_of

JSON = {"Content-Type": "application/json"}


def batch(rig: Rig, *items: dict[str, Any], token: str | None = None) -> dict[str, dict[str, Any]]:
    answer = rig.graph("POST", "/$batch", {"requests": list(items)}, token=token)
    assert answer.status_code == 200, answer.text
    return {item["id"]: item for item in answer.json()["responses"]}


def test_items_go_through_the_whole_pipeline(rig: Rig) -> None:
    app = {"id": "1", "method": "POST", "url": "/applications", "headers": JSON, "body": {"displayName": "x"}}
    missing = {"id": "2", "method": "GET", "url": "applications(uniqueName='none')"}
    listed = {"id": "3", "method": "GET", "url": "/users?$top=1&$select=displayName"}
    answers = batch(rig, app, missing, listed)
    assert {name: item["status"] for name, item in answers.items()} == {"1": 201, "2": 404, "3": 200}
    assert answers["2"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert answers["3"]["body"]["value"] == [{"displayName": "Ann Hansen"}]
    assert answers["1"]["headers"]["content-type"].startswith("application/json")
    log = rig.admin.requests(service="graph")
    outer = next(entry for entry in log if entry["path"] == "/v1.0/$batch")
    assert [entry["path"] for entry in log if entry["batch_of"] == outer["number"]] == [
        "/v1.0/applications",
        "/v1.0/applications(uniqueName='none')",
        "/v1.0/users",
    ]


def test_rights_are_asked_for_each_item(rig: Rig) -> None:
    items = [{"id": "a", "method": "GET", "url": "/organization"}, {"id": "b", "method": "GET", "url": "/users"}]
    answers = batch(rig, *items, token=rig.token(["Organization.Read.All"]))
    assert (answers["a"]["status"], answers["b"]["status"]) == (200, 403)


def test_answers_come_in_another_order(rig: Rig) -> None:
    items = [{"id": str(number), "method": "GET", "url": "/organization"} for number in range(3)]
    answer = rig.graph("POST", "/$batch", {"requests": items})
    assert [item["id"] for item in answer.json()["responses"]] == ["2", "0", "1"]


def test_dependents_of_a_failure_fail(rig: Rig) -> None:
    answers = batch(
        rig,
        {"id": "1", "method": "GET", "url": "/applications(uniqueName='none')"},
        {"id": "2", "method": "GET", "url": "/organization", "dependsOn": ["1"]},
        {"id": "3", "method": "GET", "url": "/organization", "dependsOn": ["2"]},
        {"id": "4", "method": "GET", "url": "/organization"},
    )
    assert {name: item["status"] for name, item in answers.items()} == {"1": 404, "2": 424, "3": 424, "4": 200}


def test_headers_belong_to_the_item(rig: Rig) -> None:
    url = "/applications?$filter=displayName ne 'x'&$count=true"
    answers = batch(
        rig,
        {"id": "with", "method": "GET", "url": url, "headers": {"ConsistencyLevel": "eventual"}},
        {"id": "without", "method": "GET", "url": url},
        {
            "id": "upsert",
            "method": "PATCH",
            "url": "/applications(uniqueName='u')",
            "headers": {**JSON, "Prefer": "create-if-missing"},
            "body": {"displayName": "U"},
        },
    )
    assert {name: item["status"] for name, item in answers.items()} == {"with": 200, "without": 400, "upsert": 201}


GET: dict[str, Any] = {"method": "GET", "url": "/organization"}


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"requests": []},
        {"requests": [{"id": str(number), **GET} for number in range(21)]},
        {"requests": [{"id": "1", "method": "GET"}]},
        {"requests": [{"id": 1.5, **GET}]},
        {"requests": ["x"]},
        {"requests": [{"id": "1", **GET}, {"id": "1", **GET}]},
        {"requests": [{"id": "1", "dependsOn": ["9"], **GET}]},
        {"requests": [{"id": "1", "method": "POST", "url": "/applications", "body": {"displayName": "x"}}]},
    ],
)
def test_malformed_batches(rig: Rig, body: dict[str, Any]) -> None:
    assert error_of(rig.graph("POST", "/$batch", body))[:2] == (400, "BadRequest")


def test_twenty_are_allowed(rig: Rig) -> None:
    assert len(batch(rig, *({"id": str(number), **GET} for number in range(20)))) == 20
