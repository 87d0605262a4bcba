# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.binding import Bound, bound_to
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredProof, StoredSecret

NOW = datetime(2026, 11, 27, tzinfo=UTC)
WEEK = timedelta(days=7)
PROOF = StoredProof("restriction/grants", NOW - timedelta(days=1))
BOUND = Bound("restriction/grants", NOW - timedelta(days=3), WEEK)
SECRET = StoredSecret("client", "key", "label", NOW + timedelta(days=300), "value", proof=PROOF)


def test_a_recorded_proof_holds_for_what_it_was_of():
    assert BOUND.proof_of(SECRET, NOW) == PROOF


@pytest.mark.parametrize("now", ["restriction", "restriction/others", "others/grants", "restriction/grants/", ""])
def test_a_recorded_proof_is_of_nothing_else(now):
    assert replace(BOUND, fingerprint=now).proof_of(SECRET, NOW) is None


def test_what_was_never_proven_is_not():
    assert BOUND.proof_of(replace(SECRET, proof=None), NOW) is None


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

    assert (replace(BOUND, since=None).proof_of(secret, NOW) is not None) is holds


def test_with_no_time_at_all_every_run_proves_again():
    secret = replace(SECRET, proof=replace(PROOF, at=NOW))

    assert replace(BOUND, valid_for=timedelta()).proof_of(secret, NOW) is None


@pytest.mark.parametrize(
    ("later", "holds"),
    [
        (-timedelta(days=300), True),
        (timedelta(), True),
        (timedelta(seconds=3), True),
        (timedelta(minutes=5), True),
        (timedelta(minutes=5, seconds=1), False),
        (timedelta(hours=1), False),
    ],
)
def test_a_restriction_that_was_touched_after_its_proof_is_not_the_one_that_was_proven(later, holds):
    """Directory servers tell dates that differ by seconds; that alone is nothing."""
    touched = replace(BOUND, since=PROOF.at + later)

    assert (touched.proof_of(SECRET, NOW) is not None) is holds


@pytest.mark.parametrize(
    ("restriction", "grants", "bound"),
    [("r", "g", "r/g"), (None, "g", None), ("r", None, None), ("r", "", None), (None, None, None)],
)
def test_a_proof_is_of_restriction_and_grants_together(restriction, grants, bound):
    assert bound_to(restriction, grants) == bound
