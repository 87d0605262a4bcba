# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import hashlib
import json
import typing as t
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import Consent
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    SecretStore,
    StoredWaiting,
)


def waiting_since(
    store: SecretStore | None,
    tenant_id: str,
    unique_name: str,
    asked: tuple[str | None, Consent],
    now: datetime,
    *,
    note: bool,
) -> datetime | None:
    """Since when somebody is asked to consent to just this; None where nobody is.

    `asked`: client id and plan. Asked for something else, or asked again after what stood in the way, it begins anew.
    `note`: the store remembers it.
    """
    if store is None:
        return None
    wanted, noted = _digest(*asked), store.waiting(tenant_id, unique_name)
    if wanted is not None and noted is not None and noted.asked == wanted:
        return noted.since
    if note:
        store.note_waiting(tenant_id, unique_name, StoredWaiting(now, wanted) if wanted else None)
    return now if wanted else None


def days(since: datetime | None, now: datetime) -> int | None:
    """Whole ones."""
    return None if since is None else max((now - since).days, 0)


def asked_for(permissions: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """What Microsoft's page asks consent for, which is all that is declared: `Mail.Send (application)`."""
    return [f"{entry['name']} ({entry['type']})" for entry in permissions if entry["declared"]]


def _digest(client_id: str | None, consent: Consent) -> str | None:
    if client_id is None or not consent.to_grant:
        return None
    asked = [client_id, asked_for(consent.change.after["permissions"])]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]
