# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command az is asked, and what its answers mean."""

from __future__ import annotations

import base64
import json
import os
import shlex
import sys

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    InputError,
    NoExchangeError,
    SignInError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import (
    Authority,
    ConfiguredOnce,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.azure_cli import AzureCli
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock

TENANT = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21"
OTHER = "11111111-3c8e-4b55-a1d9-6d8b1f6f7a21"
GRAPH = "https://graph.microsoft.com"


def jwt(**claims):
    body = base64.urlsafe_b64encode(json.dumps({"tid": TENANT, **claims}).encode()).decode().rstrip("=")
    return f"eyJ0.{body}.c2ln"


@pytest.fixture
def az(tmp_path, monkeypatch):
    """Makes a command az that writes down how it was called, and prints and fails as it is told."""

    def make(output="", error="", code=0):
        script = tmp_path / "az"
        script.write_text(
            f"#!{sys.executable}\nimport json, sys\n"
            f"open({str(tmp_path / 'asked')!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
            f"sys.stdout.write({output!r}); sys.stderr.write({error!r}); sys.exit({code})\n"
        )
        script.chmod(0o700)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        return lambda: [json.loads(line) for line in (tmp_path / "asked").read_text().splitlines()]

    return make


def signed_in(tenant=TENANT):
    return AzureCli().sign_in(Authority("https://login.example", tenant, ConfiguredOnce(None, ServerClock())))


def printed(token, **others):
    return json.dumps({"accessToken": token, "expires_on": 1893456000, "tokenType": "Bearer", **others})


def test_a_token_of_the_tenant(az):
    asked = az(printed(jwt(roles=["Application.Read.All"])))

    token = signed_in().token(GRAPH)

    assert token.roles == {"Application.Read.All"}
    assert token.expires_at == 1893456000
    words = shlex.split(f"account get-access-token --output json --resource {GRAPH} --tenant {TENANT}")
    assert asked() == [words]


def test_older_versions_tell_local_time(az):
    az(json.dumps({"accessToken": jwt(), "expiresOn": "2030-01-01 12:00:00.000000"}))

    assert signed_in().token(GRAPH).expires_at > 1893000000


def test_a_service_principal_gets_tokens_for_exchange_too(az):
    az(printed(jwt(idtyp="app")))
    tokens = signed_in()

    tokens.token(GRAPH)

    assert tokens.token("https://outlook.office365.com").value == jwt(idtyp="app")


def test_a_person_gets_none_for_exchange_and_nobody_is_asked(az):
    asked = az(printed(jwt(scp="Directory.AccessAsUser.All")))
    tokens = signed_in()
    assert tokens.token(GRAPH).roles == {"Directory.AccessAsUser.All"}

    with pytest.raises(NoExchangeError) as caught:
        tokens.token("https://outlook.office365.com")

    assert "az login --service-principal" in caught.value.next_step
    assert len(asked()) == 1


def test_a_token_of_another_tenant_is_not_used(az):
    az(printed(jwt(tid=OTHER)))

    with pytest.raises(SignInError, match=OTHER) as caught:
        signed_in().token(GRAPH)

    assert f"az login --tenant {TENANT}" in caught.value.next_step


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        ("ERROR: Please run 'az login' to setup account.", "AzureCliRefused", "Nobody is signed in"),
        ("ERROR: AADSTS50020: User account does not exist in tenant", "AADSTS50020", "of another tenant"),
        ("ERROR: AADSTS65002: Consent between first party application", "AADSTS65002", "may not use the service"),
        ("Traceback (most recent call last): token eyJhbGciOi", "AzureCliRefused", "gave no token"),
    ],
)
def test_refusals(az, error, code, told):
    az(error=error, code=1)

    with pytest.raises(SignInError) as caught:
        signed_in().token(GRAPH)

    assert caught.value.code == code
    assert told in caught.value.message
    assert "eyJ" not in caught.value.sentence("")


@pytest.mark.parametrize("output", ["", "[]", "{}", "null", '{"accessToken": "eyJhbGciOi"}', "a warning eyJhbGciOi"])
def test_what_is_printed_is_shown_nowhere(az, output):
    az(output)

    with pytest.raises(SignInError, match="no token") as caught:
        signed_in().token(GRAPH)

    assert caught.value.__cause__ is None
    assert "eyJ" not in caught.value.sentence("")


def test_no_azure_cli(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(InputError, match="no command az"):
        signed_in().token(GRAPH)
