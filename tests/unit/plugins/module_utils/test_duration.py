# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._duration import (
    in_words,
    parse_duration,
    parse_iso_duration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, PolicyError


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("365d", timedelta(days=365)),
        ("26w", timedelta(weeks=26)),
        ("1d12h", timedelta(days=1, hours=12)),
        ("12h1d", timedelta(days=1, hours=12)),
        ("1w2d3h4m5s", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        ("1d1d", timedelta(days=2)),
        ("0d", timedelta()),
        ("007d", timedelta(days=7)),
    ],
)
def test_numbers_with_units_add_up(text, duration):
    assert parse_duration(text, "valid_for") == duration


@pytest.mark.parametrize(
    "text", ["", "365", "d", "1y", "1 d", " 1d", "-1d", "+1d", "1.5d", "1D", "P1D", "1d,2h", "forever", "1d\n2h"]
)
def test_anything_else_is_no_duration(text):
    with pytest.raises(InputError) as caught:
        parse_duration(text, "valid_for")

    assert f"valid_for '{text}'" in caught.value.message
    assert "365d" in caught.value.next_step


@pytest.mark.parametrize("text", ["999999999999d", "99999999999999999999999w", "36526d", "9999999d", f"{'9' * 5000}s"])
def test_a_duration_beyond_all_calendars_is_an_error_of_the_input(text):
    with pytest.raises(InputError, match="overlap"):
        parse_duration(text, "overlap")


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P180D", timedelta(days=180)),
        ("P1W", timedelta(weeks=1)),
        ("P2Y", timedelta(days=730)),
        ("P1M", timedelta(days=28)),
        ("P1Y2M3W4DT5H6M7S", timedelta(days=365 + 56 + 21 + 4, hours=5, minutes=6, seconds=7)),
        ("PT8H", timedelta(hours=8)),
        ("P90DT0.999S", timedelta(days=90)),
    ],
)
def test_the_lifetime_of_a_policy_is_never_read_longer_than_it_is(text, duration):
    assert parse_iso_duration(text) == duration


@pytest.mark.parametrize("text", ["P999999999999D", f"P{'9' * 5000}D"], ids=len)
def test_a_lifetime_beyond_all_calendars_is_a_fault_of_the_policy(text):
    with pytest.raises(PolicyError, match="beyond any calendar"):
        parse_iso_duration(text)


@pytest.mark.parametrize("text", ["", "180", "180d", "-P1D", "P1D2Y", "P1H", "PT1D", "P1.5D", "P 1D", "p1d"])
def test_a_lifetime_in_another_form_is_a_fault_of_the_policy(text):
    with pytest.raises(PolicyError) as caught:
        parse_iso_duration(text)

    assert f"'{text}'" in caught.value.message


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(days=365), "365 days"),
        (timedelta(weeks=2), "14 days"),
        (timedelta(days=1, hours=12), "1.5 days"),
        (timedelta(hours=6), "0.2 days"),
        (timedelta(), "0 days"),
    ],
)
def test_durations_are_told_in_days(duration, words):
    assert in_words(duration) == words
