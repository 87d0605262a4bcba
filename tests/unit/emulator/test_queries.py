# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists: filtering, selecting, paging, and the "advanced queries" with their refusals."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.graph.odata.filters import BadFilter, UnsupportedFilter, parse_filter
from emulator.rig import Rig, error_of

NAMES = ["Alpha", "Alphabet", "Beta", "it's", "Zeta & Søn"]
EVENTUAL = {"consistency_level": "eventual"}


@pytest.fixture
def apps(rig: Rig) -> dict[str, dict[str, Any]]:
    return {name: rig.application(name, tags=[name[0]], identifierUris=[f"api://{name[0]}"]) for name in NAMES}


def listed(rig: Rig, query: str, **headers: str) -> list[str]:
    answer = rig.graph("GET", f"/applications?{query}", **headers)
    assert answer.status_code == 200, answer.text
    return [app["displayName"] for app in answer.json()["value"] if app["displayName"] != "Automation"]


@pytest.mark.usefixtures("apps")
@pytest.mark.parametrize(
    ("clause", "names"),
    [
        ("displayName eq 'Beta'", ["Beta"]),
        ("displayName eq 'BETA'", ["Beta"]),
        ("displayName eq 'it''s'", ["it's"]),
        ("displayName eq 'Zeta %26 Søn'", ["Zeta & Søn"]),
        ("displayName eq 'nobody'", []),
        ("displayName in ('Alpha','Beta')", ["Alpha", "Beta"]),
        ("startsWith(displayName,'Alpha')", ["Alpha", "Alphabet"]),
        ("startswith(displayName, 'alpha')", ["Alpha", "Alphabet"]),
        ("displayName ge 'it'", ["it's", "Zeta & Søn"]),
        ("displayName le 'alpha'", ["Alpha"]),
        ("tags/any(t:t eq 'A')", ["Alpha", "Alphabet"]),
        ("identifierUris/any(x:x eq 'api://B')", ["Beta"]),
        ("startswith(displayName,'Al') and tags/any(t:t eq 'A')", ["Alpha", "Alphabet"]),
        ("displayName eq 'Alpha' or displayName eq 'Beta'", ["Alpha", "Beta"]),
        ("(displayName eq 'Alpha') and (displayName eq 'Beta')", []),
        ("createdDateTime ge 2025-01-01T00:00:00Z", NAMES),
    ],
)
def test_filters(rig: Rig, clause: str, names: list[str]) -> None:
    assert listed(rig, f"$filter={clause}") == names


def test_filter_by_app_id_and_id(rig: Rig, apps: dict[str, dict[str, Any]]) -> None:
    beta, alpha = apps["Beta"], apps["Alpha"]
    assert listed(rig, f"$filter=appId eq '{beta['appId']}'") == ["Beta"]
    assert listed(rig, f"$filter=appId in ('{beta['appId']}','{alpha['appId']}')") == ["Alpha", "Beta"]
    assert listed(rig, f"$filter=id eq '{beta['id'].upper()}'") == ["Beta"]


ADVANCED = [
    ("$filter=displayName ne 'Beta'", ["Alpha", "Alphabet", "it's", "Zeta & Søn"]),
    ("$filter=not startsWith(displayName,'Alpha')", ["Beta", "it's", "Zeta & Søn"]),
    ("$filter=NOT(startsWith(displayName,'Alpha'))", ["Beta", "it's", "Zeta & Søn"]),
    ("$filter=endsWith(displayName,'ta')", ["Beta"]),
    ("$orderby=displayName desc", ["Zeta & Søn", "it's", "Beta", "Alphabet", "Alpha"]),
    ("$filter=startsWith(displayName,'Al')&$orderby=displayName", ["Alpha", "Alphabet"]),
]


