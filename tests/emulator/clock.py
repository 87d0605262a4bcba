# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's own time: real time plus whatever a test added to it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Every date that the emulator shows or checks; `elapsed` stays real and drives replication lag only."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        self._offset = timedelta()

    def elapsed(self) -> float:
        return time.monotonic()


class StoppedClock(Clock):
    """Shows one moment for ever: what is seeded gets the same dates each time."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def long_stamp(moment: datetime) -> str:
    """Seven fractional digits, as Graph writes a moment that it has just made up itself (recording 01, 12)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def parse_stamp(text: str) -> datetime:
    """Reads what Graph accepts: ISO 8601 with any number of fractional digits; no zone means UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
