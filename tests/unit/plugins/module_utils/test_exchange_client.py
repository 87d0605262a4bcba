# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import requests
import urllib3
from urllib3.util import retry as urllib3_retry

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    EndpointError,
    ExchangeBusyError,
    ExchangeError,
    ExchangeRightError,
    ObjectMissingError,
    UnexpectedAnswerError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft import http_client
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Api
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange.client import ExchangeClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.http_client import HttpClient

HOST = "https://exchange.example"
TENANT = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21"
URL = f"{HOST}/adminapi/beta/{TENANT}/InvokeCommand"
OK = (200, {"value": [{"Name": "a"}]})
TASKS = "Microsoft.Exchange.Configuration.Tasks"


def refusal(type_name, text="Handlingen kunne ikke udføres.", status=400):
    """Three deep, the outer texts saying nothing."""
    inner = {"message": text, "type": type_name}
    error = {
        "code": "BadRequest",
        "message": "Invalid Operation",
        "details": [{"code": "Client", "message": f"|{type_name}|{text}"}],
        "innererror": {"message": "Invalid Operation", "type": "Outer", "internalexception": inner},
    }
    return (status, {"error": error})


BUSY = refusal("X.OverBudgetException", "You have reached the maximum number of concurrent requests per tenant.")
ABSENT = refusal(f"{TASKS}.ManagementObjectNotFoundException", status=404)


def get_things(exchange):
    return exchange.invoke("Get-Thing", action="read the things", Identity="a")


# --- what is sent


def test_a_cmdlet_is_posted_with_its_parameters_as_they_are(exchange, exchange_http):
    exchange_http.on("New-Thing", OK)

    found = exchange.invoke("New-Thing", action="make", Name="a", Members=["b"], Confirm=False)

    (sent,) = exchange_http.sent
    assert (sent.url, sent.cmdlet) == (URL, "New-Thing")
    assert sent.parameters == {"Name": "a", "Members": ["b"], "Confirm": False}
    assert found == [{"Name": "a"}]


def test_every_request_names_the_cmdlet_its_route_and_itself(exchange, exchange_http, tokens):
    exchange_http.on("Get-Thing", OK)

    get_things(exchange)
    get_things(exchange)

    first, second = (sent.headers for sent in exchange_http.sent)
    assert first["X-CmdletName"] == "Get-Thing"
    assert first["X-AnchorMailbox"] == f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{TENANT}"
    assert first["Authorization"] == "Bearer token-0"
    assert UUID(first["client-request-id"]) != UUID(second["client-request-id"])
    assert tokens.audiences == {HOST}


def test_tokens_are_asked_for_by_the_audience_and_not_by_the_address(exchange_http, tokens):
    exchange_http.on("Get-Thing", OK)
    client = ExchangeClient(Api(exchange_http, HOST, tokens, "https://outlook.office365.com"), TENANT)

    get_things(client)

    assert tokens.audiences == {"https://outlook.office365.com"}


def test_a_revoked_token_is_renewed_once_and_the_cmdlet_sent_again(exchange, exchange_http, tokens):
    exchange_http.on("New-Thing", (401,), OK)

    exchange.invoke("New-Thing", action="make", Name="a")

    assert [sent.headers["Authorization"] for sent in exchange_http.sent] == ["Bearer token-0", "Bearer token-1"]
    assert tokens.renewals == 1


def test_a_token_that_is_refused_again_is_a_fault(exchange, exchange_http):
    exchange_http.on("Get-Thing", (401,))

    with pytest.raises(ExchangeError) as caught:
        get_things(exchange)

    assert caught.value.trace.status == 401
    assert "exchange_url" in caught.value.next_step
    assert len(exchange_http.sent) == 2


def test_the_time_is_that_of_the_last_answer(exchange, exchange_http):
    exchange_http.on("Get-Thing", (*OK, {"Date": "Fri, 01 May 2026 12:00:00 GMT"}))

    get_things(exchange)

    assert exchange.now == datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


# --- pages


def page(*names, follow=None):
    body = {"value": [{"Name": name} for name in names]}
    return (200, body if follow is None else body | {"@odata.nextLink": follow})