@pytest.mark.usefixtures("apps")
@pytest.mark.parametrize(("query", "names"), ADVANCED)
def test_advanced_queries_need_header_and_count(rig: Rig, query: str, names: list[str]) -> None:
    assert listed(rig, f"{query}&$count=true", **EVENTUAL) == names
    for refused in (
        rig.graph("GET", f"/applications?{query}"),
        rig.graph("GET", f"/applications?{query}", **EVENTUAL),
        rig.graph("GET", f"/applications?{query}&$count=true"),
    ):
        assert error_of(refused)[:2] == (400, "Request_UnsupportedQuery")


@pytest.mark.usefixtures("apps")
def test_search_needs_the_header_only(rig: Rig) -> None:
    query = '$search="displayName:søn" OR "displayName:bet"'
    assert listed(rig, query, **EVENTUAL) == ["Beta", "Zeta & Søn"]
    assert listed(rig, '$search="displayName:alph" AND "displayName:alphab"', **EVENTUAL) == ["Alphabet"]
    assert error_of(rig.graph("GET", f"/applications?{query}"))[:2] == (400, "Request_UnsupportedQuery")
    bad = rig.graph("GET", '/applications?$search="notes:x"', **EVENTUAL)
    assert error_of(bad)[:2] == (400, "Request_BadRequest")


@pytest.mark.usefixtures("apps")
def test_count(rig: Rig) -> None:
    counted = rig.graph("GET", "/applications?$count=true&$top=2", **EVENTUAL).json()
    assert (counted["@odata.count"], len(counted["value"])) == (len(NAMES) + 1, 2)
    assert "@odata.count" not in rig.graph("GET", "/applications?$count=true").json()
    plain = rig.graph("GET", "/applications/$count", **EVENTUAL)
    assert (plain.text, plain.headers["content-type"]) == (str(len(NAMES) + 1), "text/plain")


@pytest.mark.usefixtures("malformed_on_purpose")
def test_a_bare_count_needs_the_header(rig: Rig) -> None:
    assert rig.graph("GET", "/applications/$count").status_code == 400


def test_expand_does_not_go_with_advanced_queries(rig: Rig) -> None:
    assert rig.graph("GET", "/applications?$expand=owners").status_code == 200
    assert rig.graph("GET", "/applications?$expand=owners($select=id)&$count=true").status_code == 200
    refused = rig.graph("GET", "/applications?$expand=owners&$count=true", **EVENTUAL)
    assert error_of(refused)[:2] == (400, "Request_UnsupportedQuery")


def test_select_shows_nothing_else(rig: Rig, apps: dict[str, dict[str, Any]]) -> None:
    app = apps["Beta"]
    body = rig.graph("GET", f"/applications/{app['id']}?$select=displayName,appId,isDisabled").json()
    assert body.pop("@odata.context").endswith("$metadata#applications(displayName,appId,isDisabled)/$entity")
    assert body == {"displayName": "Beta", "appId": app["appId"], "isDisabled": None}


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$filter=displayName eq", "Request_BadRequest"),
        ("$filter=displayName eq 'a", "Request_BadRequest"),
        ("$filter=", "Request_BadRequest"),
        ("$filter=contains(displayName,'a')", "Request_UnsupportedQuery"),
        ("$filter=uniqueName eq 'a'", "Request_UnsupportedQuery"),
        ("$filter=notes eq 'a'", "Request_UnsupportedQuery"),
        ("$filter=displayName gt 'a'", "Request_UnsupportedQuery"),
        ("$filter=displayName ge 5", "Request_UnsupportedQuery"),
        ("$filter=appId ge 'a'", "Request_UnsupportedQuery"),
        ("$filter=tags/all(t:t eq 'a')", "Request_UnsupportedQuery"),
        ("$filter=tags/any(t:'a' eq t)", "Request_UnsupportedQuery"),
        ("$orderby=notes", "Request_UnsupportedQuery"),
        ("$orderby=displayName sideways", "BadRequest"),
        ("$select=colour", "BadRequest"),
        ("$expand=colour", "BadRequest"),
        ("$expand=owners(", "BadRequest"),
        ("$top=0", "Request_BadRequest"),
        ("$top=1000", "Request_BadRequest"),
        ("$top=many", "Request_BadRequest"),
        ("$skip=1", "BadRequest"),
        ("$skiptoken=nonsense", "Request_BadRequest"),
    ],
)
def test_refused_queries(rig: Rig, query: str, code: str) -> None:
    assert error_of(rig.graph("GET", f"/applications?{query}"))[:2] == (400, code)


