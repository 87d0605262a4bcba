# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import time
import typing as t
from datetime import timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line

#: A wait that lasts longer than these seconds is told to the operator.
_WORTH_TELLING = 5.0
#: Seconds between tries: short at first, since most things are there at once.
DELAYS = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0)

_listeners: list[t.Callable[[str], None]] = []


def tell_waits_to(listener: t.Callable[[str], None]) -> None:
    """Who shows the operator what is waited for; the doors know how."""
    _listeners[:] = [listener]


def tell(text: str) -> None:
    for listener in _listeners:
        listener(one_line(text))


def tell_long_wait(seconds: float) -> None:
    if seconds > _WORTH_TELLING:
        tell(f"is throttled by Microsoft and waits {seconds:.0f} s")


def tries(what: str, at_most: timedelta, delays: t.Sequence[float] = DELAYS) -> t.Iterator[None]:
    """One turn at once, then one after each pause, until the time is over. `what`: as in "waits for <what>"."""
    yield
    start = time.monotonic()
    told = False
    for delay in _for_ever(delays):
        if time.monotonic() - start + delay > at_most.total_seconds():
            return
        if not told and time.monotonic() - start + delay > _WORTH_TELLING:
            told = True
            tell(f"waits for {what}, at most {at_most.total_seconds():.0f} s")
        time.sleep(delay)
        yield


def _for_ever(delays: t.Sequence[float]) -> t.Iterator[float]:
    yield from delays
    while True:
        yield delays[-1]
