# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A door before a real OpenBao server, at which single tenants' requests go wrong.

Whose a request is its token tells: each tenant has one of its own.
"""

from __future__ import annotations

import json
import socket
import ssl
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import requests
import trustme

from openbao import OpenBao


@dataclass(frozen=True)
class Trouble:
    """`status`: of the answer in the server's place; None: the connection is closed without one.

    `done`: the server got the request all the same. `lasts`: until somebody has seen to it; else it is over with this
    one request. `writes`: only these go wrong.
    """

    status: int | None
    body: str = ""
    done: bool = False
    lasts: bool = False
    writes: bool = True


@dataclass
class Door:
    """`set_`: by token the trouble, and at the how-manieth write it begins; `writes`: how many there were."""

    url: str = ""
    ca_file: str = ""
    set_: dict[str, tuple[int, Trouble]] = field(default_factory=dict)
    writes: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def trouble(self, token: str, *, writes: bool) -> Trouble | None:
        with self._lock:
            self.writes[token] += writes
            at, found = self.set_.get(token, (0, None))
            if found is None or self.writes[token] < at or not (writes or not found.writes):
                return None
            if not found.lasts:
                del self.set_[token]
            return found

    def mend(self) -> None:
        self.set_.clear()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    door: Door
    there: str
    session: requests.Session


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        server = cast("_Server", self.server)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        writes = self.command in ("POST", "PUT") and "/data/" in self.path
        trouble = server.door.trouble(self.headers.get("X-Vault-Token", ""), writes=writes)
        answer = None
        if trouble is None or trouble.done:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            answer = server.session.request(
                self.command, f"{server.there}{self.path}", data=body, headers=headers, allow_redirects=False
            )
        if trouble is None and answer is not None:
            self._answer(answer.status_code, answer.content)
        elif trouble is not None and trouble.status is not None:
            self._answer(trouble.status, trouble.body.encode())
        else:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PUT = do_DELETE = _pass_on

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """The test tells."""


@contextmanager
def door_of(server: OpenBao) -> Iterator[Door]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    session = requests.Session()
    session.trust_env, session.verify = False, server.ca_file
    with tempfile.TemporaryDirectory(prefix="door-") as folder, _Server(("127.0.0.1", 0), _Handler) as listening:
        ca_file = Path(folder, "ca.pem")
        authority.cert_pem.write_to_path(str(ca_file))
        listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
        listening.there, listening.session = server.url, session
        listening.door = Door(f"https://127.0.0.1:{listening.server_address[1]}", str(ca_file))
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield listening.door
        finally:
            listening.shutdown()


def refusal(text: str) -> str:
    """As Vault and OpenBao refuse."""
    return json.dumps({"errors": [text]})
