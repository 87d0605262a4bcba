# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from collections import Counter

from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line
from ansible_collections.totalview.exchange365.plugins.module_utils._states import rank, state_of

#: Of a larger fleet only those are shown that need somebody.
_ALL_UP_TO = 100
_COLUMNS = ("tenant", "state", "by", "changed", "next")
_GAP = "  "
#: The narrowest that `changed` and `next` become.
_NARROWEST = 12
#: A list may be of a whole fleet, and the run of one tenant.
_KEYS_TOLD = 5


def run(call: Call) -> Outcome:
    """The work of connector_table."""
    params = call.params
    shown = lines(params["results"], params["width"])
    return Outcome({"lines": shown}, warnings=tuple(_nobodys(params["named_keys"], params["details"])))


def _nobodys(named: t.Sequence[str], details: t.Sequence[t.Mapping[str, t.Any]]) -> t.Iterator[str]:
    """A list of key ids is of any tenants; one that not even one of them has decides nothing."""
    looked_into = [entry["named_keys"] for entry in details if "named_keys" in entry]
    known = {key_id.lower() for keys in looked_into for key_id in keys}
    unknown = [key_id for key_id in dict.fromkeys(named) if key_id.lower() not in known]
    if looked_into and unknown:
        more = f" and {len(unknown) - _KEYS_TOLD} more" if len(unknown) > _KEYS_TOLD else ""
        yield (
            f"No tenant of this run has the client secret {', '.join(unknown[:_KEYS_TOLD])}{more}, which "
            "connector_delivered or connector_revoke names: a wrong key id, one of another tenant, or one that is gone."
        )


def lines(results: t.Iterable[t.Mapping[str, t.Any]], width: int | None = None) -> list[str]:
    """A line of headings, one for each tenant, the worst first, and one that counts.

    `width`: of the terminal, in characters, at which lines are cut; None: they are as long as they need to be.
    """
    known = sorted(results, key=lambda result: (rank(result.get("state")), str(result.get("tenant"))))
    shown = known if len(known) <= _ALL_UP_TO else [result for result in known if not _is_settled(result)]
    rows = [
        {name: name.upper() for name in _COLUMNS},
        *({name: _cell(row.get(name)) for name in _COLUMNS} for row in shown),
    ]
    table = _laid_out(rows, width)
    return [*table, _counts(known, len(known) - len(shown))]


def _is_settled(result: t.Mapping[str, t.Any]) -> bool:
    return state_of(result.get("state")).settled and not result.get("changed") and not result.get("type_in")


def _laid_out(rows: t.Sequence[t.Mapping[str, str]], width: int | None) -> list[str]:
    # A column in which nobody has anything to say is left out.
    columns = [name for name in _COLUMNS if name != "by" or any(row[name] != "-" for row in rows[1:])]
    widths = {name: max(len(row[name]) for row in rows) for name in columns}
    if width is not None:
        widths |= _squeezed(widths, width - sum(widths[name] for name in columns[:-2]) - len(_GAP) * (len(columns) - 1))
    table = [_GAP.join(_cut(row[name], widths[name]).ljust(widths[name]) for name in columns).rstrip() for row in rows]
    return table if width is None else [_cut(line, width) for line in table]


def _squeezed(widths: t.Mapping[str, int], room: int) -> dict[str, int]:
    """The two wide columns share the room: what changed gets a third of it, and what the next step does not need."""
    wanted, follows = widths["changed"], widths["next"]
    changed = min(wanted, max(room // 3, room - follows, _NARROWEST))
    return {"changed": changed, "next": min(follows, max(room - changed, _NARROWEST))}


def _counts(results: t.Sequence[t.Mapping[str, t.Any]], hidden: int) -> str:
    states = Counter(_cell(result.get("state")) for result in results)
    of_each = ", ".join(f"{count} {state}" for state, count in states.items())
    left_out = f"; {hidden} that need nothing and were not changed are left out" if hidden else ""
    return f"{len(results)} tenants{f': {of_each}' if of_each else ''}{left_out}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _cell(value: t.Any) -> str:
    text = ", ".join(str(entry) for entry in value) if isinstance(value, list) else str(value or "")
    return one_line(text) or "-"
