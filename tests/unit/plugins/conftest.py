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
    from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange.client import ExchangeClient
    from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient

CORE = "ansible_collections.totalview.exchange365.plugins.module_utils"
GRAPH_URL = "https://graph.example"
EXCHANGE_URL = "https://exchange.example"
TENANT = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21"

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
        if url.endswith("/$batch") and ("POST", "/$batch") not in self.script:
            return self._batch(url, kwargs)
        parts = urlsplit(url)
        path = unquote(parts.path).removeprefix("/v1.0").removeprefix("/beta")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.sent.append(Sent(method, path, query, kwargs.get("json"), kwargs["headers"]))
        assert f"{parts.scheme}://{parts.netloc}" == GRAPH_URL
        assert (method, path) in self.script, f"unexpected call: {method} {path}"
        answers = self.script[method, path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return _response(requests.Request(method, url, headers=kwargs["headers"]), *answer)

    def _batch(self, url: str, kwargs: dict[str, t.Any]) -> requests.Response:
        """Each item as if it had come alone."""
        base = url.removesuffix("/$batch")
        items = [
            (item["id"], self.request(item["method"], f"{base}{item['url']}", headers=kwargs["headers"]))
            for item in kwargs["json"]["requests"]
        ]
        answers = [{"id": id_, "status": answer.status_code, "body": _body(answer)} for id_, answer in items]
        return _response(requests.Request("POST", url, headers=kwargs["headers"]), 200, {"responses": answers})

    def calls(self, *methods: str) -> list[tuple[str, str]]:
        """What was sent, in order; only these methods where any is named."""
        return [(sent.method, sent.path) for sent in self.sent if not methods or sent.method in methods]

    def writes(self) -> list[tuple[str, str]]:
        return self.calls("POST", "PATCH", "DELETE")


@dataclass
class Invoked:
    """A cmdlet that was sent."""

    cmdlet: str
    parameters: dict[str, t.Any]
    url: str
    headers: dict[str, str]
    reads: bool


@dataclass
class ScriptedExchange:
    """An HttpClient without a network that speaks for Exchange Online: answers by cmdlet, where given by Identity."""

    sent: list[Invoked] = field(default_factory=list)
    script: dict[tuple[str, str | None], list[Answer]] = field(default_factory=dict)

    def on(self, cmdlet: str, *answers: Answer, identity: str | None = None) -> None:
        self.script[cmdlet, identity] = list(answers)

    def request(self, method: str, url: str, *, reads: bool = False, **kwargs: t.Any) -> requests.Response:
        assert method == "POST"
        if url.endswith("/$batch"):
            return self._batch(url, kwargs)
        assert url.startswith(f"{EXCHANGE_URL}/adminapi/beta/{TENANT}/InvokeCommand")
        (told,) = kwargs["json"].values()
        cmdlet, parameters = told["CmdletName"], told["Parameters"]
        self.sent.append(Invoked(cmdlet, parameters, url, kwargs["headers"], reads))
        exact = (cmdlet, parameters.get("Identity"))
        key = exact if exact in self.script else (cmdlet, None)
        assert key in self.script, f"unexpected call: {cmdlet} {parameters}"
        answers = self.script[key]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return _response(requests.Request(method, url, headers=kwargs["headers"]), *answer)

    def _batch(self, url: str, kwargs: dict[str, t.Any]) -> requests.Response:
        """Each item as if it had come alone."""
        items = [
            (item["id"], self.request("POST", item["url"], reads=True, json=item["body"], headers=item["headers"]))
            for item in kwargs["json"]["requests"]
        ]
        answers = [{"id": id_, "status": answer.status_code, "body": _body(answer)} for id_, answer in items]
        return _response(requests.Request("POST", url, headers=kwargs["headers"]), 200, {"responses": answers})

    def cmdlets(self, *verbs: str) -> list[str]:
        """What was run, in order; only these verbs where any is named."""
        return [sent.cmdlet for sent in self.sent if not verbs or sent.cmdlet.split("-")[0] in verbs]

    def writes(self) -> list[tuple[str, dict[str, t.Any]]]:
        return [(sent.cmdlet, sent.parameters) for sent in self.sent if not sent.cmdlet.startswith("Get-")]


def rows(*found: dict[str, t.Any]) -> Answer:
    return (200, {"value": list(found)})


def refusal(type_name: str, text: str = "Objektet blev ikke fundet.", status: int = 400) -> Answer:
    """As Exchange says it: three deep, the outer texts saying nothing, the inner one in the tenant's language."""
    return (
        status,
        {
            "error": {
                "code": "BadRequest",
                "message": "Invalid Operation",
                "details": [{"code": "Client", "target": "", "message": f"|{type_name}|{text}"}],
                "innererror": {
                    "message": "Invalid Operation",
                    "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
                    "internalexception": {"message": text, "type": type_name, "stacktrace": ""},
                },
            }
        },
    )


#: Exchange's word for an object that is absent.
MISSING = refusal("Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException", status=404)


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


def _body(response: requests.Response) -> t.Any:
    return json.loads(response.text) if response.text else None


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """For every test: waiting takes no time."""
    clock = Clock()
    monkeypatch.setattr(f"{CORE}._wait.time", clock)
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
    from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Api  # noqa: PLC0415
    from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient  # noqa: PLC0415

    return GraphClient(Api(t.cast(t.Any, http), GRAPH_URL, tokens))


@pytest.fixture
def exchange_http() -> ScriptedExchange:
    return ScriptedExchange()


@pytest.fixture
def exchange(exchange_http: ScriptedExchange, tokens: CountingTokens) -> ExchangeClient:
    from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Api  # noqa: PLC0415
    from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange.client import (  # noqa: PLC0415
        ExchangeClient,
    )

    return ExchangeClient(Api(t.cast(t.Any, exchange_http), EXCHANGE_URL, tokens), TENANT)


@pytest.fixture
def beta(http: ScriptedHttp, tokens: CountingTokens) -> GraphClient:
    from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Api  # noqa: PLC0415
    from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient  # noqa: PLC0415

    return GraphClient(Api(t.cast(t.Any, http), GRAPH_URL, tokens), "beta")
