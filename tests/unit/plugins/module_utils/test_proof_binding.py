# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.binding import bound_to, proof_of
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredProof, StoredSecret

NOW = datetime(2026, 11, 27, tzinfo=UTC)
WEEK = timedelta(days=7)
PROOF = StoredProof("restriction/grants", NOW - timedelta(days=1))
SECRET = StoredSecret("client", "key", "label", NOW + timedelta(days=300), "value", proof=PROOF)


def test_a_recorded_proof_holds_for_what_it_was_of():
    assert proof_of(SECRET, "restriction/grants", NOW, WEEK) == PROOF


@pytest.mark.parametrize("now", ["restriction", "restriction/others", "others/grants", "restriction/grants/", ""])
def test_a_recorded_proof_is_of_nothing_else(now):
    assert proof_of(SECRET, now, NOW, WEEK) is None


def test_what_was_never_proven_is_not():
    assert proof_of(replace(SECRET, proof=None), "restriction/grants", NOW, WEEK) is None


@pytest.mark.parametrize(
    ("age", "holds"),
    [
        (timedelta(), True),
        (WEEK - timedelta(seconds=1), True),
        (WEEK, False),
        (timedelta(days=400), False),
        (-timedelta(minutes=4), True),
    ],
)
def test_a_proof_ends_with_its_age(age, holds):
    secret = replace(SECRET, proof=replace(PROOF, at=NOW - age))

    assert (proof_of(secret, "restriction/grants", NOW, WEEK) is not None) is holds


def test_with_no_time_at_all_every_run_proves_again():
    secret = replace(SECRET, proof=replace(PROOF, at=NOW))

    assert proof_of(secret, "restriction/grants", NOW, timedelta()) is None


@pytest.mark.parametrize(
    ("restriction", "grants", "bound"),
    [("r", "g", "r/g"), (None, "g", None), ("r", None, None), ("r", "", None), (None, None, None)],
)
def test_a_proof_is_of_restriction_and_grants_together(restriction, grants, bound):
    assert bound_to(restriction, grants) == bound
