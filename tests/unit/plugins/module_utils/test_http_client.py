# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import json
import ssl
from email.utils import formatdate

import pytest
import requests
import urllib3
from urllib3.exceptions import MaxRetryError, ReadTimeoutError
from urllib3.util import retry as urllib3_retry

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import EndpointError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft import http_client
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.http_client import (
    RETRY_AFTER_CAP,
    RETRY_DEADLINE,
    HttpClient,
    retry_after_seconds,
    tls_context,
)

URL = "https://graph.example/v1.0/things"
NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def clock(clock, monkeypatch):
    """The tests' clock, also where requests are repeated."""
    clock.time = lambda: NOW + clock.now - 1000.0
    monkeypatch.setattr(http_client, "time", clock)
    monkeypatch.setattr(urllib3_retry, "time", clock)
    return clock


@pytest.fixture
def retry(monkeypatch):
    """What decides on repetitions in every HttpClient."""
    found = []
    monkeypatch.setattr(
        requests.adapters.HTTPAdapter, "send", lambda self, request, **_kwargs: found.append(self) or response()
    )
    HttpClient(None).get(URL)
    (adapter,) = found
    return adapter.max_retries


def response(status=200):
    made = requests.Response()
    made.status_code = status
    made.raw = io.BytesIO(b"{}")
    return made


class Wire:
    """A connection that answers each request with the next of the given statuses, the last one again and again."""

    is_connected = is_closed = True
    proxy = None
    timeout = None

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def request(self, method, url, **_kwargs):
        self.requests.append(method)

    def getresponse(self):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        return urllib3.HTTPResponse(body=io.BytesIO(b"{}"), headers=headers, status=status, preload_content=False)

    def close(self):
        pass

    def send(self, retry, method):
        """The final status."""
        pool = urllib3.HTTPConnectionPool("graph.example")
        pool.ConnectionCls = lambda **_kwargs: self
        return pool.urlopen(method, "/v1.0/things", retries=retry).status


# --- what is sent again


READS, WRITES = ("GET", "HEAD"), ("POST", "PATCH", "PUT", "DELETE")


@pytest.mark.parametrize("method", READS + WRITES)
def test_a_throttled_request_was_not_processed_and_is_sent_again(retry, method):
    wire = Wire(429, (429, {"Retry-After": "3"}), 200)

    assert wire.send(retry, method) == 200
    assert wire.requests == [method] * 3


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method", READS)
def test_a_read_is_repeated_when_the_service_stumbles(retry, method, status):
    wire = Wire(status, status, 200)

    assert wire.send(retry, method) == 200
    assert wire.requests == [method] * 3


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}], ids=["bare", "with Retry-After"])
@pytest.mark.parametrize("method", WRITES)
def test_a_write_that_may_have_been_done_is_never_repeated(retry, clock, method, headers, status):
    wire = Wire((status, headers), 200)

    assert wire.send(retry, method) == status
    assert wire.requests == [method]
    assert clock.slept == []


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 403, 404, 408, 409, 501])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_any_other_status_is_an_answer(retry, method, status):
    wire = Wire((status, {"Retry-After": "1"}), 418)

    assert wire.send(retry, method) == status
    assert wire.requests == [method]


@pytest.fixture
def reading(monkeypatch):
    """What decides on repetitions of a POST that changes nothing."""
    found = []
    monkeypatch.setattr(
        requests.adapters.HTTPAdapter, "send", lambda self, request, **_kwargs: found.append(self) or response()
    )
    HttpClient(None).request("POST", URL, reads=True)
    (adapter,) = found
    return adapter.max_retries


@pytest.mark.parametrize(("method", "times"), [("POST", 3), ("GET", 3), ("PATCH", 1), ("PUT", 1), ("DELETE", 1)])
@pytest.mark.parametrize("answer", [502, 503, 504, ConnectionResetError("gone")])
def test_a_post_that_changes_nothing_is_repeated_like_a_read(reading, method, times, answer):
    wire = Wire(answer)

    if isinstance(answer, int):
        wire.answers = [answer, answer, 200]
        wire.send(reading, method)
    else:
        with pytest.raises(urllib3.exceptions.HTTPError):
            wire.send(reading, method)

    assert wire.requests == [method] * times


@pytest.mark.parametrize(("method", "times"), [("GET", 3), ("POST", 1), ("PATCH", 1), ("DELETE", 1)])
def test_an_answer_that_never_came_repeats_reads_only(retry, method, times):
    wire = Wire(ConnectionResetError("gone"))

    with pytest.raises(urllib3.exceptions.HTTPError):
        wire.send(retry, method)

    assert wire.requests == [method] * times


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_throttling_without_end_is_given_up_after_the_deadline(retry, clock, method):
    wire = Wire((429, {"Retry-After": "60"}))
    start = clock.now

    assert wire.send(retry, method) == 429
    assert RETRY_DEADLINE <= clock.now - start <= RETRY_DEADLINE + 2 * RETRY_AFTER_CAP


