# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    EndpointError,
    InputError,
    SignInError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import (
    Authority,
    ConfiguredOnce,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_certificate import (
    ClientCertificate,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_secret import ClientSecret
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.session import (
    Session,
    SignIn,
    TokenSource,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import (
    ServerClock,
    allowed_offsets,
)

AUTHORITY = "https://login.example"
GRAPH, OUTLOOK = "https://graph.example", "https://outlook.example"
WHO = SignIn("contoso.com", "client-1", AUTHORITY)
SECRET = ClientSecret("client-1", "s3cret")


@dataclass
class Answer:
    status_code: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Entra:
    """Microsoft's sign-in as msal sees it: the configuration, then a new token for each request."""

    configuration: Answer | Exception | None = None
    refusal: Answer | Exception | list[Answer | None] | None = None
    requests: list[dict[str, str]] = field(default_factory=list)
    configured: list[str] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    date: str | None = None

    def get(self, url, **_kwargs):
        self.configured.append(url)
        tenant = urlsplit(url).path.split("/")[1]
        body = {
            "issuer": f"{AUTHORITY}/{tenant}/v2.0",
            "authorization_endpoint": f"{AUTHORITY}/{tenant}/oauth2/v2.0/authorize",
            "token_endpoint": f"{AUTHORITY}/{tenant}/oauth2/v2.0/token",
        }
        return self._answer(self.configuration, body)

    def post(self, url, *, data, **_kwargs):
        fields = data if isinstance(data, dict) else {name: values[0] for name, values in parse_qs(data).items()}
        self.requests.append({"url": url, **fields})
        body = {"token_type": "Bearer", "expires_in": 3599, "access_token": f"token-{next(self.numbers)}"}
        return self._answer(self.refusal, body)

    def close(self):
        pass

    def _answer(self, instead, body):
        if isinstance(instead, list):
            instead = instead.pop(0)
        if isinstance(instead, Exception):
            raise instead
        answer = instead or Answer(200, json.dumps(body))
        return replace(answer, headers={"Date": self.date} if self.date else {})


def refused(status=401, **body):
    return Answer(status, json.dumps(body))


def signed_in(http, credential=SECRET, tenant="contoso.com"):
    return application(http, credential, tenant).token(GRAPH)


def application(http, credential=SECRET, tenant="contoso.com"):
    once = ConfiguredOnce(http, ServerClock())
    return credential.sign_in(Authority(AUTHORITY, tenant, once))


# --- one sign-in


def test_a_sign_in_asks_the_tenants_authority_for_all_granted_permissions_of_the_audience():
    http = Entra()

    before = time.time()
    token = signed_in(http)

    (request,) = http.requests
    assert request["url"] == f"{AUTHORITY}/contoso.com/oauth2/v2.0/token"
    assert request["scope"] == f"{GRAPH}/.default"
    assert request["grant_type"] == "client_credentials"
    assert (request["client_id"], request["client_secret"]) == ("client-1", "s3cret")
    assert token.value == "token-0"
    assert before + 3500 < token.expires_at < time.time() + 3600


@pytest.mark.parametrize("code", [7000215, 700016, 53003])
def test_a_refused_sign_in_is_explained(code):
    http = Entra(refusal=refused(error="invalid_client", error_codes=[code], error_description="", trace_id="t-1"))

    with pytest.raises(SignInError) as caught:
        signed_in(http)

    assert caught.value.code == f"AADSTS{code}"
    assert caught.value.trace.request_id == "t-1"
    assert len(http.requests) == 1
    assert "s3cret" not in caught.value.sentence("contoso.com")


@pytest.mark.parametrize("code", [90002, 900021, 900023, 5000225, 90038])
def test_a_tenant_that_microsoft_does_not_know_is_explained(code):
    http = Entra(configuration=refused(400, error="invalid_tenant", error_description=f"AADSTS{code}: no such tenant"))

    with pytest.raises(SignInError) as caught:
        signed_in(http)

    assert caught.value.code == f"AADSTS{code}"
    assert http.requests == []


@pytest.mark.parametrize(
    "configuration", [Answer(200, "<html>Welcome to the proxy</html>"), Answer(200, "{}"), Answer(404, "nothing here")]
)
def test_an_authority_that_is_none_is_a_fault(configuration):
    with pytest.raises(SignInError) as caught:
        signed_in(Entra(configuration=configuration))

    assert caught.value.code == "AuthorityNotAccepted"
    assert "authority_url" in caught.value.next_step


@pytest.mark.parametrize(
    "fault", [{"configuration": EndpointError("No answer.")}, {"refusal": EndpointError("No answer.")}]
)
def test_a_fault_of_the_connection_passes_unchanged(fault):
    with pytest.raises(EndpointError, match="No answer"):
        signed_in(Entra(**fault))


def test_an_unusable_certificate_is_told_before_anything_is_sent(tmp_path):
    http = Entra()

    with pytest.raises(InputError):
        signed_in(http, ClientCertificate("client-1", str(tmp_path / "missing.pem")))

    assert http.requests == []


def test_however_many_tokens_follow_the_configuration_is_asked_for_once_and_no_token_is_an_old_one():
    http = Entra()
    signing_in = application(http)

    values = [signing_in.token(audience).value for audience in (GRAPH, GRAPH, OUTLOOK)]

    assert values == ["token-0", "token-1", "token-2"]
    assert len(http.configured) == 1


# --- asking again


@pytest.mark.parametrize(
    ("status", "code"), [(400, 700016), (400, 7000229), (400, 7000112), (401, 7000215), (429, 90055), (400, 50196)]
)
def test_whoever_asks_again_after_a_refusal_really_asks(status, code):
    """msal would answer out of its memory: a 400 for a minute, a 429 for five seconds or longer."""
    refusal = refused(status, error="x", error_codes=[code])
    http = Entra(refusal=[refusal, refusal, None])
    signing_in = application(http)

    for _try in range(2):
        with pytest.raises(SignInError, match=f"AADSTS{code}"):
            signing_in.token(GRAPH)

    assert signing_in.token(GRAPH).value == "token-2"
    assert len(http.requests) == 3


# --- Microsoft's clock


SKEWS = pytest.mark.parametrize("skew", [-90000.0, -1200.0, 0.0, 1200.0, 90000.0], ids="Microsoft's {:+} s".format)


@SKEWS
def test_a_token_ends_by_microsofts_clock_in_this_task_and_in_the_next(skew):
    http = Entra(date=formatdate(time.time() + skew, usegmt=True))
    first = source(http)
    token = first.token(GRAPH)

    assert abs(token.expires_at - time.time() - skew - 3599) < 300
    assert first.token(GRAPH) is token
    handed_on = source(http, Session.load(first.session.dump()))
    assert handed_on.token(GRAPH).value == token.value
    assert len(http.requests) == 1


@SKEWS
def test_a_token_that_ended_by_microsofts_clock_is_renewed_whatever_this_machines_says(skew):
    held = Session(WHO, {GRAPH: Token("held", time.time() + skew)}, clock_offset=skew)

    assert source(Entra(), held).token(GRAPH).value == "token-0"


@pytest.mark.parametrize(
    ("skew", "words"),
    [(-1320.0, "22 min ahead of Microsoft's"), (1320.0, "22 min behind Microsoft's"), (0.0, "machine is wrong.")],
)
def test_an_assertion_out_of_time_is_explained_by_this_machines_clock(skew, words):
    refusal = refused(error="invalid_client", error_codes=[700024])
    http = Entra(refusal=refusal, date=formatdate(time.time() + skew, usegmt=True))

    with pytest.raises(SignInError) as caught:
        signed_in(http)

    assert words in caught.value.message
    assert "clock of this machine" in caught.value.next_step


@pytest.mark.parametrize(
    ("seconds", "told"), [(None, False), (0, False), (299, False), (-299, False), (301, True), (-301, True)]
)
def test_only_a_difference_that_matters_is_told(seconds, told):
    assert bool(ServerClock(seconds).warning) is told


@pytest.mark.parametrize(
    ("seconds", "stops", "stops_a_rehearsal"),
    [
        (None, False, False),
        (3600, False, False),
        (-3600, False, False),
        (3601, True, False),  # whoever rehearses puts the clock forward
        (-3601, True, True),
        (400 * 86400, True, False),
    ],
)
def test_more_than_an_hour_of_difference_stops_removal(seconds, stops, stops_a_rehearsal):
    assert bool(ServerClock(seconds, allowed_offsets(rehearsed=False)).stops_removal) is stops
    assert bool(ServerClock(seconds, allowed_offsets(rehearsed=True)).stops_removal) is stops_a_rehearsal


@pytest.mark.parametrize("date", ["", "soon", "Fri, 99 Foo 2026"])
def test_an_answer_without_a_date_leaves_the_clock_as_it_was(date):
    clock = ServerClock(-1200.0)

    clock.note({"Date": date} if date else {})

    assert clock.offset == -1200.0


# --- clouds


def elsewhere(endpoint, name="token_endpoint", authority=AUTHORITY):
    good = {"issuer": "i", "authorization_endpoint": f"{authority}/a", "token_endpoint": f"{authority}/t"}
    return Answer(200, json.dumps({**good, name: f"{endpoint}/oauth2/v2.0/token"}))


@pytest.mark.parametrize("name", ["token_endpoint", "device_authorization_endpoint"])
@pytest.mark.parametrize(
    ("authority", "endpoint", "told"),
    [
        ("https://login.microsoftonline.com", "https://login.microsoftonline.us", "Set cloud to USGov or USGovDoD."),
        ("https://login.microsoftonline.us", "https://login.chinacloudapi.cn", "Set cloud to China."),
        ("https://login.microsoftonline.com", "https://login.microsoftonline.com.evil.example", "authority_url"),
        (AUTHORITY, "https://evil.example", "authority_url"),
        (AUTHORITY, "https://login.microsoftonline.com", "Set cloud to Global."),
    ],
)
def test_no_credential_goes_to_another_clouds_endpoint(authority, endpoint, told, name):
    http = Entra(configuration=elsewhere(endpoint, name, authority))
    signed_in_there = SECRET.sign_in(Authority(authority, "contoso.com", ConfiguredOnce(http, ServerClock())))

    with pytest.raises(SignInError) as caught:
        signed_in_there.token(GRAPH)

    assert caught.value.code == "CloudsMixed"
    assert told in caught.value.next_step
    assert http.requests == []


def test_another_name_of_the_same_cloud_is_none():
    http = Entra(configuration=elsewhere("https://login.microsoftonline.com"))
    tokens = SECRET.sign_in(Authority("https://login.windows.net", "contoso.com", ConfiguredOnce(http, ServerClock())))

    assert tokens.token(GRAPH).value == "token-0"


# --- the session


def source(http, session=None, who=WHO):
    offset = session.clock_offset if session is not None else None
    clock = ServerClock(offset)
    signed_in = SECRET.sign_in(Authority(who.authority_url, who.tenant, ConfiguredOnce(http, clock)))
    return TokenSource(who, signed_in, clock, session)


def session(value="held", left=3600.0, who=WHO, audience=GRAPH):
    return Session(who, {audience: Token(value, time.time() + left)})


def test_a_session_survives_dump_and_load():
    held = Session(WHO, {GRAPH: Token("a", 1234.5), OUTLOOK: Token("b", 0.0)}, clock_offset=-1200.5)

    assert Session.load(held.dump()) == held
    assert Session.load(Session(WHO).dump()) == Session(WHO)


def test_one_sign_in_serves_many_calls():
    http = Entra()
    tokens = source(http)

    assert {tokens.token(GRAPH).value for _call in range(10)} == {"token-0"}
    assert len(http.requests) == 1


def test_each_audience_has_a_token_of_its_own():
    http = Entra()
    tokens = source(http)

    values = [tokens.token(audience).value for audience in (GRAPH, OUTLOOK, GRAPH, OUTLOOK)]

    assert values == ["token-0", "token-1", "token-0", "token-1"]
    assert [request["scope"] for request in http.requests] == [f"{GRAPH}/.default", f"{OUTLOOK}/.default"]


def test_a_session_that_was_handed_on_spares_the_sign_in():
    http = Entra()
    first = source(http)
    first.token(GRAPH)

    second = source(http, Session.load(first.session.dump()))

    assert second.token(GRAPH).value == "token-0"
    assert len(http.requests) == 1


@pytest.mark.parametrize("left", [299.0, 1.0, -1.0])
def test_a_token_about_to_expire_is_renewed(left):
    http = Entra()
    tokens = source(http, session(left=left))

    assert tokens.token(GRAPH).value == "token-0"
    assert tokens.token(GRAPH).value == "token-0"
    assert len(http.requests) == 1
    assert tokens.session.tokens[GRAPH].value == "token-0"


def test_renewing_signs_in_whatever_is_held():
    http = Entra()
    tokens = source(http, session())

    assert tokens.token(GRAPH).value == "held"
    assert tokens.renew(GRAPH).value == "token-0"
    assert tokens.token(GRAPH).value == "token-0"


@pytest.mark.parametrize(
    "other",
    [
        SignIn("fabrikam.com", "client-1", AUTHORITY),
        SignIn("contoso.com", "client-2", AUTHORITY),
        SignIn("contoso.com", "client-1", "https://login.other.example"),
    ],
    ids=["tenant", "application", "authority"],
)
def test_the_session_of_another_tenant_application_or_authority_is_not_used(other):
    http = Entra()
    foreign = session(who=other)
    tokens = source(http, foreign)

    assert tokens.token(GRAPH).value == "token-0"
    assert tokens.session.sign_in == WHO
    assert foreign.tokens[GRAPH].value == "held", "the other one stays as it was"


def test_a_sign_in_that_is_refused_leaves_no_token_behind():
    tokens = source(Entra(refusal=refused(error="invalid_client", error_codes=[7000215])))

    with pytest.raises(SignInError):
        tokens.token(GRAPH)

    assert tokens.session.tokens == {}


def test_the_tokens_are_not_in_the_sessions_text():
    assert "held" not in f"{session()} {session()!r}"
