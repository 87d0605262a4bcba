# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each service says that it cannot, or not now."""

from __future__ import annotations

from emulator.call import Answer, Body, Call
from emulator.exchange.errors import ExchangeError
from emulator.graph.errors import GraphError
from emulator.identity.errors import SignInRefused
from emulator.key_vault.errors import VaultError

IDENTITY_TRANSIENT = 90033
IDENTITY_THROTTLED = 90055
_GRAPH_CODES = {500: "InternalServerError", 503: "ServiceUnavailable", 504: "GatewayTimeout"}


def throttled(call: Call) -> Answer:
    if call.service.name == "identity":
        return SignInRefused(IDENTITY_THROTTLED).answer(call)
    if call.service.name == "exchange":
        return _exchange(429, "TooManyRequests", "Please retry again later.")
    if call.service.name == "key_vault":
        return VaultError(
            429, "Throttled", "Request was not processed because too many requests were received."
        ).answer(call)
    return Answer(429, _throttled_body(call))


def _throttled_body(call: Call) -> Body:
    """The sample of learn.microsoft.com/graph/throttling: here innerError has code, message and status as well."""
    inner = {
        "code": "429",
        "date": call.world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "message": "Please retry after",
        "request-id": call.request_id,
        "status": "429",
    }
    return {"error": {"code": "TooManyRequests", "innerError": inner, "message": "Please retry again later."}}


def failed(call: Call, status: int) -> Answer:
    """Which code Graph gives is not documented; clients go by the status."""
    message = "The service is temporarily unable to process the request."
    if call.service.name == "identity":
        answer = SignInRefused(IDENTITY_TRANSIENT).answer(call)
        answer.status = status
        return answer
    if call.service.name == "exchange":
        return _exchange(status, _GRAPH_CODES[status], message)
    if call.service.name == "key_vault":
        return VaultError(status, _GRAPH_CODES[status], message).answer(call)
    return GraphError(status, _GRAPH_CODES[status], message).answer(call)


def concurrent(call: Call) -> Answer:
    if call.service.name == "exchange":
        return ExchangeError("too_busy").answer(call)
    message = "Error due to concurrent requests being made to the tenant. Please wait briefly and retry."
    return GraphError(409, "Directory_ConcurrencyViolation", message).answer(call)


def _exchange(status: int, code: str, text: str) -> Answer:
    """Without details: Exchange's front door says no before any cmdlet runs."""
    return Answer(status, {"error": {"code": code, "message": text}}, {"content-type": "application/json"})
