# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._duration import parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import (
    Mode,
    is_mailbox_permission,
)

#: What became of a request to a mailbox: answered; refused for lack of access, by an access policy ("blocked") or
#: because the service sees no role in the token yet ("no_role"); or it is a mailbox that cannot answer.
Verdict = t.Literal["reached", "refused", "blocked", "no_role", "missing"]
Result = t.Literal["ok", "not_yet", "failed", "no_evidence"]


class Mailbox(t.NamedTuple):
    """`key`: its object id in Microsoft Entra. `address`: for people."""

    key: str
    address: str


@dataclass(frozen=True)
class Desired:
    """The first of `inside` that can answer must do so, that of `outside` must refuse."""

    unique_name: str
    permissions: tuple[str, ...]
    mode: Mode
    inside: tuple[Mailbox, ...]
    outside: tuple[Mailbox, ...]
    since: datetime | None
    delay: timedelta

    @property
    def roles(self) -> frozenset[str]:
        """What the token shall carry. In rbac mode Exchange decides by itself, and the token tells nothing of it."""
        if self.mode != "rbac":
            return frozenset(self.permissions)
        return frozenset(name for name in self.permissions if not is_mailbox_permission(name, self.mode))

    @property
    def without_probe(self) -> tuple[str, ...]:
        """What is restricted and cannot be tried: only calendars and sending are."""
        restricted = [
            name for name in self.permissions if self.mode != "none" and is_mailbox_permission(name, self.mode)
        ]
        return tuple(name for name in restricted if not name.startswith("Calendars.") and name != "Mail.Send")


@dataclass(frozen=True)
class Task:
    """A proof to be made: what is asked for, before mailboxes are chosen. Waits are how long to look again.

    `client_id`: of the registration, where it was located before.
    """

    unique_name: str
    permissions: tuple[str, ...]
    mode: Mode
    group: str | None
    mailbox: str | None
    since: datetime | None
    delay: timedelta
    sign_in_wait: timedelta
    exchange_wait: timedelta
    test_mail_to: str | None = None
    client_id: str | None = None

    def at_once(self) -> t.Self:
        """In check mode nobody waits."""
        return replace(self, sign_in_wait=timedelta(), exchange_wait=timedelta())

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], *, sends: bool) -> t.Self:
        """From the options of connector_proof. `sends`: a test mail, where one is asked for."""
        since = params.get("since")
        return cls(
            unique_name=params["unique_name"],
            permissions=tuple(params["permissions"]),
            mode=params["mode"],
            group=params["group"],
            mailbox=params["mailbox"],
            since=datetime.fromisoformat(since) if since else None,
            delay=parse_duration(params["enforcement_delay"], "enforcement_delay"),
            sign_in_wait=parse_duration(params["sign_in_wait"], "sign_in_wait"),
            exchange_wait=parse_duration(params["exchange_wait"], "exchange_wait"),
            test_mail_to=params["test_mail_to"] if sends else None,
            client_id=params.get("client_id"),
        )


@dataclass(frozen=True)
class Seen:
    """One request to a mailbox and its answer; `text` is Microsoft's. `mailbox`: its address."""

    permission: str
    mailbox: str
    verdict: Verdict
    text: str = ""


@dataclass(frozen=True)
class Evidence:
    """What was seen, signed in as the registration. `refusal`: why the sign-in did not succeed yet.

    `inside` and `outside`: of the first mailbox that could answer; where none could, of all that were asked.
    """

    now: datetime
    secret_since: datetime
    refusal: str | None = None
    roles: frozenset[str] = frozenset()
    inside: tuple[Seen, ...] = ()
    outside: tuple[Seen, ...] = ()

    def has_all(self, desired: Desired) -> bool:
        """Whether every service knows of the grants. In rbac mode the token carries none for mailboxes anyway."""
        known = desired.mode == "rbac" or all(seen.verdict != "no_role" for seen in self.inside)
        return self.refusal is None and self.roles >= desired.roles and known


@dataclass(frozen=True)
class Check:
    name: str
    result: Result
    detail: str

    def view(self) -> dict[str, str]:
        return dict(vars(self))


@dataclass(frozen=True)
class Judgement:
    checks: tuple[Check, ...]
    since: datetime
    try_again_at: datetime

    @property
    def state(self) -> t.Literal["proven", "waiting_for_exchange", "failed", "not_provable"]:
        results = {check.result for check in self.checks}
        if "failed" in results:
            return "failed"
        if "not_yet" in results:
            return "waiting_for_exchange"
        return "not_provable" if "no_evidence" in results else "proven"


@dataclass(frozen=True)
class RecordProof:
    unique_name: str

    def describe(self) -> str:
        return f"record the proof of {self.unique_name}"