def test_the_next_page_is_asked_for_by_posting_the_same_again(exchange, exchange_http):
    follow = f"{URL}?$skiptoken=abc"
    exchange_http.on("Get-Thing", page("a", "b", follow=follow), page(follow=follow), page("c"))

    found = exchange.invoke("Get-Thing", action="list", ResultSize="Unlimited")

    assert [row["Name"] for row in found] == ["a", "b", "c"]
    assert [sent.url for sent in exchange_http.sent] == [URL, follow, follow]
    assert all(sent.parameters == {"ResultSize": "Unlimited"} for sent in exchange_http.sent)
    assert all(sent.headers["X-CmdletName"] == "Get-Thing" for sent in exchange_http.sent)


def test_pages_that_go_in_a_circle_are_no_list(exchange, exchange_http):
    exchange_http.on("Get-Thing", *[page("a", follow=f"{URL}?$skiptoken=a")] * 5)

    with pytest.raises(UnexpectedAnswerError, match="go in a circle"):
        get_things(exchange)

    assert len(exchange_http.sent) == 2


def test_an_empty_list_is_empty(exchange, exchange_http):
    exchange_http.on("Get-Thing", page())

    assert get_things(exchange) == []


def test_what_changes_something_need_not_put_anything_out(exchange, exchange_http):
    exchange_http.on("Remove-Thing", (200, {"@adminapi.warnings": ["careful"]}))

    assert exchange.invoke("Remove-Thing", action="remove", Identity="a", Confirm=False) == []


def test_a_reading_without_a_list_does_not_mean_that_there_is_nothing(exchange, exchange_http):
    exchange_http.on("Get-Thing", (200, {"@adminapi.warnings": []}))

    with pytest.raises(UnexpectedAnswerError):
        exchange.find("Get-Thing", action="find")


@pytest.mark.parametrize(
    "follow",
    [
        "https://elsewhere.example/adminapi/beta/x/InvokeCommand",
        "https://exchange.example.elsewhere.example/",
        "https://exchange.example@elsewhere.example/",
        "https://exchange.example:8443/",
        "http://exchange.example/",
        "//elsewhere.example/",
        "/adminapi/beta/x/InvokeCommand",
    ],
)
def test_a_next_page_anywhere_else_is_refused_and_the_token_not_sent_there(exchange, exchange_http, follow):
    exchange_http.on("Get-Thing", page("a", follow=follow))

    with pytest.raises(ExchangeError, match="another host") as caught:
        get_things(exchange)

    assert "exchange_url" in caught.value.next_step
    assert len(exchange_http.sent) == 1


def test_a_refused_page_is_a_fault_and_not_the_end_of_the_list(exchange, exchange_http):
    exchange_http.on("Get-Thing", page("a", follow=f"{URL}?$skiptoken=2"), (500, ""))

    with pytest.raises(ExchangeError):
        get_things(exchange)


# --- answers that are none


@pytest.mark.parametrize("body", ["", "\0" * 512, "<html>proxy</html>", "[1]", '"text"', "null", '{"value"'])
def test_an_answer_that_is_no_json_object_is_a_fault(exchange, exchange_http, body):
    exchange_http.on("Get-Thing", (200, body))

    with pytest.raises(ExchangeError) as caught:
        exchange.find("Get-Thing", action="read the things")

    assert "read the things is no JSON object (status 200)" in caught.value.message
    assert "proxy" in caught.value.next_step


@pytest.mark.parametrize("value", [None, {}, "text", 1, ["text"], [None], [[]]])
def test_objects_of_an_unknown_form_are_a_fault(exchange, exchange_http, value):
    exchange_http.on("Get-Thing", (200, {"value": value}))

    with pytest.raises(UnexpectedAnswerError, match="read the things is no list of objects"):
        get_things(exchange)


@pytest.mark.parametrize("status", [301, 304, 400, 404, 408, 409, 500, 503])
@pytest.mark.parametrize("body", ["", "\0" * 512, "<html>503</html>", "[]", {"error": "text"}, {"error": {}}])
def test_any_other_status_is_a_fault_whatever_the_body(exchange, exchange_http, status, body):
    exchange_http.on("Get-Thing", (status, body))

    with pytest.raises(ExchangeError) as caught:
        exchange.find("Get-Thing", action="read the things")

    assert not isinstance(caught.value, ObjectMissingError | ExchangeRightError)
    assert caught.value.code == f"HTTP{status}"
    assert "read the things (Get-Thing)" in caught.value.message
    assert "no reason was given" in caught.value.message


