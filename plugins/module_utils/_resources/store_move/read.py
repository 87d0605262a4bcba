# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.store_move.model import Actual, Place
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.document_store import checked_document


def read(source: Place, target: Place, source_handoff: Place, target_handoff: Place, tenant_id: str) -> Actual:
    """Raises StoreError for what is no document of this tenant's."""
    found = (place.documents.read(place.name) for place in (source, target))
    former, now = (
        None if document is None else checked_document(document, tenant_id, place.where)
        for document, place in zip(found, (source, target), strict=True)
    )
    handoffs = (place.documents.read(place.name) for place in (source_handoff, target_handoff))
    return Actual(former, now, *handoffs)
