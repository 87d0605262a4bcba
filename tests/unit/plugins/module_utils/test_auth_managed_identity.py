# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine's own endpoint is asked, and what its answers mean."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import EndpointError, SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import (
    Authority,
    ConfiguredOnce,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.managed_identity import (
    ManagedIdentity,
    ManagedIdentityAssertion,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock

TENANT = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21"
OTHER = "11111111-3c8e-4b55-a1d9-6d8b1f6f7a21"
GRAPH = "https://graph.microsoft.com"
IMDS = "http://169.254.169.254/metadata/identity/oauth2/token"


def jwt(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"tid": TENANT, **claims}).encode()).decode().rstrip("=")
    return f"eyJ0.{body}.c2ln"


@dataclass
class Answer:
    status_code: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Machine:
    """The endpoint of managed identities, and the authority's configuration, which needs no credential."""

    answer: Answer | Exception
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def request(self, _method: str, url: str, **request: Any) -> Answer:
        self.asked.append((url, request))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def get(self, url: str, **_request: Any) -> Answer:
        return Answer(200, json.dumps({"issuer": f"https://login.example/{TENANT}/v2.0"}))


@pytest.fixture(autouse=True)
def _a_virtual_machine(monkeypatch):
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
        monkeypatch.delenv(name, raising=False)


def authority(machine, tenant=TENANT, **others):
    return Authority("https://login.example", tenant, ConfiguredOnce(machine, ServerClock()), **others)


def given(token):
    return Answer(200, json.dumps({"access_token": token, "expires_in": "3599", "resource": GRAPH}))


@pytest.mark.parametrize("tenant", [TENANT, TENANT.upper(), "contoso.example"])
@pytest.mark.parametrize(("client_id", "named"), [("", {}), ("client-1", {"client_id": "client-1"})])
def test_a_token_of_the_machines_own_tenant(tenant, client_id, named):
    machine = Machine(given(jwt(roles=["Application.Read.All"])))

    token = ManagedIdentity(client_id).sign_in(authority(machine, tenant)).token(GRAPH)

    assert token.roles == {"Application.Read.All"}
    [(url, request)] = machine.asked
    assert url == IMDS
    assert request["params"] == {"api-version": "2018-02-01", "resource": GRAPH, **named}
    assert request["headers"]["Metadata"] == "true"
    assert request["neighbour"] is True, "no proxy stands between"


@pytest.mark.parametrize("tenant", [OTHER, "contoso.example"])
def test_a_token_of_another_tenant_is_not_used(tenant):
    machine = Machine(given(jwt(tid=OTHER if tenant != OTHER else TENANT)))

    with pytest.raises(SignInError, match="its own tenant only") as caught:
        ManagedIdentity().sign_in(authority(machine, tenant)).token(GRAPH)

    assert "federated_managed_identity" in caught.value.next_step


def test_in_the_place_of_a_secret_it_is_asked_for_the_clouds_audience():
    machine = Machine(given("the.token.itself"))
    china = authority(machine, OTHER, token_exchange="api://AzureADTokenExchangeChina")

    assert ManagedIdentityAssertion(ManagedIdentity("client-1")).assertion(china) == "the.token.itself"

    [(_url, request)] = machine.asked
    assert request["params"]["resource"] == "api://AzureADTokenExchangeChina"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(400, '{"error": "invalid_request", "error_description": "Identity not found"}'), "Identity not found"),
        (Answer(200, "<html>"), "no JSON"),
        (Answer(404, ""), "no JSON"),
    ],
)
def test_refusals(answer, told):
    with pytest.raises(SignInError, match=told) as caught:
        ManagedIdentity("client-1").sign_in(authority(Machine(answer))).token(GRAPH)

    assert "Assign the identity" in caught.value.next_step


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "null",
        "5",
        '{"access_token": "a.b.c", "expires_in": null}',
        '{"access_token": "", "expires_in": "1"}',
        '{"access_token": ["a"], "expires_in": "1"}',
        '{"access_token": "a.b.c", "expires_in": [1]}',
    ],
)
def test_what_no_endpoint_for_identities_answers(body):
    with pytest.raises(SignInError, match="none of a managed identity's endpoint"):
        ManagedIdentity("client-1").sign_in(authority(Machine(Answer(200, body)))).token(GRAPH)


@pytest.mark.parametrize("status", [410, 429, 500, 503])
@pytest.mark.parametrize("body", ["", "{}", '{"error": "gone"}'])
def test_an_endpoint_that_is_busy_or_being_updated(status, body):
    with pytest.raises(SignInError) as caught:
        ManagedIdentity("client-1").sign_in(authority(Machine(Answer(status, body)))).token(GRAPH)

    assert caught.value.code == "ManagedIdentityBusy"
    assert "Run again in some minutes" in caught.value.next_step
    assert "None" not in caught.value.message


def test_elsewhere_than_in_azure():
    machine = Machine(EndpointError("No answer from http://169.254.169.254: timed out."))

    with pytest.raises(EndpointError) as caught:
        ManagedIdentity().sign_in(authority(machine)).token(GRAPH)

    assert caught.value.message.startswith("No managed identity is offered here. No answer")
    assert "federated token" in caught.value.next_step
