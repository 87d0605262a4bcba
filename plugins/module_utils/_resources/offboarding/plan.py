# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.model import (
    Actual,
    Begin,
    Close,
    Desired,
    Finish,
    Step,
    stage,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredOffboarding


def plan(actual: Actual, desired: Desired) -> Change[Step]:
    """Raises InputError where one stage would be noted before the one that it stands on."""
    noted = actual.noted
    if desired.state == "begun":
        begun = _begun(actual, desired)
        return _nothing(noted) if begun == noted else _noting(noted, Begin(begun), begun)
    if noted is None:
        raise _too_early("It is not being offboarded", "Begin first (state begun)")
    if desired.state == "closed":
        after = replace(noted, closed=actual.now)  # or when it is proven, a little later
        return _nothing(noted) if noted.closed else _noting(noted, Close(noted), after)
    if noted.finished:
        return _nothing(noted)
    if stage(noted, actual.now) != "finishing":
        raise _too_early("Tokens of it may live on", "Run again when they have expired")
    finished = replace(noted, finished=actual.now, kept=desired.kept)
    return _noting(noted, Finish(finished), finished)


def _begun(actual: Actual, desired: Desired) -> StoredOffboarding:
    noted = actual.noted or StoredOffboarding(actual.now, desired.by)
    if actual.exists:
        # Somebody restored it since: whatever was proven is void, and its tokens live anew.
        noted = replace(noted, closed=None, refusal=None, finished=None, kept=())
    # An id is told only while its object is there.
    return replace(noted.removing(desired.removals, actual.now), ids={**noted.ids, **desired.ids})


def _noting(before: StoredOffboarding | None, step: Step, after: StoredOffboarding) -> Change[Step]:
    return Change(_view(before), _view(after), (step,))


def _nothing(noted: StoredOffboarding | None) -> Change[Step]:
    return Change(_view(noted), _view(noted))


def _view(noted: StoredOffboarding | None) -> dict[str, t.Any]:
    return {
        "begun": noted is not None,
        "closed": noted is not None and noted.closed is not None,
        "finished": noted is not None and noted.finished is not None,
        "removals": [row.what for row in noted.removals] if noted else [],
    }


def _too_early(why: str, advice: str) -> InputError:
    return InputError(f"{why}: nothing can be noted.", next_step=f"{advice}.", code="OffboardingOrder")