# --- refusals


def test_the_innermost_text_is_told_and_the_type_is_the_code(exchange, exchange_http):
    exchange_http.on("Get-Thing", refusal("System.Management.Automation.ParameterBindingException", "Fejl ved X."))

    with pytest.raises(ExchangeError) as caught:
        get_things(exchange)

    assert caught.value.code == "ParameterBindingException"
    assert caught.value.message == (
        "Exchange Online refused to read the things (Get-Thing): 400 ParameterBindingException, Fejl ved X."
    )


DETAIL = {"code": "Client", "message": "|A.B.SomeException|From the details | with a bar."}
NAMELESS = {"code": "Client", "message": "Text alone."}
INNER = {"message": "Deepest.", "type": "X.Y"}
WRAPPER = {
    "message": "Exception of type 'A.DirectInvokeCmdletExecutionException' was thrown.",
    "type": "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException",
}


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        ({"message": "Top."}, "HTTP400", "Top."),
        ({"message": "Top.", "details": []}, "HTTP400", "Top."),
        ({"message": "Top.", "details": [{"message": ""}]}, "HTTP400", "Top."),
        ({"message": "Top.", "details": ["text"]}, "HTTP400", "Top."),
        ({"message": "Top.", "details": [DETAIL]}, "SomeException", "From the details | with a bar."),
        ({"message": "Top.", "details": [{"message": "Without a type."}]}, "HTTP400", "Without a type."),
        ({"message": "Top.", "details": [DETAIL], "innererror": "text"}, "SomeException", "From the details"),
        ({"message": "Top.", "details": [DETAIL], "innererror": {}}, "SomeException", "From the details"),
        (
            {"message": "Top.", "details": [DETAIL], "innererror": {"internalexception": {"message": ""}}},
            "SomeException",
            "From the details",
        ),
        ({"details": [DETAIL], "innererror": {"internalexception": INNER}}, "SomeException", "From the details"),
        ({"details": [{"message": "Without a type."}], "innererror": {"internalexception": INNER}}, "Y", "Deepest."),
        ({"details": [], "innererror": {"internalexception": WRAPPER}}, "HTTP400", "was thrown"),
        ({"details": [NAMELESS], "innererror": {"internalexception": WRAPPER}}, "HTTP400", "Text alone."),
        ({"details": ["text", NAMELESS, DETAIL]}, "SomeException", "From the details"),
        ({"details": [{"message": "One | two | three."}]}, "HTTP400", "One | two | three."),
    ],
)
def test_the_best_text_there_is(exchange, exchange_http, error, code, told):
    exchange_http.on("Get-Thing", (400, {"error": error}))

    with pytest.raises(ExchangeError) as caught:
        get_things(exchange)

    assert caught.value.code == code
    assert told in caught.value.message


@pytest.mark.parametrize("header", ["request-id", "x-ms-request-id"])
def test_the_fault_carries_both_ids_of_the_request(exchange, exchange_http, header):
    exchange_http.on("Get-Thing", (500, "", {header: "theirs"}))

    with pytest.raises(ExchangeError) as caught:
        get_things(exchange)

    assert caught.value.trace.request_id == "theirs"
    assert caught.value.trace.client_request_id == exchange_http.sent[0].headers["client-request-id"]


@pytest.mark.parametrize("text", ["couldn't be found", "blev ikke fundet", "est introuvable", ""])
@pytest.mark.parametrize("status", [400, 404])
def test_absence_goes_by_the_type_in_every_language(exchange, exchange_http, text, status):
    exchange_http.on("Get-Thing", refusal(f"{TASKS}.ManagementObjectNotFoundException", text, status))

    assert exchange.find("Get-Thing", action="find") == []
    with pytest.raises(ObjectMissingError):
        get_things(exchange)


def of_cmdlet(told, status=404, *, wrapped=True, headers=None):
    """A cmdlet's own refusal: what happened stands in the details only."""
    error = {
        "code": "NotFound",
        "message": "Error executing cmdlet",
        "details": [{"code": "Client", "target": "", "message": told}],
        "innererror": {"message": "Error executing cmdlet", "type": "Outer"},
    }
    if wrapped:
        error["innererror"]["internalexception"] = WRAPPER
    return (status, {"error": error}, headers or {})


