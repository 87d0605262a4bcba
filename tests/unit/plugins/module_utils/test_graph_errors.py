# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ForbiddenError,
    GraphError,
    NotFoundError,
    PolicyError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import optional


def refused(graph, http, status, body, headers=None):
    """The error of one refused call."""
    http.on("POST", "/things", (status, body, headers or {}))
    with pytest.raises((GraphError, PolicyError)) as caught:
        graph.post("/things", {}, action="make the thing")
    assert json.dumps(caught.value.failure("t")), "a failure is plain data"
    return caught.value


def body(code="SomeCode", message="Some reason.", **more):
    return {"error": {"code": code, "message": message, **more}}


@pytest.mark.parametrize(
    ("status", "code", "kind", "next_step"),
    [
        (404, "Request_ResourceNotFound", NotFoundError, ""),
        (403, "Authorization_RequestDenied", ForbiddenError, "lacks a right"),
        (403, "AccessDenied", ForbiddenError, "lacks a right"),
        (403, "Request_Denied", ForbiddenError, "lacks a right"),
        (409, "Directory_ConcurrencyViolation", GraphError, "run again in some minutes"),
        (409, "Request_MultipleObjectsWithSameKeyValue", GraphError, "Running again does not help"),
        (409, "ObjectConflict", GraphError, "Running again does not help"),
        (404, "Authorization_RequestDenied", GraphError, ""),
        (400, "CredentialTypeNotAllowedAsPerAppPolicy", PolicyError, "of its own"),
        (400, "CredentialInvalidLifetimeAsPerAppPolicy", PolicyError, "shorter valid_for"),
        (400, "SignInAudienceNotAllowedAsPerAppPolicy", PolicyError, "sign_in_audience"),
        (403, "Directory_QuotaExceeded", GraphError, "quota"),
        (400, "Directory_QuotaExceeded", GraphError, "quota"),
        (401, "InvalidAuthenticationToken", GraphError, "token"),
        (429, "TooManyRequests", GraphError, "again"),
        (503, "ServiceUnavailable", GraphError, "again"),
        (400, "Request_BadRequest", GraphError, ""),
        (500, "InternalServerError", GraphError, ""),
    ],
)
def test_status_and_code_make_the_kind_of_the_error_and_the_next_step(graph, http, status, code, kind, next_step):
    error = refused(graph, http, status, body(code))

    assert error.__class__ is kind
    assert next_step in error.next_step
    assert error.next_step
    assert (error.code, error.trace.status) == (code, status)
    assert error.message == f"Microsoft Graph refused to make the thing: {status} {code}, Some reason."


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>502 Bad Gateway</html>",
        "\x00",
        "[]",
        "null",
        '"text"',
        {},
        {"error": None},
        {"error": "text"},
        {"error": []},
        {"error": {}},
        {"error": {"code": "", "message": ""}},
        {"error": {"code": None, "message": None}},
    ],
    ids=repr,
)
def test_a_body_that_says_nothing_still_makes_a_readable_error(graph, http, answer):
    error = refused(graph, http, 502, answer)

    assert error.message == "Microsoft Graph refused to make the thing: 502 without a code."
    assert error.code == "HTTP502"


@pytest.mark.parametrize("inner", [None, {}, [], "text", {"request-id": None}])
def test_an_inner_error_of_any_kind_is_survived(graph, http, inner):
    error = refused(graph, http, 400, body(innerError=inner))

    assert error.trace.request_id is None
    assert error.code == "SomeCode"


@pytest.mark.parametrize("status", [400, 402, 403, 404, 405, 501])
@pytest.mark.parametrize("code", ["AccessDenied", "Authorization_RequestDenied", "Request_ResourceNotFound", ""])
def test_an_optional_read_is_none_however_its_refusal_is_called(graph, http, status, code):
    http.on("GET", "/policies", (status, body(code)))

    assert optional(lambda: graph.list("/policies", action="read the policies")) is None


def test_an_error_behind_a_status_of_200_is_a_refusal_as_well(graph, http):
    http.on("GET", "/policies", (200, body("AccessDenied")))

    assert optional(lambda: graph.get("/policies", action="read the policies")) is None


@pytest.mark.parametrize(
    "answer", [(401, body("InvalidAuthenticationToken")), (429, body()), (500, body()), (200, "<html>")]
)
def test_what_says_nothing_about_an_optional_read_is_raised(graph, http, answer):
    http.on("GET", "/policies", answer)

    with pytest.raises(GraphError):
        optional(lambda: graph.get("/policies", action="read the policies"))


def test_an_optional_read_that_is_answered_is_its_answer(graph, http):
    http.on("GET", "/policies", (200, {"value": []}))

    assert optional(lambda: graph.list("/policies", action="read the policies")) == []


@pytest.mark.parametrize("status", [200, 201])
def test_a_write_that_is_answered_with_an_error_was_refused_whatever_the_status(graph, http, status):
    assert "Some reason" in refused(graph, http, status, body()).message


def test_a_message_that_is_an_object_is_told_as_it_is(graph, http):
    assert "en-us" in refused(graph, http, 400, body(message={"lang": "en-us", "value": "no"})).message


@pytest.mark.parametrize("spelling", ["innerError", "innererror"])
def test_the_request_id_is_taken_from_the_body_in_either_spelling(graph, http, spelling):
    assert refused(graph, http, 400, body(**{spelling: {"request-id": "r-1"}})).trace.request_id == "r-1"


def test_the_request_id_of_the_header_wins(graph, http):
    error = refused(graph, http, 400, body(innerError={"request-id": "r-1"}), {"request-id": "r-2"})

    assert error.trace.request_id == "r-2"


def test_the_token_is_not_in_the_error(graph, http):
    error = refused(graph, http, 400, body())

    assert "token-0" not in json.dumps(error.failure("t")) + error.sentence("t") + repr(error)
