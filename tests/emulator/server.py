# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serving the emulator over TLS until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace

import uvicorn

from emulator.app import EmulatorApp
from emulator.faults.wire import WiredProtocol
from emulator.tls import TlsFiles

PARENT_CHECK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Listen:
    host: str
    port: int
    tls: TlsFiles
    exit_with_parent: bool
    wrong_port: int = 0


class _Server(uvicorn.Server):
    """Announces itself once its socket accepts connections."""

    def __init__(self, config: uvicorn.Config, announcement: str, listen: Listen) -> None:
        super().__init__(config)
        self._announcement = announcement
        self._listen = listen

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._listen.tls.wrong is not None:
            await self._listen_wrongly(self._listen.tls.wrong)
        print(self._announcement, flush=True)

    async def _listen_wrongly(self, context: ssl.SSLContext) -> None:
        """The whole emulator once more, so that the log tells on a client that does not look at certificates."""

        def protocol() -> asyncio.Protocol:
            return WiredProtocol(self.config, self.server_state, self.lifespan.state)

        sock = bound_socket(replace(self._listen, port=self._listen.wrong_port))
        self.servers.append(await asyncio.get_running_loop().create_server(protocol, sock=sock, ssl=context))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would send itself the signal again at the end, and so leave the temporary folder behind."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def leave_with(self, parent: int) -> None:
        """An orphan gets another parent: looked at from time to time, which works on every system."""
        while os.getppid() == parent:
            await asyncio.sleep(PARENT_CHECK_SECONDS)
        self.should_exit = True


def serve(app: EmulatorApp, listen: Listen) -> None:
    parent = os.getppid()
    sock = bound_socket(listen)
    shown_host = f"[{listen.host}]" if ":" in listen.host else listen.host
    announcement = {
        "url": f"https://{shown_host}:{sock.getsockname()[1]}",
        "ca_file": str(listen.tls.ca_file),
        "pid": os.getpid(),
    }
    server = _Server(_config(app, listen.tls), json.dumps(announcement), listen)
    asyncio.run(_run(server, sock, parent if listen.exit_with_parent else None))


def bound_socket(listen: Listen) -> socket.socket:
    """With the protocol named: asyncio turns Nagle's algorithm off only then, which saves 40 ms for each answer."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((listen.host, listen.port))
    return sock


def _config(app: EmulatorApp, tls: TlsFiles) -> uvicorn.Config:
    """No Date and Server headers of the server: the date is the emulator's own."""
    return uvicorn.Config(
        app,
        http=WiredProtocol,
        ws="none",
        lifespan="off",
        proxy_headers=False,
        access_log=False,
        log_level="warning",
        date_header=False,
        server_header=False,
        ssl_certfile=str(tls.certificate_file),
        ssl_keyfile=str(tls.key_file),
        timeout_keep_alive=60,
        # Idle connections of clients that do not answer the goodbye must not hold up the end.
        timeout_graceful_shutdown=0,
    )


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """At the end, whoever still waits for an answer that a fault holds back is sent away."""
    cancelled = record.exc_info is not None and record.exc_info[0] is asyncio.CancelledError
    return not cancelled and "timeout graceful shutdown exceeded" not in record.getMessage()


async def _run(server: _Server, sock: socket.socket, parent: int | None) -> None:
    logging.getLogger("uvicorn.error").addFilter(_is_worth_telling)
    watch = asyncio.create_task(server.leave_with(parent)) if parent is not None else None
    await server.serve(sockets=[sock])
    if watch is not None:
        watch.cancel()
