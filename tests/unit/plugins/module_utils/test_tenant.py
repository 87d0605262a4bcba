# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import time

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    EndpointError,
    ExchangeRightError,
    InputError,
    NoExchangeError,
    SignInError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_certificate import (
    ClientCertificate,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_secret import ClientSecret
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.clouds import CLOUDS
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.session import Session, SignIn
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import (
    Tenant,
    TenantOptions,
    is_guid,
)

GUID = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21"
PARAMS = {
    "tenant_id": GUID,
    "auth_client_id": "client-1",
    "auth_client_secret": "s3cret",
    "auth_certificate_path": None,
    "auth_certificate_password": None,
    "cloud": "Global",
    "authority_url": None,
    "graph_url": None,
    "exchange_url": None,
    "ca_path": None,
}


def options(**params):
    return TenantOptions.from_params({**PARAMS, **params}, lambda path: None)


# --- which tenant


@pytest.mark.parametrize(
    ("given", "tenant"),
    [
        (GUID, GUID),
        (GUID.upper(), GUID),
        ("contoso.com", "contoso.com"),
        ("Contoso.OnMicrosoft.com", "contoso.onmicrosoft.com"),
        ("a.b-c.d1.example.co.uk", "a.b-c.d1.example.co.uk"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("example.xn--p1ai", "example.xn--p1ai"),
        ("365.example", "365.example"),
    ],
)
def test_a_tenant_is_named_by_id_or_domain(given, tenant):
    assert options(tenant_id=given).tenant_id == tenant


@pytest.mark.parametrize("given", [None, ""])
def test_a_missing_tenant_is_an_error_of_the_input(given):
    with pytest.raises(InputError, match="tenant_id is not given") as caught:
        options(tenant_id=given)

    assert "AZURE_TENANT_ID" in caught.value.next_step


@pytest.mark.parametrize(
    "given",
    [
        "contoso",
        "common",
        "organizations",
        "../x",
        "contoso.com/../fabrikam.com",
        "contoso.com/v2.0",
        "contoso.com?x=1",
        "contoso.com#x",
        "contoso.com@fabrikam.com",
        "contoso.com:443",
        "contoso .com",
        " contoso.com",
        "contoso.com ",
        "contoso.com\n",
        "contoso.com\nfabrikam.com",
        "https://contoso.com",
        ".contoso.com",
        "contoso..com",
        "contoso.com.",
        "-contoso.com",
        "contoso-.com",
        "contoso.1",
        "con_toso.com",
        "contoso.cöm",
        "%2e%2e.com",
        "{{ tenant }}",
        f"{'a' * 64}.com",
        f"{'a.' * 126}com",
        GUID[:-1],
        f"{GUID}0",
        f"{GUID}\n",
        f"{{{GUID}}}",
        GUID.replace("-", ""),
        GUID.replace("9", "g"),
    ],
)
def test_what_is_neither_id_nor_domain_is_an_error_of_the_input(given):
    with pytest.raises(InputError) as caught:
        options(tenant_id=given)

    assert given in caught.value.message
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("text", "guid"), [(GUID, True), (GUID.upper(), True), ("contoso.com", False), ("", False), (f"{GUID}\n", False)]
)
def test_ids_and_other_names(text, guid):
    assert is_guid(text) is guid


# --- who signs in


def test_a_secret():
    assert options().credential == ClientSecret("client-1", "s3cret")


def test_a_certificate():
    found = options(auth_client_secret=None, auth_certificate_path="a.pem", auth_certificate_password="p")

    assert found.credential == ClientCertificate("client-1", "a.pem", "p")


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize(
    ("missing", "variable"), [("auth_client_id", "AZURE_CLIENT_ID"), ("auth_client_secret", "AZURE_CLIENT_SECRET")]
)
def test_a_missing_credential_is_an_error_of_the_input(missing, variable, empty):
    with pytest.raises(InputError, match="No credential") as caught:
        options(**{missing: empty})

    assert missing in caught.value.next_step
    assert variable in caught.value.next_step


def test_the_secret_is_not_shown():
    assert "s3cret" not in repr(options())


# --- where


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_cloud_names_authority_graph_and_exchange(cloud):
    found = options(cloud=cloud)

    named = CLOUDS[cloud]
    assert (found.authority_url, found.graph_url) == (named.authority_url, named.graph_url)
    assert (found.exchange_url, found.exchange_audience) == (named.exchange_url, named.exchange_url)


def test_every_cloud_is_reached_over_tls_and_without_a_path():
    for cloud in CLOUDS.values():
        for url in filter(None, (cloud.authority_url, cloud.graph_url, cloud.exchange_url)):
            assert url.startswith("https://")
            assert url.count("/") == 2


@pytest.mark.parametrize("option", ["authority_url", "graph_url", "exchange_url"])
@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://here.example", "https://here.example"),
        ("https://here.example/", "https://here.example"),
        ("https://here.example:8443", "https://here.example:8443"),
        ("https://127.0.0.1:8443/", "https://127.0.0.1:8443"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("here.example", "https://here.example"),
        ("here.example/", "https://here.example"),
    ],
)
def test_an_address_in_place_of_the_clouds(option, given, url):
    found = options(**{option: given})

    assert getattr(found, option) == url
    others = {"authority_url", "graph_url", "exchange_url"} - {option}
    assert all(getattr(found, other) == getattr(CLOUDS["Global"], other) for other in others)


@pytest.mark.parametrize("option", ["authority_url", "graph_url", "exchange_url"])
@pytest.mark.parametrize(
    "given",
    [
        "http://here.example",
        "ftp://here.example",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://here.example/path",
        "https://here.example/v1.0/",
        "https://here.example?x=1",
        "https://here.example#x",
        "https://user:password@here.example",
        "https://here.example@elsewhere.example",
        "https://he re.example",
        "https://here.example\n",
        "https://here.example:port",
        "https://[::1",
        "https:// ",
        "://",
    ],
)
def test_any_other_address_is_an_error_of_the_input(option, given):
    with pytest.raises(InputError) as caught:
        options(**{option: given})

    assert caught.value.message.startswith(option)