# --- paging --------------------------------------------------------------------------------------------------------


def pages(rig: Rig, query: str, **headers: str) -> list[list[str]]:
    found, path = [], f"/applications?{query}"
    while path:
        body = rig.graph("GET", path, **headers).json()
        found.append([app["displayName"] for app in body["value"]])
        link = body.get("@odata.nextLink", "")
        assert link.startswith("https://graph.microsoft.com/v1.0/applications?") or not link
        path = link.removeprefix("https://graph.microsoft.com/v1.0")
    return found


def test_the_default_page_holds_a_hundred(rig: Rig) -> None:
    for number in range(104):
        rig.application(f"App {number:03}")
    assert [len(page) for page in pages(rig, "$select=displayName")] == [100, 5]


@pytest.mark.usefixtures("apps")
def test_pages_keep_the_query(rig: Rig) -> None:
    query = "$filter=startsWith(displayName,'Al') or displayName eq 'it''s'&$top=2&$select=displayName"
    assert pages(rig, query) == [["Alpha", "Alphabet"], ["it's"]]
    ordered = pages(rig, "$orderby=displayName desc&$count=true&$top=4", **EVENTUAL)
    assert ordered == [["Zeta & Søn", "it's", "Beta", "Automation"], ["Alphabet", "Alpha"]]


def test_deleting_while_paging_skips_nothing(rig: Rig, apps: dict[str, dict[str, Any]]) -> None:
    first = rig.graph("GET", "/applications?$top=3").json()
    rig.graph("DELETE", f"/applications/{apps['Alpha']['id']}")
    rest = rig.graph("GET", first["@odata.nextLink"].removeprefix("https://graph.microsoft.com/v1.0")).json()
    assert [app["displayName"] for app in first["value"]] == ["Automation", "Alpha", "Alphabet"]
    assert [app["displayName"] for app in rest["value"]] == ["Beta", "it's", "Zeta & Søn"]


# --- the parser alone ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "body", "expected"),
    [
        ("a eq null", {"a": None}, True),
        ("a eq true", {"a": True}, True),
        ("a eq 3", {"a": 3}, True),
        ("a eq 11111111-2222-4333-8444-555555555555", {"a": "11111111-2222-4333-8444-555555555555"}, True),
        ("startswith(a,'x')", {"a": None}, False),
        ("a ge 'x'", {"a": None}, False),
        ("a eq 'startsWith(b) NOT('", {"a": "startsWith(b) NOT("}, True),
        ("not (a eq 'x' or a eq 'y')", {"a": "z"}, True),
        ("a/any(x:startswith(x,'p'))", {"a": ["q", "Pq"]}, True),
        ("when ge 2025-01-01T00:00:00Z", {"when": "2025-01-01T00:00:00Z"}, True),
        ("when ge 2025-01-01T00:00:00Z", {"when": None}, False),
    ],
)
def test_filter_values(clause: str, body: dict[str, Any], expected: bool) -> None:
    assert parse_filter(clause).test(body) is expected


@pytest.mark.parametrize("clause", ["a", "a eq b", "a add 1 eq 2", "length(a) eq 2", "startswith(a,b)"])
def test_what_the_directory_does_not_evaluate(clause: str) -> None:
    with pytest.raises((BadFilter, UnsupportedFilter)):
        parse_filter(clause)
