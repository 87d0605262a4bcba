# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection below a request, for what ASGI has no words for: silence, hanging up, a reset."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol, cast

from starlette.types import Receive
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "emulator.wire"
INTERIM_ANSWER = b"HTTP/1.1 100 Continue\r\n\r\n"
INTERIM_SECONDS = 20


class Wire(Protocol):
    async def hold(self, seconds: float, receive: Receive) -> None:
        """Says nothing for so long, or until the client has gone."""

    async def keep_waiting(self, receive: Receive) -> None:
        """Says nothing that matters until the client has gone, however patient it is."""

    async def close(self, receive: Receive) -> None:
        """Hangs up in the orderly way."""

    async def reset(self, receive: Receive) -> None:
        """Hangs up with a TCP reset."""


class TransportWire:
    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    async def hold(self, seconds: float, receive: Receive) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _client_gone(receive)

    async def keep_waiting(self, receive: Receive) -> None:
        """Clients read over interim answers (RFC 9110, 15.2), and wait for the next byte anew."""
        gone = asyncio.create_task(_client_gone(receive))
        while not gone.done():
            self._transport.write(INTERIM_ANSWER)
            await asyncio.wait({gone}, timeout=INTERIM_SECONDS)

    async def close(self, receive: Receive) -> None:
        self._transport.close()
        await _client_gone(receive)

    async def reset(self, receive: Receive) -> None:
        """Lingering for no time at all is what makes a close a reset."""
        linger = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()
        await _client_gone(receive)


async def _client_gone(receive: Receive) -> None:
    """Until then the server would take a missing answer for a mistake of ours."""
    while (await receive())["type"] != "http.disconnect":
        pass


class WiredProtocol(HttpToolsProtocol):
    """Shows each request the connection that it came over."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)["extensions"] = {EXTENSION: TransportWire(self.transport)}


def wire_of(scope: Mapping[str, Any]) -> Wire:
    wire: Wire = scope["extensions"][EXTENSION]
    return wire