@pytest.mark.parametrize("error_id", ["", "Ex6F9304", "ExE71684"])
@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("status", [400, 404])
def test_absence_as_a_cmdlet_tells_it(exchange, exchange_http, error_id, wrapped, status):
    told = f"{error_id}|{TASKS}.ManagementObjectNotFoundException|Objektet 'x' blev ikke fundet | paa 'SERVER01'."
    exchange_http.on("Get-Thing", of_cmdlet(told, status, wrapped=wrapped))

    assert exchange.find("Get-Thing", action="find") == []
    with pytest.raises(ObjectMissingError) as caught:
        get_things(exchange)
    assert caught.value.code == "ManagementObjectNotFoundException"


def test_absence_without_a_type_goes_by_the_text(exchange, exchange_http):
    text = "Ex6F9304||The operation couldn't be performed because object 'x' couldn't be found on 'SERVER01.EXAMPLE'."
    exchange_http.on("Get-Thing", of_cmdlet(text))

    assert exchange.find("Get-Thing", action="find") == []


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("ExE71684|Microsoft.Exchange.Data.Directory.ProvisioningValidationException|No licence.", "ProvisioningVal"),
        ("ExE71684|Some.Other.Exception|object 'x' couldn't be found on 'SERVER01'.", "Exception"),
        ("Nothing that anybody has seen before.", "HTTP404"),
        ("||", "HTTP404"),
        ("", "HTTP404"),
    ],
)
def test_what_is_not_recognised_is_told_and_never_absence(exchange, exchange_http, told, code):
    exchange_http.on("Get-Thing", of_cmdlet(told, headers={"request-id": "theirs"}))

    with pytest.raises(ExchangeError) as caught:
        exchange.find("Get-Thing", action="find")

    assert caught.value.code.startswith(code)
    assert told.rpartition("|")[2].rstrip(".") in caught.value.message
    assert caught.value.trace.request_id == "theirs"


def test_the_header_has_the_type_where_the_body_has_none(exchange, exchange_http):
    header = {"X-ExceptionType": f"{TASKS}.ManagementObjectNotFoundException"}
    exchange_http.on("Get-Thing", of_cmdlet("Text alone.", headers=header))

    assert exchange.find("Get-Thing", action="find") == []


@pytest.mark.parametrize(
    "told",
    [
        "Ex1|Microsoft.Exchange.Configuration.Tasks.OverBudgetException|Text.",
        "Ex1|Microsoft.Exchange.Data.Directory.ServerBusyException|Text.",
        "Ex1|Some.Other.Exception|You have reached the maximum number of concurrent requests per tenant.",
        "The server is busy, try again later.",
    ],
)
def test_a_busy_exchange_as_a_cmdlet_tells_it(exchange, exchange_http, clock, told):
    exchange_http.on("New-Thing", of_cmdlet(told, 400), OK)

    assert exchange.invoke("New-Thing", action="a", Identity="a") == [{"Name": "a"}]
    assert len(clock.slept) == 1


@pytest.mark.parametrize("body", [None, "", "\0" * 512, "<html></html>", {"error": {"message": "no"}}])
def test_a_403_is_a_lack_of_rights_whatever_the_body(exchange, exchange_http, body):
    exchange_http.on("Get-Thing", (403, body))

    with pytest.raises(ExchangeRightError) as caught:
        exchange.find("Get-Thing", action="find")

    assert "Exchange Administrator" in caught.value.next_step
    assert len(exchange_http.sent) == 1


def test_a_cmdlet_outside_of_the_callers_roles_is_a_lack_of_rights_too(exchange, exchange_http):
    exchange_http.on("Get-Thing", refusal("System.Management.Automation.CommandNotFoundException"))

    with pytest.raises(ExchangeRightError):
        exchange.find("Get-Thing", action="find")


# --- too much at once


@pytest.mark.parametrize("cmdlet", ["Get-Thing", "New-Thing", "Remove-Thing"])
def test_a_busy_exchange_did_nothing_and_is_asked_again(exchange, exchange_http, clock, cmdlet):
    exchange_http.on(cmdlet, BUSY, BUSY, OK)

    assert exchange.invoke(cmdlet, action="a", Identity="a") == [{"Name": "a"}]
    assert exchange_http.cmdlets() == [cmdlet] * 3
    assert clock.slept == sorted(clock.slept)
    assert len(clock.slept) == 2


