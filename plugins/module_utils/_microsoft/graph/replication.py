# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    GraphError,
    NotFoundError,
    ReplicationError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tries

#: Reads of Microsoft Entra come from replicas without any promise of when they agree; other tools met lags of minutes.
DEADLINE = timedelta(minutes=3)
#: An object is young, and a refusal that looks like lag may be lag, for this long after its creation.
YOUNG = timedelta(minutes=10)
#: Readings come from different replicas: one good reading does not make a visible object.
CONSECUTIVE = 2

#: (status, part of the message) of refusals that mean "not replicated yet"; see the collection's guide for sources.
_LAG = (
    (404, "does not exist or one of its queried reference-property objects are not present"),
    (400, "does not reference a valid application object"),
    (403, "backing application of the service principal being created must in the local tenant"),
    (400, "Not a valid reference update"),
)

_GOES_ON = "Run again in some minutes; the next run goes on where this one stopped."

ResultT = t.TypeVar("ResultT")


def looks_like_lag(error: GraphError) -> bool:
    if isinstance(error, NotFoundError):  # whatever the words
        return True
    return any(error.trace.status == status and text in error.message for status, text in _LAG)


def is_young(created: str | None, now: datetime) -> bool:
    """`created`: createdDateTime of the object, in any of Graph's spellings."""
    if not created:
        return False
    return now - parse_time(created) < YOUNG


def settle(write: t.Callable[[], ResultT], *, what: str, young: bool) -> ResultT:
    """Do a write; while its object is young, repeat it after a refusal that means lag.

    Such a refusal was answered and not processed, so repeating is safe. Raises ReplicationError past the deadline.
    """
    refusal: GraphError | None = None
    for _turn in tries(f"Microsoft Entra to replicate: {what}", DEADLINE):
        try:
            return write()
        except GraphError as error:
            if not young or not looks_like_lag(error):
                raise
            refusal = error
    raise _still_refused(what, refusal) from refusal


def await_visible(probe: t.Callable[[], bool], *, what: str, times: int = CONSECUTIVE) -> None:
    """Wait until `probe` says `times` in a row that a write can be read. Raises ReplicationError past the deadline."""
    for _turn in tries(f"a write to be readable: {what}", DEADLINE):
        if all(probe() for _reading in range(times)):
            return
    raise ReplicationError(
        f"{what} was written but cannot be read after {DEADLINE.total_seconds():.0f} s.", next_step=_GOES_ON
    )


def _still_refused(what: str, last: GraphError | None) -> ReplicationError:
    return ReplicationError(
        f"{what} is still refused after {DEADLINE.total_seconds():.0f} s; Microsoft Entra has not replicated it: "
        f"{last.message if last else ''}",
        next_step=_GOES_ON,
        trace=last.trace if last else None,
    )
