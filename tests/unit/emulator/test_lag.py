# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lag itself, without any service."""

from __future__ import annotations

import pytest

from emulator.lag import Lag, Lagging

OFF = Lag()


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("off", OFF),
        (False, OFF),
        (None, OFF),
        ({"reads": 2}, Lag(reads=2)),
        ({"seconds": 0.5}, Lag(seconds=0.5)),
        ({"reads": 0}, OFF),
    ],
)
def test_settings(setting: object, expected: Lag) -> None:
    assert Lag.parse(setting) == expected  # type: ignore[arg-type]


def read(value: Lagging[str], lag: Lag = OFF, now: float = 0.0) -> str:
    seen = value.seen(lag, now)
    value.count_read()
    return seen


def test_without_lag_everything_is_seen_at_once() -> None:
    value = Lagging("old")
    value.write("new", OFF, 0.0)
    assert (value.true, read(value)) == ("new", "new")


@pytest.mark.parametrize("reads", [1, 3])
def test_a_number_of_reads(reads: int) -> None:
    lag, value = Lag(reads=reads), Lagging("old")
    value.write("new", lag, 0.0)
    assert value.true == "new"
    assert [read(value, lag) for _unused in range(reads + 2)] == ["old"] * reads + ["new"] * 2


def test_a_number_of_seconds() -> None:
    lag, value = Lag(seconds=5), Lagging("old")
    value.write("new", lag, 10.0)
    assert [read(value, lag, now) for now in (10.0, 14.9, 15.0)] == ["old", "old", "new"]


def test_writes_are_seen_in_their_order() -> None:
    lag, value = Lag(reads=2), Lagging("a")
    value.write("b", lag, 0.0)
    assert read(value, lag) == "a"
    value.write("c", lag, 0.0)
    assert [read(value, lag) for _unused in range(3)] == ["a", "b", "c"]


def test_looking_alone_moves_nothing() -> None:
    lag, value = Lag(reads=1), Lagging("old")
    value.write("new", lag, 0.0)
    assert [value.seen(lag, 0.0) for _unused in range(3)] == ["old"] * 3


def test_a_refused_write_counts_as_a_read() -> None:
    lag, value = Lag(reads=2), Lagging("old")
    value.write("new", lag, 0.0)
    assert [value.refuse(), value.refuse()] == [0, 1]
    assert value.seen(lag, 0.0) == "new"


def test_turning_the_lag_off_shows_what_was_waiting() -> None:
    value = Lagging("old")
    value.write("new", Lag(reads=9), 0.0)
    assert value.seen(OFF, 0.0) == "new"


def test_settling_forgets_what_was_waiting() -> None:
    lag, value = Lag(reads=9), Lagging("old")
    value.write("new", lag, 0.0)
    value.settle("now")
    assert (value.true, value.seen(lag, 0.0)) == ("now", "now")
