# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a pipeline's service, and what its answers mean."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import (
    Authority,
    ConfiguredOnce,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.azure_pipelines import (
    AzurePipelines,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.github_actions import GithubActions
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock

TOKEN = "the-job's-own-token"
GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.example/idtoken?api-version=2.0"}
DEVOPS = {"SYSTEM_OIDCREQUESTURI": "https://devops.example/oidctoken"}


@dataclass
class Answer:
    status_code: int = 200
    text: str = "{}"


@dataclass
class Service:
    answer: Answer
    asked: list = field(default_factory=list)

    def request(self, method, url, **request):
        self.asked.append((method, url, request))
        return self.answer


def authority(service, **others):
    return Authority("https://login.example", "contoso.com", ConfiguredOnce(service, ServerClock()), **others)


def github(**environ):
    return GithubActions.from_environment({**GITHUB, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": TOKEN, **environ})


def devops(**environ):
    return AzurePipelines.from_environment({**DEVOPS, "SYSTEM_ACCESSTOKEN": TOKEN, **environ}, "connection")


def test_github_is_asked_for_a_token_for_the_cloud():
    service = Service(Answer(text=json.dumps({"count": 1, "value": "the.token.itself"})))

    assert (
        github().assertion(authority(service, token_exchange="api://AzureADTokenExchangeChina")) == "the.token.itself"
    )

    [(method, url, request)] = service.asked
    assert method == "GET"
    assert url == f"{GITHUB['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=api%3A%2F%2FAzureADTokenExchangeChina"
    assert request["headers"]["Authorization"] == f"Bearer {TOKEN}"


def test_azure_devops_is_asked_for_the_service_connection():
    service = Service(Answer(text=json.dumps({"oidcToken": "the.token.itself"})))

    assert devops().assertion(authority(service)) == "the.token.itself"

    [(method, url, request)] = service.asked
    assert method == "POST"
    assert url == f"{DEVOPS['SYSTEM_OIDCREQUESTURI']}?api-version=7.1&serviceConnectionId=connection"
    assert request["headers"]["X-TFS-FedAuthRedirect"] == "Suppress"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(401, '{"message": "no"}'),
        Answer(302, ""),
        Answer(200, "<html>Sign in</html>"),
        Answer(200, '{"value": "", "oidcToken": ""}'),
        Answer(200, '{"value": 1, "oidcToken": 1}'),
        Answer(200, "[]"),
    ],
)
@pytest.mark.parametrize("job", [github, devops])
def test_anything_else_is_no_token(job, answer):
    with pytest.raises(SignInError) as caught:
        job().assertion(authority(Service(answer)))

    assert str(answer.status_code) in caught.value.message


def test_the_jobs_token_goes_over_tls_or_nowhere():
    service = Service(Answer())
    for job in (
        github(ACTIONS_ID_TOKEN_REQUEST_URL="http://github.example/idtoken"),
        devops(SYSTEM_OIDCREQUESTURI="http://devops.example"),
    ):
        with pytest.raises(InputError, match="not https"):
            job.assertion(authority(service))
    assert service.asked == []


@pytest.mark.parametrize("missing", ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
def test_outside_of_github(missing):
    with pytest.raises(InputError) as caught:
        github(**{missing: ""})

    assert "id-token: write" in caught.value.next_step


@pytest.mark.parametrize("missing", ["SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN"])
def test_outside_of_azure_devops(missing):
    with pytest.raises(InputError, match=missing) as caught:
        devops(**{missing: ""})

    assert "$(System.AccessToken)" in caught.value.next_step


def test_the_jobs_token_is_not_shown():
    assert TOKEN not in f"{github()!r} {devops()!r}"
