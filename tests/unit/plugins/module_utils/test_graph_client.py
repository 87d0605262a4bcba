# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ForbiddenError,
    GraphError,
    NotFoundError,
    UnexpectedAnswerError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft import api
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import odata_string

HOST = "https://graph.example"
OK = (200, {"id": "1"})
ABSENT = (404, {"error": {"code": "Request_ResourceNotFound", "message": "no such thing"}})
UNAUTHORIZED = (401, {"error": {"code": "InvalidAuthenticationToken", "message": "revoked"}})


# --- what is sent


def test_every_request_carries_the_token_and_an_id_of_its_own(graph, http, tokens):
    http.on("GET", "/things", OK)

    graph.get("/things", action="read")
    graph.get("/things", action="read")

    assert [sent.headers["Authorization"] for sent in http.sent] == ["Bearer token-0"] * 2
    ids = {UUID(sent.headers["client-request-id"]) for sent in http.sent}
    assert len(ids) == 2
    assert tokens.audiences == {HOST}


@pytest.mark.parametrize(
    ("call", "answer", "method", "body"),
    [
        (lambda graph: graph.get("/things", action="a"), OK, "GET", None),
        (lambda graph: graph.post("/things", {"a": 1}, action="a"), (201, {"id": "1"}), "POST", {"a": 1}),
        (lambda graph: graph.post_no_content("/things", {"a": 1}, action="a"), (204,), "POST", {"a": 1}),
        (lambda graph: graph.patch("/things", {"a": 1}, action="a"), (204,), "PATCH", {"a": 1}),
        (lambda graph: graph.delete("/things", action="a"), (204,), "DELETE", None),
    ],
)
def test_verbs_and_bodies(graph, http, call, answer, method, body):
    http.on(method, "/things", answer)

    call(graph)

    (sent,) = http.sent
    assert (sent.method, sent.path, sent.body) == (method, "/things", body)


def test_a_key_with_quotes_slashes_and_question_marks_arrives_as_one_segment(graph):
    name = "it's a/b?c#d&e ü"

    url = graph.reference(f"/applications(uniqueName={odata_string(name)})")

    parts = urlsplit(url)
    assert (parts.query, parts.fragment) == ("", "")
    assert url.startswith(f"{HOST}/v1.0/applications(uniqueName='it''s%20a")


def test_a_query_arrives_as_it_was_meant(graph, http):
    http.on("GET", "/things", OK)
    query = {"$filter": f"displayName eq {odata_string('R&D + co = 100% oclock')}", "$select": "id,appId"}

    graph.get("/things", query, action="read")

    assert http.sent[0].query == query


@pytest.mark.parametrize(("value", "literal"), [("a", "'a'"), ("it's", "'it''s'"), ("''", "''''''"), ("", "''")])
def test_string_literals_double_their_quotes(value, literal):
    assert odata_string(value) == literal


# --- answers


def test_an_upsert_asks_for_creation_and_tells_what_it_made(graph, http):
    http.on("PATCH", "/things('a')", (201, {"id": "1"}), (204,))

    assert graph.upsert("/things('a')", {"a": 1}, action="make") == {"id": "1"}
    assert graph.upsert("/things('a')", {"a": 1}, action="make") is None
    assert {sent.headers["Prefer"] for sent in http.sent} == {"create-if-missing"}


def test_a_plain_patch_does_not_create(graph, http):
    http.on("PATCH", "/things/1", (204,))

    graph.patch("/things/1", {}, action="change")

    assert "Prefer" not in http.sent[0].headers


@pytest.mark.parametrize("body", ["<html>proxy</html>", "", "[1, 2]", '"text"', "null"])
def test_an_answer_that_is_no_json_object_is_a_fault(graph, http, body):
    http.on("GET", "/things", (200, body))

    with pytest.raises(GraphError) as caught:
        graph.get("/things", action="read the things")

    assert "read the things" in caught.value.message
    assert "proxy" in caught.value.next_step


