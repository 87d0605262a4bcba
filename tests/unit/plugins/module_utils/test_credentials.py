# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who else can sign in with a registration."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.check import noted
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import (
    APPLICATION,
    CERTIFICATE,
    FEDERATED,
    OWNER,
    SECRET,
    SERVICE_PRINCIPAL,
    Access,
    Known,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.plan import (
    finding,
    foreign,
    live,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredAccess

NOW = datetime(2026, 11, 27, tzinfo=UTC)
DAY = timedelta(days=1)
OURS = Access(SECRET, APPLICATION, "Key-1", "totalview-exchange365/acme/1", "2026-11-01T00:00:00Z", NOW + DAY)
KNOWN = Known(key_ids=frozenset({"key-1"}), labels=frozenset({"announced"}), owners=frozenset({"ann"}))
STRANGERS = [
    Access(kind, place, "other", end=end)
    for kind, places, end in (
        (SECRET, (APPLICATION, SERVICE_PRINCIPAL), NOW + DAY),
        (CERTIFICATE, (APPLICATION, SERVICE_PRINCIPAL), NOW + DAY),
        (FEDERATED, (APPLICATION,), None),
        (OWNER, (APPLICATION, SERVICE_PRINCIPAL), None),
    )
    for place in places
]


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda entry: f"{entry.kind} of the {entry.place}")
def test_each_kind_in_each_place_is_seen_and_named(stranger):
    found = foreign((OURS, stranger), KNOWN, NOW)

    assert found == (stranger,)
    assert stranger.describe() in finding(found, {})
    assert "seen since 2026-11-27" in finding(found, {"other": NOW})
    assert foreign((OURS, stranger), replace(KNOWN, kept=frozenset({"other"})), NOW) == ()


@pytest.mark.parametrize("end", [NOW, NOW - DAY])
def test_what_has_expired_lets_nobody_in(end):
    expired = replace(STRANGERS[0], end=end)

    assert foreign((expired,), KNOWN, NOW) == ()
    assert not live((expired,), NOW)


def test_the_key_id_of_our_secret_proves_nothing_elsewhere():
    """Whoever adds a certificate chooses its key id."""
    for kind, place in ((CERTIFICATE, APPLICATION), (SECRET, SERVICE_PRINCIPAL), (CERTIFICATE, SERVICE_PRINCIPAL)):
        copied = replace(OURS, kind=kind, place=place)

        assert copied in foreign((OURS, copied), KNOWN, NOW)
        assert copied in foreign((copied,), KNOWN, NOW)


def test_an_announced_label_is_that_of_one_secret():
    orphan = replace(OURS, id="key-2", name="announced")

    assert foreign((orphan,), KNOWN, NOW) == ()
    assert len(foreign((orphan, replace(orphan, id="key-3")), KNOWN, NOW)) == 2


def test_an_owner_whom_somebody_named_is_ours_in_both_places():
    assert foreign((Access(OWNER, APPLICATION, "ANN"), Access(OWNER, SERVICE_PRINCIPAL, "ann")), KNOWN, NOW) == ()


def test_the_store_remembers_since_when_and_when_the_last_one_went():
    stranger = STRANGERS[0]
    first = noted(StoredAccess(), (stranger,), (OURS, stranger), NOW)
    again = noted(first, (stranger,), (OURS, stranger), NOW + DAY)
    gone = noted(again, (), (OURS,), NOW + 2 * DAY)
    still = noted(gone, (), (OURS,), NOW + 3 * DAY)

    assert first == again == StoredAccess({"other": NOW})
    assert gone == still == StoredAccess({}, NOW + 2 * DAY)


def test_what_is_kept_has_not_gone():
    stranger = STRANGERS[0]
    before = noted(StoredAccess(), (stranger,), (OURS, stranger), NOW)

    assert noted(before, (), (OURS, stranger), NOW + DAY) == StoredAccess()