def test_without_retry_after_the_pauses_grow_and_stay_below_the_cap(retry, clock):
    wire = Wire(429)

    assert wire.send(retry, "GET") == 429
    assert clock.slept[0] < 2
    assert clock.slept[-1] > 20
    assert max(clock.slept) <= RETRY_AFTER_CAP
    assert sum(clock.slept) <= RETRY_DEADLINE + RETRY_AFTER_CAP


# --- Retry-After


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        ("2.128", 2.128),
        (" 3 ", 3.0),
        ("60", 60.0),
        ("61", RETRY_AFTER_CAP),
        ("86400", RETRY_AFTER_CAP),
        ("inf", RETRY_AFTER_CAP),
        ("-5", 0.0),
        (formatdate(NOW + 20, usegmt=True), 20.0),
        (formatdate(NOW + 3600, usegmt=True), RETRY_AFTER_CAP),
        (formatdate(NOW - 20, usegmt=True), 0.0),
    ],
)
def test_retry_after_as_number_or_date(header, seconds):
    assert retry_after_seconds(header, None) == pytest.approx(seconds)


@pytest.mark.parametrize("skew", [-7200, -1200, 0, 1200, 7200], ids="clock off by {} s".format)
def test_a_date_to_retry_after_is_meant_by_microsofts_clock(skew):
    date = formatdate(NOW + skew, usegmt=True)

    assert retry_after_seconds(formatdate(NOW + skew + 20, usegmt=True), date) == pytest.approx(20.0)


@pytest.mark.parametrize(("header", "slept"), [("7", 7.0), ("2.128", 2.128), ("600", RETRY_AFTER_CAP)])
def test_retry_after_is_kept_to(retry, clock, header, slept):
    assert Wire((429, {"Retry-After": header}), 200).send(retry, "POST") == 200
    assert clock.slept == [pytest.approx(slept)]


@pytest.mark.parametrize("header", ["garbage", "", "2,5", "nan", "Fri, 99 Foo 2026", "soon; 5"])
def test_a_retry_after_that_says_nothing_is_as_good_as_none(retry, clock, header):
    wire = Wire((429, {"Retry-After": header}), (429, {"Retry-After": header}), 200)

    assert wire.send(retry, "GET") == 200
    assert all(0 < pause <= RETRY_AFTER_CAP for pause in clock.slept)


# --- the client


def answering(monkeypatch, answer):
    """Let every session answer like this, without a network; the requests and how they were sent."""
    found = []

    def send(_adapter, request, **kwargs):
        found.append((request, kwargs))
        if isinstance(answer, Exception):
            raise answer
        answer.request = request
        return answer

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return found


@pytest.fixture
def sent(monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    return answering(monkeypatch, response())


def test_a_request_is_sent_as_asked_with_a_timeout_and_without_following_redirects(sent):
    HttpClient(None).request("PATCH", URL, json={"a": 1}, headers={"Prefer": "x"}, params={"q": "1"})

    ((request, kwargs),) = sent
    assert (request.method, request.url) == ("PATCH", f"{URL}?q=1")
    assert request.body == b'{"a": 1}'
    assert request.headers["Prefer"] == "x"
    assert all(seconds > 0 for seconds in kwargs["timeout"])


def test_a_redirect_is_an_answer_like_any_other(monkeypatch):
    redirect = response(302)
    redirect.headers["Location"] = "https://elsewhere.example/"
    sent = answering(monkeypatch, redirect)

    assert HttpClient(None).request("GET", URL).status_code == 302
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("ca_path", "environment", "trusted"),
    [
        (None, None, requests.utils.DEFAULT_CA_BUNDLE_PATH),
        ("/ours.pem", None, "/ours.pem"),
        (None, "/environment.pem", "/environment.pem"),
        ("/ours.pem", "/environment.pem", "/ours.pem"),
    ],
)
def test_tls_is_always_verified(sent, monkeypatch, ca_path, environment, trusted):
    if environment:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", environment)
    asked = []
    monkeypatch.setattr(http_client, "tls_context", lambda ca_path, _ours: asked.append(ca_path))

    HttpClient(ca_path).request("GET", URL)

    ((_request, kwargs),) = sent
    assert kwargs["verify"] is True
    assert asked == [trusted]


