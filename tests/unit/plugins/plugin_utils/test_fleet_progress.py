# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.progress import Fleet, Progress, Slow
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.text import progress_line, span

HOSTS = ["a", "b", "c", "d"]


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet(slow_after=30)
    fleet.begin_play("Onboard", HOSTS, 100.0, check_mode=False)
    return fleet


def at(fleet: Fleet, now: float) -> Progress:
    progress = fleet.progress(now)
    assert progress
    return progress


def progress(**fields: Any) -> Progress:
    usual: dict[str, Any] = {
        "play": "Onboard",
        "check_mode": False,
        "total": 4,
        "done": 1,
        "failed": 0,
        "waiting": 0,
        "under_way": 1,
        "elapsed": 60.0,
        "per_minute": 1.0,
        "left": 180.0,
        "slow": (),
    }
    return Progress(**{**usual, **fields})


def test_there_is_no_progress_before_somebody_begins(fleet: Fleet) -> None:
    assert fleet.progress(130.0) is None


def test_a_host_is_done_when_its_result_is_known(fleet: Fleet) -> None:
    fleet.start("a", "Plan", 100.0)
    fleet.start("b", "Plan", 100.0)
    fleet.end("a")
    fleet.result("a", "complete")

    found = at(fleet, 130.0)

    assert (found.total, found.done, found.under_way, found.to_come) == (4, 1, 1, 2)
    assert (found.per_minute, found.left) == (2.0, 90.0)


def test_what_is_known_before_the_steps_is_not_the_end(fleet: Fleet) -> None:
    fleet.start("a", "Plan", 100.0)
    fleet.plan("a")
    fleet.result("a", "waiting_for_consent")
    assert at(fleet, 130.0).done == 0

    fleet.step("a")
    fleet.result("a", "complete")

    assert (at(fleet, 130.0).done, at(fleet, 130.0).waiting) == (1, 0)


def test_a_failure_in_the_middle_of_the_steps_is_the_end(fleet: Fleet) -> None:
    fleet.start("a", "Plan", 100.0)
    fleet.plan("a")
    fleet.fail("a")
    fleet.result("a", "failed")

    assert (at(fleet, 130.0).done, at(fleet, 130.0).failed) == (1, 1)


def test_a_failure_that_a_rescue_makes_something_else_of_is_none(fleet: Fleet) -> None:
    fleet.start("a", "Plan", 100.0)
    fleet.fail("a")
    fleet.result("a", "needs")

    assert (at(fleet, 130.0).done, at(fleet, 130.0).failed) == (1, 0)


def test_who_is_unreachable_has_failed_and_who_waits_waits(fleet: Fleet) -> None:
    for host in "ab":
        fleet.start(host, "Plan", 100.0)
    fleet.fail("a", "unreachable")
    fleet.result("b", "waiting_for_exchange")

    assert (at(fleet, 130.0).done, at(fleet, 130.0).failed, at(fleet, 130.0).waiting) == (2, 1, 1)


def test_the_next_batch_goes_on_where_the_last_one_ended(fleet: Fleet) -> None:
    fleet.start("a", "Plan", 100.0)
    fleet.begin_play("Onboard", HOSTS, 160.0, check_mode=False)
    fleet.start("b", "Plan", 160.0)

    found = at(fleet, 160.0)

    assert (found.done, found.under_way, found.to_come, found.elapsed) == (1, 1, 2, 60.0)


def test_another_play_begins_anew(fleet: Fleet) -> None:
    fleet.start("a", "Plan", 100.0)
    fleet.begin_play("Sum up", HOSTS, 160.0, check_mode=False)

    assert fleet.progress(160.0) is None


def test_the_slow_ones_are_those_that_are_long_at_one_task(fleet: Fleet) -> None:
    fleet.start("a", "Plan", 100.0)
    fleet.start("b", "Plan", 101.0)
    fleet.start("c", "Plan", 120.0)
    fleet.end("a")
    fleet.start("a", "Consent", 130.0)

    assert at(fleet, 140.0).slow == (Slow("b", "Plan", 39.0),)
    assert [slow.host for slow in at(fleet, 190.0).slow] == ["b", "c", "a"]


def test_only_the_slowest_are_named() -> None:
    fleet = Fleet(slow_after=1, slow_shown=2)
    fleet.begin_play("Onboard", HOSTS, 0.0, check_mode=False)
    for now, host in enumerate(HOSTS):
        fleet.start(host, "Plan", float(now))

    assert [slow.host for slow in at(fleet, 10.0).slow] == ["a", "b"]


def test_the_line_tells_everything_that_there_is() -> None:
    slow = (Slow("b", "Mailbox restriction", 95.0), Slow("c", "Plan", 31.0))

    line = progress_line(progress(failed=1, waiting=2, done=3, total=5, check_mode=True, slow=slow))

    assert line == (
        "Onboard [CHECK MODE]: 3 of 5 done (1 failed, 2 waiting), 1 under way, 1 to come, 1 min 0 s so far, "
        "1 a minute, about 3 min 0 s left; slow: b at 'Mailbox restriction' for 1 min 35 s; c at 'Plan' for 31 s"
    )


def test_the_line_has_nothing_that_there_is_not() -> None:
    line = progress_line(progress(done=4, under_way=0, per_minute=None, left=None, elapsed=2.0))

    assert line == "Onboard: 4 of 4 done, 2 s so far"


def test_names_cannot_command_the_terminal() -> None:
    line = progress_line(progress(play="On\x1b[2Jboard", slow=(Slow("b\rgood", "Pl\nan", 40.0),)))

    assert line.isprintable()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (3725, "1 h 2 min"), (90000, "25 h 0 min")]
)
def test_spans_of_time(seconds: float, words: str) -> None:
    assert span(seconds) == words
