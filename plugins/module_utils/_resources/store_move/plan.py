# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.store_move.model import (
    Actual,
    Clear,
    CopyHandoff,
    CopySecrets,
    NoteMoved,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.document_store import MOVED
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import Document


def plan(actual: Actual, where: str, *, clear: bool) -> Change[Step]:
    """`where`: the tenant's document in the store to move to. `clear`: nothing stays in the former one.

    Raises StoreError where it is not certain which of the two stores is the newer.
    """
    steps: list[Step] = []
    if actual.source is not None:
        if actual.moved not in (None, where):
            raise StoreError(
                f"The former store says that the tenant's secrets were moved to {actual.moved} before.",
                next_step="Name that store as the one to move from. Nothing was copied.",
                code="StoreMoved",
            )
        copies = _needs_copy(actual)
        if copies and actual.source_handoff is not None and actual.target_handoff is None:
            steps.append(CopyHandoff())
        if copies:
            steps.append(CopySecrets())
        if clear:
            steps.append(Clear())
        elif actual.moved is None:
            steps.append(NoteMoved())
    return Change(_view(actual), _view_after(actual, where, steps), tuple(steps))


def _needs_copy(actual: Actual) -> bool:
    source, target = actual.source, actual.target
    if target is None or (source is not None and MOVED in target):  # moved away once, and now back
        if actual.moved is not None:
            raise StoreError(
                f"The former store says that the tenant's secrets were moved to {actual.moved}, and there is nothing.",
                next_step="Bring that store back; what the former one has is of before. Nothing was copied.",
                code="StoreMoved",
            )
        return True
    if actual.moved is None and source is not None and not _key_ids(source) <= _key_ids(target):
        keys = ", ".join(sorted(key_id for _registration, key_id in _key_ids(source) - _key_ids(target)))
        raise StoreError(
            f"Both stores hold client secrets of this tenant, and the one to move to does not know {keys}.",
            next_step="Find out which of the two the runs have used, and go on with that one; nothing was copied.",
            code="StoresDiffer",
        )
    return False


def _key_ids(document: Document) -> set[tuple[str, str]]:
    """Of all secrets that a store knows, with their registration."""
    return {
        (registration, entry["key_id"])
        for registration, row in document["secrets"].items()
        for entry in (row, *row["retired"])
    }


def _view(actual: Actual) -> dict[str, t.Any]:
    return {"former": _told(actual.source), "store": _told(actual.target), "moved": actual.moved}


def _view_after(actual: Actual, where: str, steps: t.Sequence[Step]) -> dict[str, t.Any]:
    after = _view(actual)
    if CopySecrets() in steps:
        after["store"] = _told(actual.source)
    if NoteMoved() in steps:
        after["moved"] = where
    if Clear() in steps:
        after |= {"former": None, "moved": None}
    return after


def _told(document: Document | None) -> list[str] | None:
    """Key ids of the secrets whose values it holds."""
    return None if document is None else sorted(row["key_id"] for row in document["secrets"].values())
