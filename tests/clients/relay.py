# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP proxy that stands between a client and the network: Microsoft's hosts are the emulator, others do not exist.

The proxy is every client's own setting, so that none has to be changed, or to know of the emulator.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

from emulator.tls import NAMES

LONGEST_HEAD = 16_384


class Relay(ThreadingTCPServer):
    """`refused`: hosts that somebody wanted to reach and that are not Microsoft's, or not emulated."""

    daemon_threads = True

    def __init__(self, emulator_url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        emulator = urlsplit(emulator_url)
        self.emulator = (str(emulator.hostname), int(emulator.port or 443))
        self.refused: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Tunnel(BaseRequestHandler):
    """One CONNECT, and from then on bytes in both directions."""

    server: Relay
    request: socket.socket

    def handle(self) -> None:
        asked = self._asked()
        host, _unused, port = asked.removeprefix("CONNECT ").partition(":")
        if not asked.startswith("CONNECT ") or port != "443" or not any(fnmatch(host, name) for name in NAMES):
            self.server.refused.append(asked)
            self.request.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(self.server.emulator) as emulator:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=(emulator, self.request), daemon=True)
            back.start()
            _pass_on(self.request, emulator)
            back.join()

    def _asked(self) -> str:
        """Method and target; nothing follows the head before it is answered."""
        head = b""
        while b"\r\n\r\n" not in head and len(head) < LONGEST_HEAD:
            part = self.request.recv(4096)
            if not part:
                break
            head += part
        return head.partition(b" HTTP/")[0].decode("latin-1")


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # either side may go at any time
        while part := source.recv(65_536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def relay_to(emulator_url: str) -> Iterator[Relay]:
    with Relay(emulator_url) as relay:
        thread = threading.Thread(target=relay.serve_forever, daemon=True)
        thread.start()
        try:
            yield relay
        finally:
            relay.shutdown()
            thread.join()
