# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the connection: the answer is late, slow or never comes. And the client's sudden death."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar, Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.call import Answer, Call
from emulator.faults.family import kill_family
from emulator.faults.model import AnsweredOtherwise, BadFault, Fault, Next, outcome
from emulator.faults.wire import wire_of

# The status of what was never answered, for the log.
NO_STATUS = 0


@dataclass(frozen=True, slots=True)
class HangUp:
    """Instead of an answer."""

    seconds: float = 0.0
    reset: bool = False

    async def __call__(self, answer: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        wire = wire_of(scope)
        if self.seconds:
            await wire.hold(self.seconds, receive)
        await (wire.reset(receive) if self.reset else wire.close(receive))


@dataclass(frozen=True, slots=True)
class Trickle:
    """One byte of the body at a time; what is left after `seconds` comes at once."""

    seconds_per_byte: float
    seconds: float

    async def __call__(self, answer: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        wire, slow_bytes = wire_of(scope), int(self.seconds / self.seconds_per_byte)

        async def send_slowly(message: Message) -> None:
            if message["type"] != "http.response.body":
                return await send(message)
            body = message.get("body", b"")
            for index in range(min(slow_bytes, len(body))):
                await send({**message, "body": body[index : index + 1], "more_body": True})
                await wire.hold(self.seconds_per_byte, receive)
            return await send({**message, "body": body[slow_bytes:]})

        await answer(scope, receive, send_slowly)


@dataclass(frozen=True, kw_only=True)
class Refuse(Fault):
    needs_connection: ClassVar[bool] = True

    async def inject(self, call: Call, go_on: Next) -> Answer:
        return Answer(NO_STATUS, delivery=HangUp())


@dataclass(frozen=True, kw_only=True)
class ResetBefore(Fault):
    needs_connection: ClassVar[bool] = True

    async def inject(self, call: Call, go_on: Next) -> Answer:
        return Answer(NO_STATUS, delivery=HangUp(reset=True))


@dataclass(frozen=True, kw_only=True)
class ResetAfter(Fault):
    """The log has the answer that was lost."""

    needs_connection: ClassVar[bool] = True

    async def inject(self, call: Call, go_on: Next) -> Answer:
        answer = await outcome(call, go_on)
        answer.delivery = HangUp(reset=True)
        return answer


@dataclass(frozen=True, kw_only=True)
class Timeout(AnsweredOtherwise):
    needs_connection: ClassVar[bool] = True
    seconds: float

    def told(self, call: Call, done: Answer | None) -> Answer:
        answer = done or Answer(NO_STATUS)
        answer.delivery = HangUp(self.seconds)
        return answer


@dataclass(frozen=True, kw_only=True)
class Drip(Fault):
    needs_connection: ClassVar[bool] = True
    seconds_per_byte: float
    seconds: float = 60.0

    async def inject(self, call: Call, go_on: Next) -> Answer:
        answer = await outcome(call, go_on)
        answer.delivery = Trickle(self.seconds_per_byte, self.seconds)
        return answer


@dataclass(frozen=True, slots=True)
class Park:
    """No answer for as long as the client lives."""

    async def __call__(self, answer: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await wire_of(scope).keep_waiting(receive)


@dataclass(frozen=True, kw_only=True)
class Kill(Fault):
    """Ends the client with all that it has started: what a power cut leaves behind, at a moment that can be chosen.

    `gather`: so many of its requests are held first, so that one death is a crash at many places.
    """

    needs_connection: ClassVar[bool] = True
    pgid: int
    when: Literal["before", "after"] = "before"
    gather: int = 1

    def __post_init__(self) -> None:
        if self.pgid == os.getpgrp():
            raise BadFault("pgid: the emulator is in that process group itself")

    async def inject(self, call: Call, go_on: Next) -> Answer:
        answer = await outcome(call, go_on) if self.when == "after" else Answer(NO_STATUS)
        if call.world.faults.park(self.pgid) < self.gather:
            answer.delivery = Park()
        else:
            kill_family(self.pgid)
            answer.delivery = HangUp()
        return answer
