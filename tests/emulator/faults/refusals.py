# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that are answers: throttling, outages, and refusals that are not what they seem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from emulator.call import Answer, Call, MalformedBody
from emulator.exchange.errors import ExchangeError
from emulator.faults import forms
from emulator.faults.model import AnsweredOtherwise, Fault, Next
from emulator.graph.errors import not_found, of_conflict
from emulator.graph.keys import parse_key
from emulator.graph.store.conflicts import Conflict, Reason

if TYPE_CHECKING:
    from emulator.world import Tenant

RetryAfter = float | str | None
AHEAD = "date:+"


@dataclass(frozen=True, kw_only=True)
class Throttle(Fault):
    """Graph's own sample has a fraction in `Retry-After`; RFC 9110 allows a date; identity gives none at times."""

    retry_after: RetryAfter = 1

    async def inject(self, call: Call, go_on: Next) -> Answer:
        return _with_retry_after(call, forms.throttled(call), self.retry_after)


@dataclass(frozen=True, kw_only=True)
class Unavailable(AnsweredOtherwise):
    status: Literal[503, 504] = 503
    retry_after: RetryAfter = None

    def told(self, call: Call, done: Answer | None) -> Answer:
        return _with_retry_after(call, forms.failed(call, self.status), self.retry_after)


@dataclass(frozen=True, kw_only=True)
class ServerError(AnsweredOtherwise):
    """Two changes of credentials in quick succession are where it was met (nais/azurerator issue 448)."""

    usual: ClassVar[Mapping[str, Any]] = {"service": "graph", "path": "/(add|remove)Password$"}

    def told(self, call: Call, done: Answer | None) -> Answer:
        return forms.failed(call, 500)


@dataclass(frozen=True, kw_only=True)
class Concurrency(Fault):
    usual: ClassVar[Mapping[str, Any]] = {"writes_only": True}

    def applies(self, call: Call, tenant: Tenant | None) -> bool:
        return call.service.name in ("graph", "exchange")

    async def inject(self, call: Call, go_on: Next) -> Answer:
        return forms.concurrent(call)


@dataclass(frozen=True, kw_only=True)
class Unheard(AnsweredOtherwise):
    """A directory server of Exchange that has not heard of a fresh object (CIPP issue 3535).

    `parameter`: whose value is said not to be found; by default the cmdlet's Name, that is what it was told to make.
    """

    usual: ClassVar[Mapping[str, Any]] = {"service": "exchange", "writes_only": True}
    parameter: str = "Name"

    def applies(self, call: Call, tenant: Tenant | None) -> bool:
        return call.service.name == "exchange"

    def told(self, call: Call, done: Answer | None) -> Answer:
        parameters = call.json()["CmdletInput"]["Parameters"]
        return ExchangeError("not_found", str(parameters.get(self.parameter, ""))).answer(call)


@dataclass(frozen=True, kw_only=True)
class Misleading(Fault):
    """What Graph says of objects that have not reached the replica that answers."""

    which: Literal["resource_not_found", "appid_not_valid", "backing_application", "not_a_valid_reference"]

    def applies(self, call: Call, tenant: Tenant | None) -> bool:
        return call.service.name == "graph" and _MISLED[self.which](call)

    async def inject(self, call: Call, go_on: Next) -> Answer:
        if self.which == "resource_not_found":
            raise not_found(parse_key(call.params["key"])[1])
        raise of_conflict(Conflict(_REASONS[self.which], _named_app_id(call)))


_REASONS = {
    "appid_not_valid": Reason.NO_SUCH_APPLICATION,
    "backing_application": Reason.BACKING_APPLICATION_ELSEWHERE,
    "not_a_valid_reference": Reason.NOT_A_VALID_REFERENCE,
}


def _names_an_object(call: Call) -> bool:
    return "key" in call.params


def _makes_a_service_principal(call: Call) -> bool:
    return call.method == "POST" and call.path == "/servicePrincipals"


def _grants(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith(("/appRoleAssignments", "/appRoleAssignedTo"))


_MISLED: Mapping[str, Callable[[Call], bool]] = {
    "resource_not_found": _names_an_object,
    "appid_not_valid": _makes_a_service_principal,
    "backing_application": _makes_a_service_principal,
    "not_a_valid_reference": _grants,
}


def _named_app_id(call: Call) -> str:
    try:
        return str(call.json().get("appId", ""))
    except MalformedBody:
        return ""


def _with_retry_after(call: Call, answer: Answer, wanted: RetryAfter) -> Answer:
    if isinstance(wanted, str):
        moment = call.now() + timedelta(seconds=float(wanted.removeprefix(AHEAD)))
        answer.headers["retry-after"] = format_datetime(moment, usegmt=True)
    elif wanted is not None:
        answer.headers["retry-after"] = f"{wanted:g}"
    return answer
