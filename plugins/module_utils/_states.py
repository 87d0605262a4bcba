# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

"""The states of a tenant, in connector_result: told in tables, reports and metrics in one order."""

from __future__ import annotations

import typing as t

Tone: t.TypeAlias = t.Literal["bad", "wait", "plan", "good", "grey"]
_ADMINISTRATOR = "administrator of the tenant"
_OPERATOR = "you"


class State(t.NamedTuple):
    """`who`: has to act, where the result says what follows. `settled`: the tenant needs nobody."""

    tone: Tone
    who: str | None = _OPERATOR
    settled: bool = False


#: The worst first.
STATES: dict[str, State] = {
    "failed": State("bad"),
    # Of another version; it may be anything.
    "": State("grey"),
    "needs": State("bad"),
    "findings": State("wait"),
    "not_provable": State("wait"),
    "waiting_for_decision": State("wait"),
    "found": State("wait"),
    "waiting_for_revocation": State("wait", _ADMINISTRATOR),
    "waiting_for_consent": State("wait", _ADMINISTRATOR),
    "waiting_for_exchange": State("plan"),
    "changes_pending": State("plan"),
    "offboarding": State("plan"),
    "not_named": State("grey", None, settled=True),
    "disabled": State("grey"),
    "enabled": State("good", settled=True),
    "ready": State("good", None, settled=True),
    "clean": State("good", None, settled=True),
    "nothing_found": State("good", None, settled=True),
    "offboarded": State("good", None, settled=True),
    "complete": State("good", None, settled=True),
}
#: Somebody has closed the tenant: nothing is made, and nobody is asked for anything.
CLOSED = frozenset({"disabled", "offboarding", "offboarded"})
KNOWN = tuple(name for name in STATES if name)
_RANKS = {name: rank for rank, name in enumerate(STATES)}


def state_of(name: t.Any) -> State:
    return STATES.get(name, STATES[""])


def rank(name: t.Any) -> int:
    return _RANKS.get(name, _RANKS[""])