@pytest.mark.parametrize("status", [301, 302, 304, 400, 409, 500, 503])
def test_every_other_status_is_a_fault(graph, http, status):
    http.on("GET", "/things", (status, {"error": {"code": "SomeCode", "message": "Some reason."}}))

    with pytest.raises(GraphError) as caught:
        graph.get("/things", action="read the things")

    assert caught.value.trace.status == status
    assert caught.value.message == f"Microsoft Graph refused to read the things: {status} SomeCode, Some reason."


def test_the_fault_carries_our_id_of_the_request(graph, http):
    http.on("GET", "/things", (500, "", {"request-id": "theirs"}))

    with pytest.raises(GraphError) as caught:
        graph.get("/things", action="read")

    assert caught.value.trace.request_id == "theirs"
    assert caught.value.trace.client_request_id == http.sent[0].headers["client-request-id"]


# --- absent or broken


def test_what_is_there_is_found(graph, http):
    http.on("GET", "/things/1", OK)

    assert graph.find("/things/1", action="read") == {"id": "1"}


def test_graphs_own_404_means_absent(graph, http):
    http.on("GET", "/things/1", ABSENT)

    assert graph.find("/things/1", action="read") is None
    with pytest.raises(NotFoundError):
        graph.get("/things/1", action="read")


@pytest.mark.parametrize(
    "answer",
    [
        (404, "<html>404 Not Found</html>"),
        (404, ""),
        (404, {"error": {"code": "ResourceNotFound", "message": "path"}}),
        (404, {"error": "Request_ResourceNotFound"}),
        (404, {"code": "Request_ResourceNotFound"}),
        (400, ABSENT[1]),
        (403, {"error": {"code": "Authorization_RequestDenied", "message": ""}}),
        (500, ABSENT[1]),
    ],
)
def test_any_other_refusal_does_not_mean_absent(graph, http, answer):
    http.on("GET", "/things/1", answer)

    with pytest.raises(GraphError) as caught:
        graph.find("/things/1", action="read")

    assert not isinstance(caught.value, NotFoundError)


# --- pages


def page(*ids, follow=None):
    body = {"value": [{"id": id_} for id_ in ids]}
    return (200, body if follow is None else body | {"@odata.nextLink": follow})


def test_all_pages_are_read_in_order(graph, http):
    follow = f"{HOST}/v1.0/things?$skiptoken=abc%2B123"
    http.on("GET", "/things", page("1", "2", follow=follow), page(follow=follow), page("3"))

    rows = graph.list("/things", {"$select": "id"}, action="list")

    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert [sent.query for sent in http.sent] == [
        {"$select": "id"},
        {"$skiptoken": "abc+123"},
        {"$skiptoken": "abc+123"},
    ]


def test_pages_without_an_end_are_no_list(graph, http, monkeypatch):
    monkeypatch.setattr(api, "_MOST_PAGES", 3)
    http.on("GET", "/things", *(page(name, follow=f"{HOST}/v1.0/things?$skiptoken={name}") for name in "abcdefgh"))

    with pytest.raises(UnexpectedAnswerError, match="has no end"):
        graph.list("/things", action="list")

    assert len(http.sent) == 4


@pytest.mark.parametrize("pages", [["a"], ["a", "b"]], ids=len)
def test_pages_that_go_in_a_circle_are_no_list(graph, http, pages):
    links = {name: f"{HOST}/v1.0/things?$skiptoken={name}" for name in pages}
    circle = [page(name, follow=links[following]) for name, following in zip(pages, [*pages[1:], "a"], strict=True)]
    http.on("GET", "/things", *circle * 3)

    with pytest.raises(UnexpectedAnswerError, match="go in a circle"):
        graph.list("/things", action="list the things")

    assert len(http.sent) == len(pages) + 1


def test_an_empty_list_is_empty(graph, http):
    http.on("GET", "/things", page())

    assert graph.list("/things", action="list") == []


