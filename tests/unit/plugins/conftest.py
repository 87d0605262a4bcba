# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several unit tests share: a clock that never waits, and a Graph client whose answers a test writes down."""

from __future__ import annotations

import io
import json
import typing as t
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests

if t.TYPE_CHECKING:
    from ansible_collections.totalview.exchange365.plugins.module_utils._graph.client import GraphClient

CORE = "ansible_collections.totalview.exchange365.plugins.module_utils"
GRAPH_URL = "https://graph.example"

#: Status, body (text is sent as it is, anything else as JSON) and headers.
Answer = tuple[int] | tuple[int, t.Any] | tuple[int, t.Any, dict[str, str]]


class Clock:
    """Stands in for the module `time`: sleeping costs nothing and moves the clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Sent:
    method: str
    path: str
    query: dict[str, str]
    body: t.Any
    headers: dict[str, str]


@dataclass
class ScriptedHttp:
    """An HttpClient without a network: each call gets its next answer, the last one again and again."""

    sent: list[Sent] = field(default_factory=list)
    script: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)

    def on(self, method: str, path: str, *answers: Answer) -> None:
        """`path` as the core gives it to the client, without host, version and query."""
        self.script[method, path] = list(answers)

    def request(self, method: str, url: str, **kwargs: t.Any) -> requests.Response:
        parts = urlsplit(url)
        path = unquote(parts.path).removeprefix("/v1.0")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.sent.append(Sent(method, path, query, kwargs.get("json"), kwargs["headers"]))
        assert f"{parts.scheme}://{parts.netloc}" == GRAPH_URL
        assert (method, path) in self.script, f"unexpected call: {method} {path}"
        answers = self.script[method, path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return _response(requests.Request(method, url, headers=kwargs["headers"]), *answer)

    def calls(self, *methods: str) -> list[tuple[str, str]]:
        """What was sent, in order; only these methods where any is named."""
        return [(sent.method, sent.path) for sent in self.sent if not methods or sent.method in methods]

    def writes(self) -> list[tuple[str, str]]:
        return self.calls("POST", "PATCH", "DELETE")


@dataclass
class Bearer:
    value: str


@dataclass
class CountingTokens:
    """Tokens `token-0`, `token-1` ...: another one with each renewal."""

    renewals: int = 0
    audiences: set[str] = field(default_factory=set)

    def token(self, resource_url: str) -> Bearer:
        self.audiences.add(resource_url)
        return Bearer(f"token-{self.renewals}")

    def renew(self, resource_url: str) -> Bearer:
        self.renewals += 1
        return self.token(resource_url)


def _response(
    request: requests.Request, status: int, body: t.Any = None, headers: dict[str, str] | None = None
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers or {})
    response.request = request.prepare()
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    response.raw = io.BytesIO(text.encode())
    return response


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """For every test: waiting for replication takes no time."""
    clock = Clock()
    monkeypatch.setattr(f"{CORE}._graph.replication.time", clock)
    return clock


@pytest.fixture
def http() -> ScriptedHttp:
    return ScriptedHttp()


@pytest.fixture
def tokens() -> CountingTokens:
    return CountingTokens()


@pytest.fixture
def graph(http: ScriptedHttp, tokens: CountingTokens) -> GraphClient:
    # Where only this folder is tested, pytest reads this file before the collection can be imported.
    from ansible_collections.totalview.exchange365.plugins.module_utils._api import Api  # noqa: PLC0415
    from ansible_collections.totalview.exchange365.plugins.module_utils._graph.client import GraphClient  # noqa: PLC0415

    return GraphClient(Api(t.cast(t.Any, http), GRAPH_URL, tokens))
