# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import typing as t
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

#: A client assertion holds for ten minutes at most, and Microsoft Entra allows for five minutes of difference.
_WORTH_TELLING = timedelta(minutes=5)


class ServerClock:
    """Microsoft's time: that of its last answer (header Date), whatever this machine's clock says.

    Before the first answer this machine's clock serves, corrected by `offset`: the seconds that Microsoft's was ahead
    when an earlier task asked.
    """

    def __init__(self, offset: float | None = None) -> None:
        self.offset = offset
        self._last: datetime | None = None

    @property
    def now(self) -> datetime:
        return self._last or datetime.now(UTC) + timedelta(seconds=self.offset or 0)

    def note(self, headers: t.Mapping[str, str]) -> None:
        """Of any answer of Microsoft's; without a date, or with none that is one, it tells nothing."""
        with contextlib.suppress(TypeError, ValueError):
            moment = parsedate_to_datetime(headers.get("Date", ""))
            self._last = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            self.offset = (self._last - datetime.now(UTC)).total_seconds()

    @property
    def skew(self) -> str | None:
        """As in "22 min ahead of Microsoft's"; None while the difference is too small to matter."""
        if self.offset is None or abs(self.offset) <= _WORTH_TELLING.total_seconds():
            return None
        return f"{abs(self.offset) / 60:.0f} min {'behind' if self.offset > 0 else 'ahead of'} Microsoft's"

    @property
    def warning(self) -> str | None:
        """For the operator, once for each tenant and run."""
        return self.skew and (
            f"The clock of this machine is {self.skew}. Times are taken from Microsoft's answers, but a sign-in with a "
            "certificate is dated by this machine: set its clock, best by NTP."
        )
