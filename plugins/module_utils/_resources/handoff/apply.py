# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff.model import (
    Desired,
    WriteHandoff,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import Documents
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore, StoredSecret


def apply(documents: Documents, desired: Desired, change: Change[WriteHandoff]) -> None:
    for step in change.steps:
        documents.revise(step.name, lambda _before: desired.fields())
        documents.forget(step.name, lambda _earlier: True)


def note_handed_off(store: SecretStore, tenant_id: str, secrets: t.Mapping[str, StoredSecret], now: datetime) -> None:
    """`secrets`: by registration. From then on none of them is taken for one that nobody can be using."""
    for registration, secret in secrets.items():
        if secret.handed_off is None:
            store.revise(tenant_id, registration, secret.key_id, lambda held: held.handed_off_at(now))