def test_an_exchange_that_stays_busy_is_given_up(exchange, exchange_http, clock):
    exchange_http.on("Get-Thing", BUSY)

    with pytest.raises(ExchangeBusyError) as caught:
        get_things(exchange)

    assert caught.value.next_step
    assert len(exchange_http.sent) == len(clock.slept) + 1
    assert 30 <= sum(clock.slept) <= 120


def test_another_refusal_after_a_busy_one_is_told_at_once(exchange, exchange_http, clock):
    exchange_http.on("New-Thing", BUSY, refusal("X.Y"), OK)

    with pytest.raises(ExchangeError) as caught:
        exchange.invoke("New-Thing", action="make")

    assert caught.value.code == "Y"
    assert len(clock.slept) == 1


# --- reading ahead


class Batch:
    """An HttpClient that answers batches, and each single request with `single`."""

    def __init__(self, *responses, answer=None):
        self.answer = {"responses": list(responses)} if answer is None else answer
        self.batches, self.singles = [], []

    def request(self, method, url, *, reads=False, **kwargs):
        response = requests.Response()
        response.status_code = 200
        response.request = requests.Request(method, url, headers=kwargs["headers"]).prepare()
        if url.endswith("/$batch"):
            self.batches.append(kwargs["json"]["requests"])
            response.raw = io.BytesIO(json.dumps(self.answer).encode())
        else:
            self.singles.append(kwargs["json"]["CmdletInput"]["CmdletName"])
            response.raw = io.BytesIO(b'{"value": [{"Name": "single"}]}')
        return response


def ahead(http, tokens, *cmdlets):
    client = ExchangeClient(Api(http, HOST, tokens), TENANT)
    client.read_ahead((cmdlet, {}) for cmdlet in cmdlets)
    return client


def names(client, cmdlet):
    return [row["Name"] for row in client.find(cmdlet, action="a")]


def kept(number, *found, **more):
    return {"id": str(number), "status": 200, "body": {"value": [{"Name": name} for name in found], **more}}


def test_what_was_read_ahead_is_not_asked_for_again(tokens):
    http = Batch(kept(1, "b"), {"id": "0", "status": 404, "body": ABSENT[1]})
    client = ahead(http, tokens, "Get-A", "Get-B")

    assert [names(client, name) for name in ("Get-A", "Get-B", "Get-B", "Get-C")] == [[], ["b"], ["b"], ["single"]]
    assert http.singles == ["Get-C"]


def test_a_batch_holds_ten_cmdlets_each_with_its_own_headers(tokens):
    http = Batch()
    ahead(http, tokens, *(f"Get-{number}" for number in range(21)))

    assert [len(batch) for batch in http.batches] == [10, 10, 1]
    item = http.batches[0][3]
    assert (item["url"], item["headers"]["X-CmdletName"]) == (URL, "Get-3")
    assert item["headers"]["X-AnchorMailbox"].endswith(TENANT)
    assert item["body"] == {"CmdletInput": {"CmdletName": "Get-3", "Parameters": {}}}


@pytest.mark.parametrize(
    "response",
    [
        {"id": "0", "status": 403, "body": None},
        {"id": "0", "status": 429, "body": {"error": {}}},
        {"id": "0", "status": 400, "body": BUSY[1]},
        {"id": "0", "status": 200, "body": "\0"},
        {"id": "7", "status": 200, "body": {"value": []}},
        {"id": "x", "status": 200, "body": {"value": []}},
        {"status": 200, "body": {"value": []}},
        {"id": "0", "status": 200, "body": {"error": {"code": "InternalServerError"}}},
        {"id": "0", "status": 200, "body": {**ABSENT[1]}},
    ],
)
def test_what_a_batch_does_not_answer_plainly_is_asked_for_singly(tokens, response):
    http = Batch(response)

    assert names(ahead(http, tokens, "Get-A"), "Get-A") == ["single"]


@pytest.mark.parametrize("responses", [None, 1, {"0": {}}, ["text"], [None], [{"id": 0}]])
def test_a_batch_of_an_unknown_form_is_asked_for_singly(tokens, responses):
    assert names(ahead(Batch(answer={"responses": responses}), tokens, "Get-A"), "Get-A") == ["single"]


