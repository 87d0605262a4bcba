# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import secrets
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._duration import in_words, parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import SecretPolicy
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    RetiredSecret,
    StoredSecret,
)

LABEL_PREFIX = "totalview-exchange365"


@dataclass(frozen=True)
class Credential:
    """A passwordCredential of the application: everything but its value."""

    key_id: str
    label: str
    end: datetime


@dataclass(frozen=True)
class Desired:
    """`owner` marks the secrets that we may remove; `run` tells one run's secret from another's.

    `client_id`: of the registration, where it was located before. `replaces_lost`: a new secret is wanted although the
    store may have lost one that is in use. `delivered`, `revoked`: key ids of secrets that the connector has, and that
    have leaked; those of other applications among them say nothing here. `rotates`: also before it is due.
    `handed_off`: the hand-off has what the store holds, whether that was noted or not. `keep`, `remove`: key ids, in
    lower case, of other people's secrets that stay and that go; with `removes_others` all go that are neither kept nor
    labelled as some store's. `reads_reports`: Microsoft is asked when each secret was last used.
    """

    owner: str
    run: str
    valid_for: timedelta | None
    renew_before: timedelta
    overlap: timedelta
    client_id: str | None = None
    replaces_lost: bool = False
    delivered: frozenset[str] = frozenset()
    revoked: frozenset[str] = frozenset()
    rotates: bool = False
    handed_off: bool = False
    keep: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    removes_others: bool = False
    reads_reports: bool = False

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], address: str) -> t.Self:
        """From the module's options. `address`: the store's, which names the owner where no other is given."""
        owner = params["owner"] or address
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", owner):
            raise InputError(f"owner '{owner}' cannot be part of a secret's label.", next_step="See the option's form.")
        return cls(
            owner=owner,
            run=secrets.token_hex(6),
            valid_for=None if params["valid_for"] is None else parse_duration(params["valid_for"], "valid_for"),
            renew_before=parse_duration(params["renew_before"], "renew_before"),
            overlap=parse_duration(params["overlap"], "overlap"),
            client_id=params.get("client_id"),
            replaces_lost=params["lost_store"] == "replace",
            delivered=frozenset(id_.lower() for id_ in params["delivered"]),
            revoked=frozenset(id_.lower() for id_ in params["revoke"]),
            rotates=params["rotate"],
            handed_off=params["handed_off"],
            keep=frozenset(id_.lower() for id_ in params["keep"]),
            remove=frozenset(id_.lower() for id_ in params["remove"]),
            removes_others=params["foreign_credentials"] == "remove",
            reads_reports=params["sign_in_reports"],
        )

    @property
    def label_start(self) -> str:
        return f"{LABEL_PREFIX}/{self.owner}/"

    @property
    def label(self) -> str:
        return f"{self.label_start}{self.run}"


@dataclass(frozen=True)
class Actual:
    """`stored`: what the store holds for this very application. `id`: None while there is no application.

    `announced`: labels of the secrets that the store lately noted as about to be issued; `underway`: those of them that
    another run may be about to store. `used`: when Microsoft saw
    each secret used for the last time, by key id, as far as that was asked and is known. `reports_missing`: that was
    wanted, and the cloud does not tell it. `stops_removal`: why nothing is removed now, by the clocks.
    """

    now: datetime
    credentials: tuple[Credential, ...] = ()
    stored: StoredSecret | None = None
    policy: SecretPolicy | None = None
    id: str | None = None
    app_id: str | None = None
    young: bool = False
    announced: frozenset[str] = frozenset()
    underway: frozenset[str] = frozenset()
    used: t.Mapping[str, datetime] = field(default_factory=dict)
    reports_missing: bool = False
    stops_removal: str | None = None

    @property
    def current(self) -> Credential | None:
        """The credential that the store holds the value of; None where either side has lost it."""
        if self.stored is None:
            return None
        return next((entry for entry in self.credentials if entry.key_id == self.stored.key_id), None)


@dataclass(frozen=True)
class NoteDelivered:
    key_id: str

    def describe(self) -> str:
        return f"note secret {self.key_id} as delivered"


@dataclass(frozen=True)
class RemoveSecret:
    key_id: str
    reason: str

    def describe(self) -> str:
        return f"remove {self.reason} secret {self.key_id}"


@dataclass(frozen=True)
class IssueSecret:
    label: str
    start: datetime
    end: datetime
    retired: tuple[RetiredSecret, ...]

    def describe(self) -> str:
        return f"issue client secret valid for {in_words(self.end - self.start)}"


Step: t.TypeAlias = "NoteDelivered | RemoveSecret | IssueSecret"


@dataclass(frozen=True)
class TypeIn:
    """The secret that the connector is to have next.

    `before`: when the one ends that it may be using; None where that one has ended or is gone.
    """

    key_id: str
    before: datetime | None

    def view(self) -> dict[str, t.Any]:
        before = self.before.isoformat(timespec="seconds") if self.before else None
        return {"key_id": self.key_id, "before": before, "late": before is None}
