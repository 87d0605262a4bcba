# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.store_move.model import (
    Actual,
    Clear,
    CopyHandoff,
    CopySecrets,
    NoteMoved,
    Place,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.document_store import MOVED
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import Document


def apply(
    source: Place, target: Place, source_handoff: Place, target_handoff: Place, actual: Actual, change: Change[Step]
) -> None:
    """The note, and the removal, come when what was copied has been read back: who is killed before begins anew."""
    for step in change.steps:
        match step:
            case CopyHandoff():
                _copy(actual.source_handoff, actual.target_handoff, target_handoff)
            case CopySecrets():
                _copy(actual.source, actual.target, target)
            case NoteMoved():
                source.documents.revise(source.name, lambda document: {**(document or {}), MOVED: target.where})
            case Clear():
                source_handoff.documents.remove(source_handoff.name)
                source.documents.remove(source.name)


def _copy(document: Document | None, before: Document | None, target: Place) -> None:
    if document is None:
        return

    def revised(present: Document | None) -> Document:
        if present not in (before, document):
            raise StoreError(
                f"Another run has written {target.where} in the meantime.",
                next_step="Wait until it is over, and run again; nothing of it was written over.",
                code="StoreBusy",
            )
        return document

    target.documents.revise(target.name, revised)
    if target.documents.read(target.name) != document:
        raise StoreError(
            f"The store does not give back what was just written to {target.where}.",
            next_step="Check the store; the former one has everything as before.",
            code="StoreUnreliable",
        )
