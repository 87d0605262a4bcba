# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way to sign in the options mean: exactly one."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.choose import credential
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_certificate import (
    ClientCertificate,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_secret import ClientSecret
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.federation import (
    FederatedCredential,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.kinds import (
    CREDENTIAL_OPTIONS,
    ENVIRONMENT,
    KINDS,
    chosen,
    named,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.managed_identity import (
    ManagedIdentity,
    ManagedIdentityAssertion,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.refresh_token import (
    PublicClient,
    RefreshToken,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.token_file import TokenFile

PAGE = Path(__file__).parents[4] / "docs" / "sign-in.md"
NAMED_BY = {name: kind.option for name, kind in KINDS.items() if kind.option}


class Store:
    def __init__(self, path):
        self.path = path


def credential_of(params):
    return credential(params, Store)


def given(*options, **others):
    return {**dict.fromkeys(CREDENTIAL_OPTIONS), **dict.fromkeys(options, "x"), "auth_client_id": "client-1", **others}


@pytest.mark.parametrize(("kind", "option"), NAMED_BY.items())
def test_an_option_says_its_kind_alone(kind, option):
    assert chosen(given(option)) == kind
    assert chosen(given(option, auth_kind=kind)) == kind


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_stand_beside_it(kind):
    assert chosen(given(*KINDS[kind].options, auth_kind=kind)) == kind


@pytest.mark.parametrize(
    ("options", "application"),
    [
        ((), PublicClient("client-1")),
        (("auth_client_secret",), ClientSecret("client-1", "x")),
        (("auth_certificate_path",), ClientCertificate("client-1", "x")),
    ],
)
def test_a_refresh_token_and_the_application_that_it_is_of(options, application):
    found = credential_of(given("auth_refresh_token_file", *options))

    assert found == RefreshToken(application, Store("x"))
    assert found.store.path == "x"
    assert (found.client_id, found.delegated) == ("client-1", True)


def test_a_refresh_token_of_an_application_with_two_credentials():
    with pytest.raises(InputError, match=r"auth_client_secret .*auth_certificate_path"):
        credential_of(given("auth_refresh_token_file", "auth_client_secret", "auth_certificate_path"))


def test_a_device_code_leaves_a_refresh_token_only_where_it_was_asked_for():
    assert credential_of(given(auth_kind="device_code")).store is None
    assert credential_of(given("auth_refresh_token_file", auth_kind="device_code")).store.path == "x"


def test_managed_identities():
    assert credential_of(given(auth_kind="managed_identity")) == ManagedIdentity("client-1")
    assert credential_of({**given(auth_kind="managed_identity"), "auth_client_id": None}) == ManagedIdentity()
    federated = credential_of(given("auth_managed_identity_client_id"))
    assert federated == FederatedCredential("client-1", ManagedIdentityAssertion(ManagedIdentity("x")))


@pytest.mark.parametrize(
    ("kind", "other"), [(k, o) for k in KINDS for o in sorted(CREDENTIAL_OPTIONS - KINDS[k].options)]
)
def test_what_is_of_another_kind_is_refused_and_named(kind, other):
    with pytest.raises(InputError) as caught:
        chosen(given(other, auth_kind=kind))

    assert f"auth_kind {kind}" in caught.value.message
    assert named(other) in caught.value.message


@pytest.mark.parametrize(("one", "two"), list(combinations(NAMED_BY, 2)))
def test_two_kinds_are_refused_and_both_named(one, two):
    options = {NAMED_BY[one], NAMED_BY[two]}
    if options <= KINDS[one].options or options <= KINDS[two].options:
        pytest.skip("the one is a part of the other")
    if options == {"auth_client_secret", "auth_certificate_path"}:
        assert chosen(given(*options)) == "certificate", "which has always won"
        return
    with pytest.raises(InputError) as caught:
        chosen(given(*options))

    assert all(named(option) in caught.value.message for option in options)
    assert "auth_kind" in caught.value.next_step


def test_a_companion_of_another_kind_is_refused():
    with pytest.raises(InputError, match=r"auth_client_secret .*auth_certificate_password"):
        chosen(given("auth_client_secret", "auth_certificate_password"))


def test_nothing_is_given():
    with pytest.raises(InputError, match="No credential") as caught:
        chosen(given())

    assert all(kind in caught.value.next_step for kind in KINDS)


@pytest.mark.parametrize(("kind", "option"), NAMED_BY.items())
def test_the_kind_alone_is_not_enough(kind, option):
    with pytest.raises(InputError) as caught:
        credential_of(given(auth_kind=kind))

    assert named(option) in caught.value.message


def test_credentials():
    assert credential_of(given("auth_client_secret")) == ClientSecret("client-1", "x")
    chain = given("auth_certificate_path", auth_send_certificate_chain=True)
    assert credential_of(chain) == ClientCertificate("client-1", "x", None, send_chain=True)
    assert credential_of(given("auth_federated_token_file")) == FederatedCredential("client-1", TokenFile("x"))


def test_the_page_tells_of_each_kind_with_its_options_and_environment():
    rows = {}
    for line in PAGE.read_text("utf-8").partition("## Clouds")[0].splitlines():
        if (found := re.match(r"\| `(\w+)` \|", line)) and found[1] != "auth_kind":
            rows[found[1]] = line

    assert list(rows) == list(KINDS)
    for name, kind in KINDS.items():
        own = kind.options - (KINDS["client_secret"].options | KINDS["certificate"].options)
        options = kind.options if name in ("client_secret", "certificate") else own
        assert [option for option in options if f"`{option}`" not in rows[name]] == []
        variables = [ENVIRONMENT[option][0] for option in options if option in ENVIRONMENT]
        assert [variable for variable in variables if f"`{variable}`" not in rows[name]] == []
    text = PAGE.read_text("utf-8")
    assert [name for names in ENVIRONMENT.values() for name in names[:2] if f"`{name}`" not in text] == []
