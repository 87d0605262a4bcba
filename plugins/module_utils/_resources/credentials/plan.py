# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from collections import Counter
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import (
    APPLICATION,
    OWNER,
    SECRET,
    Access,
    Known,
)


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
