# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that say which answer comes: of the sign-in by its code, of a mailbox, or word by word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator.call import Answer, Call
from emulator.faults.model import AnsweredOtherwise, BadFault, Fault, Next
from emulator.graph.errors import GraphError
from emulator.graph.keys import parse_key
from emulator.graph.store.records import Kind
from emulator.graph.store.resources import EXCHANGE, GRAPH, resources
from emulator.identity.errors import FORMS, SignInRefused

if TYPE_CHECKING:
    from emulator.world import Tenant

_AUDIENCES = {"graph": GRAPH, "exchange": EXCHANGE}
_MAILBOX = re.compile(r"/users/[^/]+/(calendarView|events|sendMail)$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class RefuseSignIn(Fault):
    """`client`: whose sign-in; `audience`: for a token of which service. `subject`: what the code's text names."""

    code: int
    client: str = ""
    audience: str = ""
    subject: str = ""

    def __post_init__(self) -> None:
        if self.code not in FORMS:
            raise BadFault(f"code: no text is known of AADSTS{self.code}; known: {', '.join(map(str, sorted(FORMS)))}")

    def applies(self, call: Call, tenant: Tenant | None) -> bool:
        if call.service.name != "identity" or not call.path.endswith("/token"):
            return False
        form = call.form()
        if self.client and form.get("client_id", "").lower() != self.client.lower():
            return False
        return not self.audience or self._wants(call, form.get("scope", ""))

    def _wants(self, call: Call, scope: str) -> bool:
        name = scope.partition("/.default")[0].rstrip("/").lower()
        own = self.audience == "graph" and name == call.origin.lower()
        return own or name in resources()[_AUDIENCES[self.audience]].names

    async def inject(self, call: Call, go_on: Next) -> Answer:
        raise SignInRefused(self.code, self.subject or call.form().get("client_id", ""))


@dataclass(frozen=True, kw_only=True)
class RefuseMailbox(Fault):
    """What calendars and mail answer. `mailbox`: one person's only; `client`: to one application only."""

    status: int = 403
    code: str = "ErrorAccessDenied"
    message: str = "Access is denied. Check credentials and try again."
    mailbox: str = ""
    client: str = ""

    def applies(self, call: Call, tenant: Tenant | None) -> bool:
        if tenant is None or call.service.name != "graph" or not _MAILBOX.search(call.path):
            return False
        if self.client and _client_of(call) != self.client.lower():
            return False
        return not self.mailbox or self.mailbox.lower() in _names_of(call, tenant)

    async def inject(self, call: Call, go_on: Next) -> Answer:
        raise GraphError(self.status, self.code, self.message)


def _client_of(call: Call) -> str:
    token = call.headers.get("authorization", "").partition(" ")[2].strip()
    claims = call.world.signing_key.claims(token)
    return str(claims["appid"]).lower() if claims else ""


def _names_of(call: Call, tenant: Tenant) -> set[str]:
    _name, value = parse_key(call.path.split("/")[2])
    users = (tenant.directory.find_live(Kind.USER, key, value) for key in ("id", "userPrincipalName"))
    found = next((user for user in users if user is not None), None)
    return {value.lower()} | ({found.id, str(found.true.body["userPrincipalName"]).lower()} if found else set())


@dataclass(frozen=True, kw_only=True)
class Answered(AnsweredOtherwise):
    """An answer word by word. `body`: JSON, or a text as it is."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def told(self, call: Call, done: Answer | None) -> Answer:
        given = {name.lower(): value for name, value in self.headers.items()}
        kind = "text/html; charset=utf-8" if isinstance(self.body, str) else "application/json"
        return Answer(self.status, self.body, {"content-type": kind, **given})
