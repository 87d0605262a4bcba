# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy that leads every https address to the emulator, which has a certificate with Microsoft's own host names."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import cast
from urllib.parse import urlsplit

from emulator.launch import Emulator


@dataclass
class Proxy:
    """`asked`: the hosts that clients wanted to reach."""

    url: str = ""
    asked: set[str] = field(default_factory=set)


class _Server(ThreadingTCPServer):
    daemon_threads = True
    proxy: Proxy
    target: tuple[str, int]


class _Handler(StreamRequestHandler):
    def handle(self) -> None:
        server = cast("_Server", self.server)
        method, address, *_version = self.rfile.readline().decode("latin-1").split()
        while self.rfile.readline().strip():
            pass
        if method != "CONNECT":
            self.wfile.write(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
            return
        server.proxy.asked.add(address.rpartition(":")[0].lower())
        # A connection that either side breaks off is broken off.
        with suppress(OSError), socket.create_connection(server.target) as there:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _pass_on(self.connection, there)


def _pass_on(here: socket.socket, there: socket.socket) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(here, selectors.EVENT_READ, there)
        selector.register(there, selectors.EVENT_READ, here)
        while True:
            for key, _events in selector.select():
                content = cast("socket.socket", key.fileobj).recv(65536)
                if not content:
                    return
                key.data.sendall(content)


@contextmanager
def everything_leads_to(emulator: Emulator) -> Iterator[Proxy]:
    parts = urlsplit(emulator.url)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.target = (str(parts.hostname), int(parts.port or 443))
        server.proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.proxy
        finally:
            server.shutdown()
