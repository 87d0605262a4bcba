# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from collections import Counter
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import AmbiguityError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import not_removed
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import (
    APPLICATION,
    OWNER,
    SECRET,
    SERVICE_PRINCIPAL,
    Access,
    Known,
    Removal,
    RemoveAccess,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.ways import WAYS


def foreign(found: t.Iterable[Access], known: Known, now: datetime) -> tuple[Access, ...]:
    """What lets somebody in who is not us. What has expired lets nobody in."""
    living = [entry for entry in found if entry.end is None or entry.end > now]
    # Who adds a certificate chooses its key id, and who adds a secret its label: what two of them have proves nothing.
    ids = Counter(entry.id.lower() for entry in living if entry.kind != OWNER)
    labels = Counter(entry.name for entry in living if entry.kind == SECRET)
    return tuple(entry for entry in living if not _is_ours(entry, known, ids, labels))


def _is_ours(entry: Access, known: Known, ids: Counter[str], labels: Counter[str]) -> bool:
    id_ = entry.id.lower()
    if entry.kind == OWNER:
        return id_ in known.owners | known.kept
    if ids[id_] > 1:
        return False
    if id_ in known.kept:
        return True
    if entry.kind != SECRET or entry.place != APPLICATION:
        return False
    return id_ in known.key_ids or (entry.name in known.labels and labels[entry.name] == 1)


def removals(others: t.Iterable[Access], removal: Removal, now: datetime) -> tuple[RemoveAccess, ...]:
    """Owners first: they could add what goes after them. An application's own client secrets are client_secret's."""
    return () if removal.stopped else _due(others, removal, now)


def held_back(others: t.Iterable[Access], removal: Removal, now: datetime) -> tuple[str, ...]:
    """What would go, were it not for a clock that is wrong, in words."""
    due = _due(others, removal, now) if removal.stopped else ()
    return (not_removed(str(removal.stopped), (step.describe() for step in due)),) if due else ()


def _due(others: t.Iterable[Access], removal: Removal, now: datetime) -> tuple[RemoveAccess, ...]:
    wanted = [entry for entry in others if _is_to_go(entry, removal, now)]
    return tuple(RemoveAccess(entry) for entry in sorted(wanted, key=lambda entry: entry.kind != OWNER))


def _is_to_go(entry: Access, removal: Removal, now: datetime) -> bool:
    named = entry.id.lower() in removal.ids
    if entry.kind == OWNER or entry.kind in WAYS:
        return named
    if entry.kind == SECRET:
        ripe = removal.after is not None and removal.after <= now
        return entry.place == SERVICE_PRINCIPAL and ripe and (named or removal.credentials)
    return named or removal.credentials


def live(found: t.Iterable[Access], now: datetime) -> bool:
    """Whether somebody may sign in with one of them."""
    return any(entry.kind != OWNER and (entry.end is None or entry.end > now) for entry in found)


def told(entries: t.Iterable[Access], seen: t.Mapping[str, datetime]) -> tuple[str, ...]:
    """`seen`: since when, by id, as the store noted it."""
    return tuple(entry.describe(seen.get(entry.id.lower())) for entry in entries)


def finding(entries: t.Sequence[Access], seen: t.Mapping[str, datetime]) -> str:
    """What is found in every run, whether or not something is to be granted."""
    return (
        "Somebody else can sign in with this registration, or give themselves something to sign in with: "
        f"{'; '.join(told(entries, seen))}. {WAY_OUT}"
    )


WAY_OUT = (
    "Nothing is granted to it while that is so. An Application Administrator of the tenant finds out whose they are "
    "and removes them; those that you know you name by their ids: keep (in the role connector_adopt_credentials and "
    "connector_adopt_owners, under keep)."
)


def check_adoption(name: str, client_id: str | None, undecided: t.Sequence[Access]) -> None:
    """Raises AmbiguityError where somebody else could sign in with what is about to become ours: each is decided on."""
    if not undecided:
        return
    owners = [entry.id for entry in undecided if entry.kind == OWNER]
    ways = [entry for entry in undecided if entry.kind in WAYS]
    people = [entry for entry in undecided if entry not in ways]
    others = [entry.id for entry in undecided if entry.kind != OWNER]
    lists = (("adopt_credentials", others), ("adopt_owners", owners))
    wanted = " and ".join(f"{option} ({', '.join(dict.fromkeys(ids))})" for option, ids in lists if ids)
    lists_of = {
        "somebody else can sign in with it or give themselves something to sign in with": people,
        "it lets others in or out": ways,
    }
    found = ", and ".join(f"{what}: {'; '.join(told(entries, {}))}" for what, entries in lists_of.items() if entries)
    raise AmbiguityError(
        f"The application '{name}' (client id {client_id}) is to be adopted, and {found}.",
        next_step=f"Decide on each: name its id under keep or remove in {wanted}; nothing was written "
        "for this registration.",
        code="AdoptionUndecided",
        details=_details(undecided),
    )


def check_enabling(
    name: str, client_id: str | None, others: t.Sequence[Access], steps: t.Sequence[RemoveAccess]
) -> None:
    """Raises AmbiguityError: what is disabled lets nobody in, and enabling it is as good as a consent."""
    gone = {step.access for step in steps}
    left = [entry for entry in others if entry not in gone]
    if left:
        raise AmbiguityError(
            f"The registration '{name}' (client id {client_id}) stays disabled. {finding(left, {})}",
            next_step="Nothing was written for this registration.",
            code="ForeignCredentials",
            details=_details(left),
        )


def _details(entries: t.Iterable[Access]) -> list[dict[str, t.Any]]:
    return [{"kind": entry.kind, "place": entry.place, "id": entry.id, "name": entry.name} for entry in entries]
