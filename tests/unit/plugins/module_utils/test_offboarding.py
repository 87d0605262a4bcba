# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far an offboarding is, by the store's note alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.model import (
    Actual,
    Close,
    Desired,
    stage,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    StoredOffboarding,
    StoredRemoval,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BEGUN = StoredOffboarding(NOW - DAY, "ann", {"client": "c"}, (StoredRemoval("delete application", NOW - DAY),))
CLOSED = replace(BEGUN, closed=NOW - 2 * DAY, refusal="AADSTS700016")
FINISHED = replace(CLOSED, finished=NOW - timedelta(hours=1), kept=("group g",))


@pytest.mark.parametrize(
    ("noted", "reached"),
    [
        (None, "closing"),
        (BEGUN, "closing"),
        (replace(CLOSED, closed=NOW), "waiting"),
        (replace(CLOSED, closed=NOW - timedelta(hours=28) + timedelta(seconds=1)), "waiting"),
        (replace(CLOSED, closed=NOW - timedelta(hours=28)), "finishing"),
        (FINISHED, "offboarded"),
    ],
)
def test_the_restriction_stays_while_a_token_of_before_may_live(noted, reached):
    assert stage(noted, NOW) == reached


def test_it_begins_once_and_what_comes_later_is_added():
    first = plan(Actual(NOW), Desired("begun", "ann", {"client": "c"}, ("a", "b", "a")))
    (step,) = first.steps
    assert [row.what for row in step.noted.removals] == ["a", "b"]
    assert (step.noted.since, step.noted.by) == (NOW, "ann")

    later = plan(Actual(NOW + DAY, step.noted), Desired("begun", "bob", {"application": "o"}, ("b", "c")))
    (step,) = later.steps
    assert (step.noted.since, step.noted.by) == (NOW, "ann"), "whoever began it"
    assert [(row.what, row.at) for row in step.noted.removals] == [("a", NOW), ("b", NOW), ("c", NOW + DAY)]
    assert step.noted.ids == {"client": "c", "application": "o"}
    assert not plan(Actual(NOW + 2 * DAY, step.noted), Desired("begun", "x", {"client": "c"}, ("a",))).changed


@pytest.mark.parametrize("noted", [CLOSED, FINISHED])
def test_what_was_restored_is_closed_anew(noted):
    (step,) = plan(Actual(NOW, noted, exists=True), Desired("begun", "bob")).steps
    assert (step.noted.closed, step.noted.refusal, step.noted.finished, step.noted.kept) == (None, None, None, ())
    assert step.noted.since == noted.since


def test_each_stage_is_noted_once_and_after_the_one_before():
    (step,) = plan(Actual(NOW, BEGUN), Desired("closed", "ann")).steps
    assert step == Close(BEGUN)
    assert not plan(Actual(NOW, CLOSED), Desired("closed", "ann")).changed
    (step,) = plan(Actual(NOW, CLOSED), Desired("finished", "ann", kept=("group g",))).steps
    assert (step.noted.finished, step.noted.kept) == (NOW, ("group g",))
    assert not plan(Actual(NOW, FINISHED), Desired("finished", "ann")).changed


@pytest.mark.parametrize(
    ("noted", "state"),
    [(None, "closed"), (None, "finished"), (BEGUN, "finished"), (replace(CLOSED, closed=NOW), "finished")],
)
def test_nothing_is_noted_before_its_time(noted, state):
    with pytest.raises(InputError):
        plan(Actual(NOW, noted), Desired(state, "ann"))
