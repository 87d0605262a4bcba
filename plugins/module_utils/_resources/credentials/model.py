# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

SECRET = "client secret"
CERTIFICATE = "certificate"
FEDERATED = "federated credential"
OWNER = "owner"

APPLICATION = "application"
SERVICE_PRINCIPAL = "service principal"

#: The longest life of a token: 24 to 28 h where client and resource do continuous access evaluation
#: (learn.microsoft.com/entra/identity-platform/configurable-token-lifetimes). Nothing revokes one before.
TOKEN_LIFE = timedelta(hours=28)


@dataclass(frozen=True)
class Access:
    """One credential or owner: who has it signs in as the registration, or gives itself something to sign in with.

    `start`: as Graph tells it, which knows none of federated credentials and owners. `end`: None where it has none.
    """

    kind: str
    place: str
    id: str
    name: str = ""
    start: str | None = None
    end: datetime | None = None

    def describe(self, first_seen: datetime | None = None) -> str:
        name = f" '{self.name}'" if self.name else ""
        since = (
            f", since {self.start[:10]}" if self.start else f", seen since {first_seen:%Y-%m-%d}" if first_seen else ""
        )
        return f"{self.kind} {self.id}{name} of the {self.place}{since}"


@dataclass(frozen=True)
class Known:
    """What is ours: key ids that the store holds and labels that it announced; owners that somebody named.

    `kept`: ids of what somebody decided to keep.
    """

    key_ids: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RemoveAccess:
    access: Access

    def describe(self) -> str:
        return f"remove {self.access.describe()}"


@dataclass(frozen=True)
class Removal:
    """What somebody decided to have removed. `ids`: in lower case. `credentials`: also all other foreign credentials.

    A client secret goes only `after`: the connector may be using it until ours was typed in; None while it is not.
    `stopped`: why nothing is removed now, by the clocks.
    """

    ids: frozenset[str] = frozenset()
    credentials: bool = False
    after: datetime | None = None
    stopped: str | None = None

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], after: datetime | None, stopped: str | None = None) -> t.Self:
        ids = frozenset(id_.lower() for id_ in params["remove"])
        return cls(ids, params["foreign_credentials"] == "remove", after, stopped)
