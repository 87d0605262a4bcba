# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator inside the calling process: no socket, no TLS, the same `requests` session for all hosts.

session = in_process_session(EmulatorApp(world))
session.get("https://graph.microsoft.com/v1.0/organization", headers=...)
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from starlette.types import ASGIApp, Message, Receive
from urllib3 import HTTPHeaderDict, HTTPResponse

from emulator.faults.wire import EXTENSION

CLIENT = ("127.0.0.1", 50000)


def in_process_session(app: ASGIApp, *, client: tuple[str, int] = CLIENT) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", _Adapter(app, client))
    return session


class _Adapter(HTTPAdapter):
    def __init__(self, app: ASGIApp, client: tuple[str, int]) -> None:
        super().__init__()
        self._app = app
        self._client = client
        self._runner = asyncio.Runner()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        raw = self._runner.run(_ask(self._app, request, self._client))
        return self.build_response(request, raw)

    def close(self) -> None:
        self._runner.close()
        super().close()


class _NoWire:
    """What hanging up looks like from here; nobody waits."""

    async def hold(self, seconds: float, receive: Receive) -> None:
        pass

    async def keep_waiting(self, receive: Receive) -> None:
        raise requests.exceptions.ConnectionError("not answered for ever")

    async def close(self, receive: Receive) -> None:
        raise requests.exceptions.ConnectionError("closed without an answer")

    async def reset(self, receive: Receive) -> None:
        raise requests.exceptions.ConnectionError("connection reset")


async def _ask(app: ASGIApp, request: requests.PreparedRequest, client: tuple[str, int]) -> HTTPResponse:
    sent: list[Message] = []
    body = request.body or b""
    content = body.encode() if isinstance(body, str) else body

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(_scope(request, client), receive, send)
    return _raw_response(sent)


def _scope(request: requests.PreparedRequest, client: tuple[str, int]) -> dict[str, Any]:
    url = urlsplit(str(request.url))
    headers = CaseInsensitiveDict({"host": url.netloc, **request.headers})
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "https",
        "path": url.path,
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "headers": [(str(name).lower().encode(), str(value).encode()) for name, value in headers.items()],
        "client": client,
        "server": (url.hostname, url.port or 443),
        "extensions": {EXTENSION: _NoWire()},
    }


def _raw_response(sent: list[Message]) -> HTTPResponse:
    start = next(message for message in sent if message["type"] == "http.response.start")
    content = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    headers = HTTPHeaderDict()
    for name, value in start["headers"]:
        headers.add(name.decode(), value.decode())
    return HTTPResponse(io.BytesIO(content), headers, start["status"], preload_content=False)