def test_a_tls_context_wants_a_certificate_of_that_host_and_is_made_once():
    context = tls_context(requests.utils.DEFAULT_CA_BUNDLE_PATH)

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.cert_store_stats()["x509_ca"] > 10
    assert tls_context(requests.utils.DEFAULT_CA_BUNDLE_PATH) is context


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_authorities_that_cannot_be_used_are_told_with_their_path(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)

    with pytest.raises(EndpointError, match=str(path)) as caught:
        HttpClient(str(path))

    assert caught.value.code == "NoAuthorities"


def test_a_netrc_file_does_not_take_the_tokens_place(sent, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine host.example login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    HttpClient(None).request("GET", "https://host.example/", headers={"Authorization": "Bearer token"})

    assert sent[0][0].headers["Authorization"] == "Bearer token"


def test_proxies_of_the_environment_are_used_but_for_hosts_without(sent, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "inner.example")
    client = HttpClient(None)

    client.request("GET", "https://outer.example/")
    client.request("GET", "https://inner.example/")

    assert [kwargs["proxies"].get("https") for _request, kwargs in sent] == ["http://proxy.example:3128", None]


@pytest.mark.parametrize(("method", "verb"), [("get", "GET"), ("post", "POST")])
def test_msals_calls_are_sent_like_our_own(sent, method, verb):
    answer = getattr(HttpClient(None), method)(URL, headers={"a": "b"})

    assert sent[0][0].method == verb
    assert answer.status_code == 200


@pytest.mark.parametrize(("method", "verb"), [("get", "GET"), ("post", "POST")])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_to_ask_for_a_token_changes_nothing_and_is_repeated(monkeypatch, method, verb, status):
    found = []
    monkeypatch.setattr(
        requests.adapters.HTTPAdapter, "send", lambda self, request, **_kwargs: found.append(self) or response()
    )

    getattr(HttpClient(None), method)(URL)

    wire = Wire(status, status, 200)
    assert wire.send(found[0].max_retries, verb) == 200
    assert wire.requests == [verb] * 3


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_of_the_sign_in_service_itself_does_not_reach_msal(monkeypatch, method, status):
    answering(monkeypatch, response(status))

    with pytest.raises(EndpointError, match=f"https://graph.example has a fault of its own .status {status}"):
        getattr(HttpClient(None), method)(URL)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "body",
    [
        [],
        {"access_token": 5},
        {"token_endpoint": None},
        {"access_token": "a", "expires_in": None},
        {"access_token": "a", "ext_expires_in": []},
        {"access_token": "a", "expires_on": {}},
        {"access_token": "a", "refresh_in": "5"},
    ],
)
def test_what_msal_would_stumble_over_does_not_reach_it(monkeypatch, method, body):
    answer = response()
    answer.raw = io.BytesIO(json.dumps(body).encode())
    answering(monkeypatch, answer)

    with pytest.raises(EndpointError, match=r"https://graph.example does not answer like Microsoft Entra"):
        getattr(HttpClient(None), method)(URL)


@pytest.mark.parametrize(
    ("fault", "code", "text"),
    [
        (requests.exceptions.SSLError("handshake: self-signed certificate"), "CertificateNotAccepted", "self-signed"),
        (requests.exceptions.ConnectionError("name not known"), "EndpointUnreachable", "name not known"),
        (requests.exceptions.ConnectTimeout("too slow"), "EndpointUnreachable", "too slow"),
        (requests.exceptions.ReadTimeout("no answer"), "EndpointUnreachable", "no answer"),
        (requests.exceptions.ProxyError("proxy refused"), "EndpointUnreachable", "proxy refused"),
        (requests.exceptions.InvalidURL("no host"), "EndpointError", "no usable address"),
        (requests.exceptions.ConnectionError(), "EndpointUnreachable", "No answer"),
        (OSError("Could not find a suitable TLS CA certificate bundle"), "EndpointUnreachable", "CA certificate"),
    ],
)
def test_whatever_is_no_answer_becomes_one_kind_of_error(monkeypatch, fault, code, text):
    answering(monkeypatch, fault)

    with pytest.raises(EndpointError) as caught:
        HttpClient(None).request("GET", f"{URL}?secret=x")

    error = caught.value
    assert error.code == code
    assert text in error.message
    assert "https://graph.example" in error.message
    assert "secret" not in error.message
    assert error.next_step


def test_the_innermost_reason_is_told(monkeypatch):
    inner = ReadTimeoutError(None, URL, "Read timed out.")
    answering(monkeypatch, requests.exceptions.ConnectionError(MaxRetryError(None, URL, inner)))

    with pytest.raises(EndpointError) as caught:
        HttpClient(None).request("GET", URL)

    assert caught.value.message == "No answer from https://graph.example: Read timed out."
