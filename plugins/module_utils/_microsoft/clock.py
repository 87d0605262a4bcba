# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import math
import typing as t
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError

#: A client assertion holds for ten minutes at most, and Microsoft Entra allows for five minutes of difference.
_WORTH_TELLING = timedelta(minutes=5)
#: With one of the two clocks so wrong, nobody knows for certain what has ended and what has not.
_TOO_FAR = 3600.0
#: Beyond these years a date tells nothing, be it of Microsoft's or of what stands in between.
_YEARS = range(2020, 2100)


def allowed_offsets(*, rehearsed: bool) -> tuple[float, float]:
    """`rehearsed`: of a stand-in for Microsoft, whose clock is put forward to see what time brings."""
    return -_TOO_FAR, math.inf if rehearsed else _TOO_FAR


def _this_machines() -> datetime:
    return datetime.now(UTC)


def parse_time(text: t.Any) -> datetime:
    """A date of Graph or Exchange, with 0 to 7 fractional digits; UTC where it names no zone."""
    moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class ServerClock:
    """Microsoft's time: that of its last answer (header Date), whatever this machine's clock says.

    Before the first answer this machine's clock serves, corrected by `offset`: the seconds that Microsoft's was ahead
    when an earlier task asked. `allowed`: the offsets with which something may be removed.
    """

    def __init__(self, offset: float | None = None, allowed: tuple[float, float] = (-math.inf, math.inf)) -> None:
        self.offset = offset
        self._allowed = allowed
        self._last: datetime | None = None

    @property
    def now(self) -> datetime:
        return self._last or _this_machines() + timedelta(seconds=self.offset or 0)

    def note(self, headers: t.Mapping[str, str]) -> None:
        """Of any answer of Microsoft's; without a date, or with none that is one, it tells nothing."""
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            moment = parsedate_to_datetime(headers.get("Date", ""))
            if moment.year in _YEARS:
                self._last = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                self.offset = (self._last - _this_machines()).total_seconds()

    @property
    def skew(self) -> str | None:
        """As in "22 min ahead of Microsoft's"; None while the difference is too small to matter."""
        if self.offset is None or abs(self.offset) <= _WORTH_TELLING.total_seconds():
            return None
        return f"{abs(self.offset) / 60:.0f} min {'behind' if self.offset > 0 else 'ahead of'} Microsoft's"

    @property
    def stops_removal(self) -> str | None:
        """Why nothing is removed now; None where the clocks agree well enough."""
        least, most = self._allowed
        return None if least <= (self.offset or 0) <= most else f"the clock of this machine is {self.skew}"

    @property
    def warning(self) -> str | None:
        """For the operator, once for each tenant and run."""
        return self.skew and (
            f"The clock of this machine is {self.skew}. Times are taken from Microsoft's answers, but a sign-in with a "
            "certificate is dated by this machine: set its clock, best by NTP."
        )


_SET_IT = "What is removed cannot be brought back. Set the clock of this machine, best by NTP, and run again."


def not_removed(reason: str, what: t.Iterable[str]) -> str:
    """What an operator is told of what stays. `reason`: of `stops_removal`."""
    return f"Not done, since {reason}: {', '.join(what)}. {_SET_IT}"


def require_removal(reason: str | None, meanwhile: str = "") -> None:
    """Raises InputError where removing is what is asked for, and a clock stops it. `meanwhile`: what can be done."""
    if reason is not None:
        raise InputError(f"Nothing is removed: {reason}.", next_step=f"{_SET_IT}{meanwhile}", code="ClockOff")