@pytest.mark.parametrize(
    "follow",
    [
        "https://elsewhere.example/v1.0/things",
        "https://graph.example.elsewhere.example/v1.0/things",
        "https://graph.example@elsewhere.example/v1.0/things",
        "https://graph.example:8443/v1.0/things",
        "http://graph.example/v1.0/things",
        "//elsewhere.example/v1.0/things",
        "/v1.0/things",
    ],
)
def test_a_next_page_anywhere_else_is_refused_and_the_token_not_sent_there(graph, http, follow):
    http.on("GET", "/things", page("1", follow=follow))

    with pytest.raises(GraphError, match="another") as caught:
        graph.list("/things", action="list the things")

    assert "graph_url" in caught.value.next_step
    assert len(http.sent) == 1


def test_a_refused_page_is_a_fault_and_not_the_end_of_the_list(graph, http):
    http.on("GET", "/things", page("1", follow=f"{HOST}/v1.0/things?$skiptoken=2"), (500, ""))

    with pytest.raises(GraphError):
        graph.list("/things", action="list")


@pytest.mark.parametrize(
    ("method", "write"),
    [
        ("POST", lambda graph: graph.post_no_content("/things", {"a": 1}, action="take it away")),
        ("PATCH", lambda graph: graph.patch("/things", {"a": 1}, action="take it away")),
        ("PATCH", lambda graph: graph.upsert("/things", {"a": 1}, action="take it away")),
        ("DELETE", lambda graph: graph.delete("/things", action="take it away")),
    ],
)
def test_a_write_is_not_done_because_somebody_answered_with_200(graph, http, method, write):
    http.on(method, "/things", (200, "<html>Your session has expired</html>"))

    with pytest.raises(
        GraphError, match=r"answer to take it away is none of Microsoft Graph's \(status 200\)"
    ) as caught:
        write(graph)

    assert "proxy" in caught.value.next_step


def test_a_change_may_be_answered_with_what_was_changed(graph, http):
    http.on(
        "PATCH", "/things", (200, {"id": "1"}), (200, {"id": "1"}), (200, {"error": {"code": "Busy", "message": "x"}})
    )

    graph.patch("/things", {"a": 1}, action="change")
    assert graph.upsert("/things", {"a": 1}, action="change") is None
    with pytest.raises(GraphError, match="Busy"):
        graph.patch("/things", {"a": 1}, action="change")


# --- reading ahead

THINGS, OTHERS = ("/things/1", None), ("/others", None)


def item(number, status=200, **body):
    return {"id": number, "status": status, "body": body}


def read_ahead(graph, http, *answers):
    """What is read after a batch that got these answers, and what was asked for singly then."""
    http.on("POST", "/$batch", *answers)
    http.on("GET", "/things/1", (200, {"id": "single"}))
    http.on("GET", "/others", (200, {"value": [{"id": "single"}]}))
    graph.read_ahead([THINGS, OTHERS])
    found = graph.get("/things/1", action="read")["id"], graph.list("/others", action="list")[0]["id"]
    return found, http.calls("GET")


@pytest.mark.parametrize("order", [1, -1])
def test_a_batch_is_read_in_any_order(graph, http, order):
    responses = [item("0", id="batched"), item("1", value=[{"id": "batched"}])][::order]

    assert read_ahead(graph, http, (200, {"responses": responses})) == (("batched", "batched"), [])


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"error": {"code": "BadRequest", "message": "no"}}),
        (200, {"responses": None}),
        (200, {"responses": {"0": {}}}),
        (200, {"responses": ["text"]}),
        (200, {"responses": [item(0, id="batched"), item(1, id="batched")]}),
        (200, {}),
        (200, "<html>proxy</html>"),
        (200, "[]"),
        (400, {"error": {"code": "BadRequest", "message": "no"}}),
        (403, {"error": {"code": "AccessDenied", "message": "no"}}),
        (404, "<html>no such page</html>"),
        (429, {"error": {"code": "TooManyRequests", "message": ""}}),
        (500, ""),
        (502, "<html>Bad Gateway</html>"),
    ],
    ids=repr,
)
def test_a_batch_that_is_refused_as_a_whole_is_asked_one_by_one_and_no_other_is_tried(graph, http, answer):
    found, singles = read_ahead(graph, http, answer)

    assert found == ("single", "single")
    assert singles == [("GET", "/things/1"), ("GET", "/others")]
    graph.read_ahead([THINGS])
    refused_for_good = answer[0] != 200 or "responses" not in str(answer[1])
    assert not refused_for_good or http.calls("POST") == [("POST", "/$batch")]


