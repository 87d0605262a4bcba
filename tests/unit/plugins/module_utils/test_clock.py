# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock, parse_time

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "date", ["Fri, 01 May 2026 12:00:00 GMT", "Fri, 01 May 2026 12:00:00", "1 May 2026 14:00:00 +0200"]
)
def test_a_date_is_microsofts_time(date: str) -> None:
    clock = ServerClock()

    clock.note({"Date": date})

    assert clock.now == NOON
    assert clock.offset is not None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Date": ""},
        {"Date": "noon"},
        {"Date": "2026-05-01T12:00:00Z"},
        {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"Date": "Fri, 01 May 999999999999 12:00:00 GMT"},
        {"Date": "Fri, 01 May 2026 12:00:00 +99999999"},
        {"Date": "Fri, 99 May 2026 12:00:00 GMT"},
    ],
)
def test_what_is_no_date_of_these_years_tells_nothing(headers: dict[str, str]) -> None:
    clock = ServerClock()
    clock.note({"Date": "Fri, 01 May 2026 12:00:00 GMT"})

    clock.note(headers)

    assert clock.now == NOON


@pytest.mark.parametrize("text", ["2026-05-01T12:00:00", "2026-05-01 12:00", "2026-05-01T14:00:00.0000000+02:00"])
def test_a_time_without_a_zone_is_utc(text: str) -> None:
    assert parse_time(text) == NOON