def test_two_answers_under_one_number_are_none(tokens):
    assert names(ahead(Batch(kept(0, "one"), kept(0, "other")), tokens, "Get-A"), "Get-A") == ["single"]


@pytest.mark.parametrize("answer", [{"error": {"code": "BadRequest"}}, {}, [], "text"])
def test_after_a_batch_that_was_refused_as_a_whole_there_is_no_other(tokens, answer):
    http = Batch(answer=answer)
    client = ahead(http, tokens, *(f"Get-{number}" for number in range(11)))

    assert names(client, "Get-1") == ["single"]
    assert len(http.batches) == 1


def test_a_write_ends_what_was_read_ahead(tokens):
    http = Batch(kept(0, "old"))
    client = ahead(http, tokens, "Get-A")

    client.invoke("Remove-A", action="remove")

    assert names(client, "Get-A") == ["single"]


def test_further_pages_are_asked_for_singly_and_each_time_the_same(tokens):
    http = Batch(kept(0, "first", **{"@odata.nextLink": f"{URL}?$skiptoken=2"}))
    client = ahead(http, tokens, "Get-A")

    assert names(client, "Get-A") == ["first", "single"]
    assert names(client, "Get-A") == ["first", "single"]


# --- what may be sent again, down to the wire


class Wire:
    """A connection that answers each request with the next status, the last one again and again."""

    is_connected = is_closed = True
    proxy = None
    timeout = None

    def __init__(self, *answers):
        self.answers = list(answers)
        self.sent = 0

    def request(self, *_args, **_kwargs):
        self.sent += 1

    def getresponse(self):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return urllib3.HTTPResponse(body=io.BytesIO(b'{"value": []}'), headers={}, status=answer, preload_content=False)

    def close(self):
        pass


@pytest.fixture
def wired(monkeypatch, clock, tokens):
    clock.time = lambda: clock.now
    monkeypatch.setattr(http_client, "time", clock)
    monkeypatch.setattr(urllib3_retry, "time", clock)

    def connect(wire):
        pool = urllib3.HTTPConnectionPool(urlsplit(HOST).netloc)
        pool.ConnectionCls = lambda **_kwargs: wire
        monkeypatch.setattr(
            requests.adapters.HTTPAdapter, "get_connection_with_tls_context", lambda *_args, **_kwargs: pool
        )
        return ExchangeClient(Api(HttpClient(None), HOST, tokens), TENANT)

    return connect


READS, WRITES = ("Get-Thing", "Test-Thing"), ("New-Thing", "Set-Thing", "Add-Thing", "Remove-Thing", "Enable-Thing")


@pytest.mark.parametrize("cmdlet", READS)
@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_reading_cmdlet_is_repeated_when_the_service_stumbles(wired, cmdlet, status):
    wire = Wire(status, status, 200)

    assert wired(wire).invoke(cmdlet, action="a") == []
    assert wire.sent == 3


@pytest.mark.parametrize("cmdlet", WRITES)
@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_writing_cmdlet_that_may_have_been_run_is_never_repeated(wired, cmdlet, status):
    wire = Wire(status, 200)

    with pytest.raises(ExchangeError) as caught:
        wired(wire).invoke(cmdlet, action="a")

    assert caught.value.trace.status == status
    assert wire.sent == 1


@pytest.mark.parametrize(("cmdlet", "times"), [(name, 3) for name in READS] + [(name, 1) for name in WRITES])
def test_a_lost_connection_repeats_reading_cmdlets_only(wired, cmdlet, times):
    wire = Wire(ConnectionResetError("gone"))

    with pytest.raises(EndpointError):
        wired(wire).invoke(cmdlet, action="a")

    assert wire.sent == times


@pytest.mark.parametrize("cmdlet", [*READS, *WRITES])
def test_a_throttled_cmdlet_was_not_run_and_is_sent_again(wired, cmdlet):
    wire = Wire(429, 429, 200)

    assert wired(wire).invoke(cmdlet, action="a") == []
    assert wire.sent == 3


def test_a_read_before_a_write_does_not_make_the_write_repeatable(wired):
    wire = Wire(200, 503, 200)
    client = wired(wire)

    client.invoke("Get-Thing", action="a")
    with pytest.raises(ExchangeError):
        client.invoke("New-Thing", action="a")

    assert wire.sent == 2
