# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._duration import parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient, Read
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import (
    TOKEN_LIFE,
    Access,
    Known,
    Removal,
    RemoveAccess,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.plan import (
    finding,
    foreign,
    live,
    told,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.read import (
    Found,
    read,
    reads,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.ways import undecided_ways
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import Application
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import located_reads
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    ANNOUNCED_FOR,
    SecretStore,
    StoredAccess,
)


@dataclass(frozen=True)
class Finding:
    """Who else can sign in. `seen`: since when, by id. `until`: how long tokens of what has gone may live.

    `present`: the ids of all that is there, ours too.
    """

    foreign: tuple[Access, ...] = ()
    seen: t.Mapping[str, datetime] = field(default_factory=dict)
    until: datetime | None = None
    live: bool = False
    present: frozenset[str] = frozenset()

    @property
    def findings(self) -> tuple[str, ...]:
        return (finding(self.foreign, self.seen),) if self.foreign else ()

    @property
    def told(self) -> tuple[str, ...]:
        return told(self.foreign, self.seen)

    def without(self, steps: t.Sequence[RemoveAccess], now: datetime) -> Finding:
        """As it will be when those are removed."""
        gone = {step.access for step in steps}.intersection(self.foreign)
        left = tuple(entry for entry in self.foreign if entry not in gone)
        return replace(self, foreign=left, until=now + TOKEN_LIFE) if gone else self


class Gate:
    """Asked before each grant or role, and once after it: nothing is given to what somebody else can sign in with.

    `store`: None in a playbook without one; then only what `owners` and `keep` name is known.
    """

    def __init__(
        self,
        tenant: Tenant,
        store: SecretStore | None,
        unique_name: str,
        *,
        owners: t.Iterable[str] = (),
        keep: t.Iterable[str] = (),
    ) -> None:
        self._tenant = tenant
        self._store = store
        self._unique_name = unique_name
        self._owners = frozenset(owner.lower() for owner in (*owners, tenant.principal_id) if owner)
        self._found = Found()
        self._kept = frozenset(id_.lower() for id_ in keep)

    @classmethod
    def from_params(cls, tenant: Tenant, store: SecretStore | None, params: t.Mapping[str, t.Any]) -> t.Self:
        """From the options of a module."""
        return cls(tenant, store, params["unique_name"], owners=params["owners"], keep=params["keep"])

    def look(
        self,
        client_id: str | None,
        *,
        note: bool,
        also: t.Callable[[str], t.Iterable[Read]] = lambda _principal_id: (),
    ) -> Finding:
        """`note`: whether the store remembers what is found. `also`: what is read in the same batch."""
        graph = self._tenant.graph
        self._found = read(graph, self._unique_name, client_id, also)
        found = self._found.entries
        others = foreign(found, self._known(client_id), graph.now)
        before = StoredAccess() if self._store is None else self._store.access(*self._place)
        after = noted(before, others, found, graph.now)
        if note and self._store is not None:
            self._store.note_access(*self._place, after)
        until = after.gone and after.gone + TOKEN_LIFE
        return Finding(
            others,
            after.seen,
            until if until and until > graph.now else None,
            live(found, graph.now),
            frozenset(entry.id.lower() for entry in found),
        )

    @property
    def _place(self) -> tuple[str, str]:
        return self._tenant.directory_id, self._unique_name

    def look_again(self, client_id: str | None) -> Finding:
        """What has come since, in one batch."""
        application_id, principal_id, _entries = self._found
        lists = reads(application_id, principal_id) if application_id else []
        self._tenant.graph.read_ahead([*located_reads(self._unique_name, client_id), *lists])
        return self.look(client_id, note=True)

    def _known(self, client_id: str | None) -> Known:
        if self._store is None:
            return Known(owners=self._owners, kept=self._kept)
        # Asked for first, and after the application: what another run has issued is in the store by now, or announced.
        notes = self._store.announced(*self._place)
        secret = self._store.read(*self._place)
        # The secret of an application that was deleted and made anew is none of this one's.
        held = secret if secret is not None and secret.client_id.lower() == (client_id or "").lower() else None
        now = self._tenant.graph.now
        announced = [row.label for row in notes if now - row.at < ANNOUNCED_FOR]
        return Known(
            key_ids=frozenset({held.key_id, *(old.key_id for old in held.retired)}) if held else frozenset(),
            labels=frozenset(announced),
            owners=self._owners,
            kept=self._kept,
        )


def with_ways(
    graph: GraphClient,
    found: Finding,
    application: Application | None,
    params: t.Mapping[str, t.Any],
    *,
    taken_over: bool,
) -> tuple[Access, ...]:
    """Who else can sign in, and what else has to be decided on where the application is taken over, or is to go."""
    named = {id_.lower() for id_ in params["remove"]}
    if application is None or not (taken_over or named - found.present):
        return found.foreign
    keep = [id_.lower() for id_ in params["keep"]]
    return (*found.foreign, *undecided_ways(graph, application.id, keep))


def noted(before: StoredAccess, others: t.Iterable[Access], found: t.Iterable[Access], now: datetime) -> StoredAccess:
    """What the store remembers. What is still there and was decided to be kept has not gone."""
    seen = {entry.id.lower(): before.seen.get(entry.id.lower(), now) for entry in others}
    present = {entry.id.lower() for entry in found}
    went = any(id_ not in present for id_ in before.seen)
    return StoredAccess(seen, now if went else before.gone)


def removal(store: SecretStore | None, tenant: Tenant, params: t.Mapping[str, t.Any]) -> Removal:
    """What the options of azure_app_registration say, and when ours was typed in long enough ago."""
    secret = store.read(tenant.directory_id, params["unique_name"]) if store is not None else None
    delivered = secret.delivered if secret is not None else None
    overlap = parse_duration(params["overlap"], "overlap")
    return Removal.from_params(params, delivered + overlap if delivered else None, tenant.clock.stops_removal)
