# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the answers and the inventory hold: a clean failure for the tenant, and nothing done on a misreading."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import SPEC
from corpus.operator import NAMES, SENDER, TENANT, Json, Operator

#: About as many answers as a fresh onboarding gets.
REQUESTS = 52
EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

WRONG_VALUES = st.sampled_from([None, 5, True, "", "nonsense", {}, {"a": 1}, [5], ["text"], [[]], "\0\0"])
WRONG_BODIES = st.sampled_from(
    [b"", b"null", b"[]", b"5", b'"text"', b"<html>Proxy</html>", b"\0" * 40, b'{"value": [{']
)


@st.composite
def mutations(draw: st.DrawFn) -> Any:
    """(number of the answer, what is done to it)"""
    number = draw(st.integers(0, REQUESTS - 1))
    if draw(st.integers(0, 3)) == 0:
        body = draw(WRONG_BODIES)
        return number, lambda content: body
    where, value = draw(st.integers(0, 60)), draw(st.one_of(st.just(...), WRONG_VALUES))
    return number, lambda content: _changed(content, where, value)


def _changed(content: bytes, where: int, value: Any) -> bytes:
    """One field of the JSON gone (...) or with another value; `where` counts the fields, from the top down."""
    try:
        document = json.loads(content)
    except ValueError:
        return content
    fields = list(_fields(document))
    if not fields:
        return content
    holder, name = fields[where % len(fields)]
    if value is ...:
        del holder[name]
    else:
        holder[name] = value
    return json.dumps(document).encode()


def _fields(node: Any) -> Any:
    if isinstance(node, dict):
        yield from ((node, name) for name in list(node))
        for value in node.values():
            yield from _fields(value)
    elif isinstance(node, list):
        for value in node[:3]:
            yield from _fields(value)


@pytest.fixture
def operators(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A new operator with a new tenant for each example."""
    return lambda: Operator(tmp_path_factory.mktemp("operator"), monkeypatch)


def assert_clean(result: Json) -> None:
    """Done, or a failure that a person can act on."""
    if not result.get("failed"):
        return
    assert "tenant" in result["msg"].lower(), result
    assert "Traceback" not in result["msg"]
    assert len(result["msg"]) > 30, result


def assert_right(operator: Operator) -> None:
    """The truth of the tenant, as the emulator knows it."""
    snapshot = operator.rig.admin.snapshot(TENANT)
    ours = [row for row in snapshot["applications"] if (row["uniqueName"] or "").startswith("totalview")]
    assert sorted(row["displayName"] for row in ours) == sorted(NAMES)
    for application in ours:
        assert len(application["passwordCredentials"]) == 1, application
        principals = [row for row in snapshot["servicePrincipals"] if row["appId"] == application["appId"]]
        assert len(principals) == 1
        granted = {row["value"] for row in snapshot["appRoleAssignments"] if row["principalId"] == principals[0]["id"]}
        assert granted == set(NAMES[application["displayName"]])
    assert len(snapshot["exchange"]["policies"]) == 1
    assert_never_open(operator)
    strangers = [row for row in snapshot["applications"] if row["displayName"] == "Somebody else's"]
    assert [row["uniqueName"] for row in strangers] == [None]


def assert_never_open(operator: Operator) -> None:
    rows = operator.rig.admin.reach(TENANT)
    mail = [row for row in rows if row["permission"] == "mail" and (row["unique_name"] or "").startswith("totalview")]
    assert all(set(row["configured"]) <= {SENDER} for row in mail), mail


def test_the_operator_of_the_corpus_onboards(operators: Any) -> None:
    with operators() as operator:
        assert operator.plan()["planned"]
        assert operator.onboard()["ansible_facts"]["connector_result"]["state"] == "complete"
        assert operator.plan()["planned"] == []
        assert_right(operator)


@EXAMPLES
@given(mutation=mutations())
def test_one_wrong_answer_never_leads_to_a_wrong_write(operators: Any, mutation: Any) -> None:
    number, change = mutation
    answers = 0

    def hook(response: requests.Response) -> None:
        nonlocal answers
        if answers == number:
            response._content = change(response.content)
        answers += 1

    with operators() as operator:
        operator.hook = hook
        assert_clean(operator.onboard())
        assert answers > 0
        assert_never_open(operator)

        operator.hook = lambda response: None
        finished = operator.onboard()
        assert not finished.get("failed"), finished
        assert_right(operator)


ODD_TEXT = st.sampled_from(["../x", "", " ", "a" * 300, "x\ny", "{{ 7*7 }}", "Ä@ö.dk", "'", "\0"])
TEXT = st.one_of(st.text(max_size=40), ODD_TEXT)
TEXTS = sorted(name for name, option in SPEC.items() if option["type"] in ("str", "path"))
LISTS = sorted(name for name, option in SPEC.items() if option["type"] == "list")


@EXAMPLES
@given(name=st.sampled_from([*TEXTS, *LISTS]), value=TEXT)
def test_any_value_of_any_variable_is_taken_or_refused_cleanly(operators: Any, name: str, value: str) -> None:
    given = [value] if name in LISTS else value
    with operators() as operator:
        assert_clean(operator.plan(**{name.removeprefix("connector_"): given}))
        calls = {f"{row['method']} {row['path']}" for row in operator.rig.admin.requests(service="graph")}
        assert not [call for call in calls if not re.match(r"GET |POST /v1.0/\$batch", call)], calls
