# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultSecret

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import Consent, GrantRole
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.waiting import (
    asked_for,
    days,
    waiting_since,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import Permission
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.document_store import DocumentStore
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_file import EncryptedFolder
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_file import JSON, VaultFiles
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import AnsibleVault

TENANT = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21"
NAME = "totalview-exchange365-mail"
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
GRANT = GrantRole(Permission("app", "Role", "id"), "resource", "Mail.Send")


def consent(*names: str, waits: bool = True) -> Consent:
    views = [{"name": name, "type": "application", "declared": True, "granted": False} for name in names]
    views.append({"name": "User.Read", "type": "delegated", "declared": False, "granted": True})
    return Consent(Change({}, {"permissions": views}, ()), waiting=(GRANT,) if waits else ())


ASKED = ("client", consent("Mail.Send"))


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    cipher = AnsibleVault([("default", VaultSecret(b"password"))], None)
    return DocumentStore(VaultFiles(EncryptedFolder(str(tmp_path), cipher), JSON))


def since(store: DocumentStore | None, asked: Any, now: datetime, *, note: bool = True) -> datetime | None:
    return waiting_since(store, TENANT, NAME, asked, now, note=note)


def test_it_is_counted_from_the_first_time(store: DocumentStore) -> None:
    assert since(store, ASKED, NOW) == NOW
    assert since(store, ASKED, NOW + 3 * DAY) == NOW
    assert days(NOW, NOW + 3 * DAY) == 3


@pytest.mark.parametrize("asked", [("other", ASKED[1]), ("client", consent("Mail.Send", "Mail.Read"))])
def test_what_else_is_asked_for_is_asked_for_anew(store: DocumentStore, asked: Any) -> None:
    since(store, ASKED, NOW)

    assert since(store, asked, NOW + DAY) == NOW + DAY
    assert since(store, asked, NOW + 2 * DAY) == NOW + DAY


@pytest.mark.parametrize(
    "asked",
    [
        ("client", consent("Mail.Send", waits=False)),
        ("client", replace(consent("Mail.Send", waits=False), withheld=(GRANT,))),
        (None, consent("Mail.Send")),
    ],
    ids=["granted", "withheld", "no application"],
)
def test_while_nobody_is_asked_nothing_is_counted_and_later_anew(store: DocumentStore, asked: Any) -> None:
    since(store, ASKED, NOW)

    assert since(store, asked, NOW + DAY) is None
    assert since(store, ASKED, NOW + 2 * DAY) == NOW + 2 * DAY


def test_a_check_notes_nothing(store: DocumentStore) -> None:
    assert since(store, ASKED, NOW, note=False) == NOW
    assert since(store, ASKED, NOW + DAY, note=False) == NOW + DAY


def test_without_a_store_nothing_is_known() -> None:
    assert since(None, ASKED, NOW) is None
    assert days(None, NOW) is None


def test_a_clock_that_went_back_counts_nothing() -> None:
    assert days(NOW, NOW - DAY) == 0


def test_all_that_is_declared_is_asked_for() -> None:
    assert asked_for(ASKED[1].change.after["permissions"]) == ["Mail.Send (application)"]