# --- the tenant


def token(**claims):
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return Token(f"h.{payload}.s", time.time() + 3600)


def test_what_the_session_tells_of_the_tenant():
    found = options(tenant_id="contoso.com")
    who = SignIn("contoso.com", "client-1", found.authority_url)
    held = Session(who, {found.graph_url: token(tid=GUID, roles=["Application.Read.All"])})

    tenant = Tenant(found, held)

    assert tenant.directory_id == GUID
    assert tenant.roles == {"Application.Read.All"}
    assert tenant.tokens.session is held
    assert tenant.graph is tenant.graph


def test_the_session_of_another_tenant_is_not_taken():
    held = Session(SignIn("fabrikam.com", "client-1", options().authority_url))

    assert Tenant(options(), held).tokens.session is not held


# --- Exchange


EXCHANGE = "https://outlook.office365.com"


def test_tokens_for_exchange_are_asked_for_by_microsofts_own_name_also_where_another_address_is_called():
    found = options(exchange_url="https://here.example")

    assert (found.exchange_url, found.exchange_audience) == ("https://here.example", EXCHANGE)


def test_a_cloud_without_a_certain_address_takes_the_given_one_as_audience_too():
    found = options(cloud="China", exchange_url="https://partner.outlook.example")

    assert found.exchange_url == found.exchange_audience == "https://partner.outlook.example"


def test_a_cloud_without_a_certain_address_asks_for_one_only_where_exchange_is_needed():
    tenant = Tenant(options(cloud="China"), None)

    with pytest.raises(NoExchangeError, match="exchange_url is not given"):
        assert tenant.exchange


def signed_in(**claims):
    found = options()
    who = SignIn(GUID, "client-1", found.authority_url)
    return Tenant(found, Session(who, {EXCHANGE: token(tid=GUID, **claims)}))


def test_exchange_is_called_where_the_token_allows_for_cmdlets():
    tenant = signed_in(roles=["Exchange.ManageAsApp"])

    assert tenant.exchange is tenant.exchange


@pytest.mark.parametrize("claims", [{}, {"roles": []}, {"roles": ["Exchange.ManageAsAppV2"]}])
def test_a_missing_right_for_exchange_is_told_before_anything_is_sent(claims):
    with pytest.raises(ExchangeRightError, match=r"Exchange\.ManageAsApp ") as caught:
        assert signed_in(**claims).exchange

    assert "Privileged Role Administrator" in caught.value.next_step
    assert "Exchange Administrator" in caught.value.next_step


def refusing(monkeypatch, error):
    tenant = Tenant(options(), None)

    def refuse(_url):
        raise error

    monkeypatch.setattr(tenant.tokens, "token", refuse)
    return tenant


@pytest.mark.parametrize("code", ["AADSTS500011", "AADSTS500014", "AADSTS650052"])
def test_a_tenant_without_exchange_online_is_told_apart(monkeypatch, code):
    with pytest.raises(SignInError, match="no Exchange Online") as caught:
        assert refusing(monkeypatch, SignInError("", code=code)).exchange

    assert caught.value.code == "NoExchangeOnline"


@pytest.mark.parametrize("code", ["AADSTS53003", "AADSTS7000215", "AADSTS501051"])
def test_any_other_refusal_of_a_token_for_exchange_keeps_its_words(monkeypatch, code):
    """Without a restriction it is a warning, as every reason to have nothing of Exchange."""
    error = SignInError("Why not.", code=code, next_step="Who does what.")
    tenant = refusing(monkeypatch, error)

    with pytest.raises(NoExchangeError) as caught:
        assert tenant.exchange

    assert (caught.value.message, caught.value.next_step, caught.value.code) == ("Why not.", "Who does what.", code)
    assert not tenant.has_exchange


def test_a_fault_of_the_connection_is_no_answer_about_exchange(monkeypatch):
    with pytest.raises(EndpointError, match="gone"):
        assert refusing(monkeypatch, EndpointError("gone")).exchange


# --- what a credential must not hold


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
def test_a_files_line_end_is_no_part_of_a_secret(end):
    assert options(auth_client_secret=f"s3cret~.-_{end}").credential == ClientSecret("client-1", "s3cret~.-_")
    found = options(
        auth_client_secret=None, auth_certificate_path="a.pem", auth_certificate_password=f"p w{end}"
    ).credential
    assert found == ClientCertificate("client-1", "a.pem", "p w")


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("s3 cret", "a blank"),
        (" s3cret", "a blank"),
        ("s3cret ", "a blank"),
        ("s3cret\t", "a blank"),
        ("s3\u00a0cret", "a blank"),
        ("s3\ncret", "a line break"),
        ("s3cret \n", "a blank"),
        ("\ufeffs3cret", "a byte order mark"),
        ("s3\0cret", "a null character"),
        ("s3\x1bcret", "a control character"),
        ('"s3cret"', "a quotation mark"),
        ("'s3cret'", "a quotation mark"),
        ("\u201cs3cret\u201d", "a quotation mark"),
        ("s3cr\u00e9t", "a character that is not ASCII"),
        ("\n", "nothing"),
    ],
)
def test_a_secret_that_was_not_copied_as_it_is(secret, told):
    with pytest.raises(InputError, match=f"auth_client_secret has {told} in it") as caught:
        options(auth_client_secret=secret)

    assert "cr" not in caught.value.message.replace("secret", "")
    assert caught.value.code == "SecretNotClean"