@pytest.mark.parametrize(
    "odd",
    [
        [],
        [item("7", id="batched")],
        [{"status": 200, "body": {"id": "batched"}}],
        [item("0", id="batched"), item("0", id="batched")],
        [{"id": "0", "status": 200, "body": '{"id": "batched"}'}],
        [{"id": "0", "status": 200}],
        [{"id": "0", "body": {"id": "batched"}}],
        [{"id": "0", "status": "200", "body": {"id": "batched"}}],
        [item("0", 200, error={"code": "ServiceUnavailable"})],
        [item("0", 404, error={"code": "ResourceNotFound"})],
        [item("0", 429, error={"code": "TooManyRequests"})],
        [item("0", 500, error={"code": "InternalServerError"})],
        [item("0", 502, error={"code": "BadGateway"})],
        [item("0", 503)],
        [item("0", 403, error={"code": "AccessDenied"})],
    ],
    ids=repr,
)
def test_an_odd_item_of_a_batch_is_asked_for_singly_and_the_others_are_kept(graph, http, odd):
    responses = [*odd, item("1", value=[{"id": "batched"}])]

    found, singles = read_ahead(graph, http, (200, {"responses": responses}))

    assert found == ("single", "batched")
    assert singles == [("GET", "/things/1")]


def test_graphs_own_404_in_a_batch_means_absent(graph, http):
    http.on("POST", "/$batch", (200, {"responses": [item("0", 404, **ABSENT[1])]}))
    graph.read_ahead([THINGS])

    assert graph.find("/things/1", action="read") is None


# --- the token


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_revoked_token_is_renewed_once_and_the_request_repeated(graph, http, tokens, method):
    http.on(method, "/things", UNAUTHORIZED, OK if method in ("GET", "POST") else (204,))
    calls = {
        "GET": lambda: graph.get("/things", action="a"),
        "POST": lambda: graph.post("/things", {"a": 1}, action="a"),
        "PATCH": lambda: graph.patch("/things", {"a": 1}, action="a"),
        "DELETE": lambda: graph.delete("/things", action="a"),
    }

    calls[method]()

    assert tokens.renewals == 1
    assert [sent.headers["Authorization"] for sent in http.sent] == ["Bearer token-0", "Bearer token-1"]
    assert http.sent[0].body == http.sent[1].body


def test_a_token_that_is_refused_again_is_a_fault(graph, http, tokens):
    http.on("GET", "/things", UNAUTHORIZED)

    with pytest.raises(GraphError) as caught:
        graph.get("/things", action="read")

    assert caught.value.trace.status == 401
    assert "cloud" in caught.value.next_step
    assert (len(http.sent), tokens.renewals) == (2, 1)


def test_a_lack_of_rights_does_not_renew_the_token(graph, http, tokens):
    http.on("GET", "/things", (403, {"error": {"code": "Authorization_RequestDenied", "message": ""}}))

    with pytest.raises(ForbiddenError):
        graph.get("/things", action="read")

    assert tokens.renewals == 0


# --- Microsoft's time


def test_the_time_is_that_of_the_last_answer_also_of_a_refusal(graph, http):
    http.on(
        "GET",
        "/things",
        (*OK, {"Date": "Fri, 01 May 2026 12:00:00 GMT"}),
        (*ABSENT, {"Date": "Fri, 01 May 2026 12:00:05 GMT"}),
        OK,
    )

    graph.get("/things", action="read")
    assert graph.now == datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
    graph.find("/things", action="read")
    assert graph.now == datetime(2026, 5, 1, 12, 0, 5, tzinfo=UTC)
    graph.get("/things", action="read")
    assert graph.now == datetime(2026, 5, 1, 12, 0, 5, tzinfo=UTC), "an answer without a date changes nothing"


def test_before_the_first_answer_it_is_this_machines_time(graph):
    before = datetime.now(UTC)

    assert before <= graph.now <= datetime.now(UTC)
