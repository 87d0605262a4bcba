# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._report.row import Row
from ansible_collections.totalview.exchange365.plugins.module_utils._states import rank

#: Of docs/schemas/report-1.json. A report of another version is neither compared with nor merged.
VERSION = 1
SEVERITIES = ("high", "medium", "low")


@dataclass(frozen=True)
class Report:
    """`since`: when the report was made that `differences` are told from."""

    playbook: str
    created: str
    tenants: t.Sequence[Row]
    anonymous: bool = False
    since: str | None = None
    differences: t.Sequence[t.Mapping[str, t.Any]] = ()

    @property
    def states(self) -> dict[str, int]:
        """How many tenants are in each, the worst first."""
        found = Counter(row["state"] for row in self.tenants)
        return {state: found[state] for state in sorted(found, key=lambda name: (rank(name), name))}

    @property
    def findings(self) -> dict[str, int]:
        found = Counter(finding["severity"] for row in self.tenants for finding in row["findings"] if is_open(finding))
        return {severity: found[severity] for severity in SEVERITIES}

    def head(self) -> dict[str, t.Any]:
        """Everything but the tenants."""
        return {
            "version": VERSION,
            "playbook": self.playbook,
            "created": self.created,
            "anonymous": self.anonymous,
            "states": self.states,
            "findings": self.findings,
            "since": self.since,
            "differences": list(self.differences),
        }


def make(
    playbook: str, created: str, rows: t.Iterable[Row], *, before: t.Mapping[str, t.Any] | None, anonymous: bool
) -> Report:
    """Sorted by name. `before`: the report that differences are told from."""
    tenants = sorted(rows, key=lambda row: (row["tenant"].casefold(), row["tenant"]))
    if before is None:
        return Report(playbook, created, tenants, anonymous)
    return Report(playbook, created, tenants, anonymous, before["created"], differences(before["tenants"], tenants))


def newest(rows: t.Iterable[Row]) -> list[Row]:
    """Of each tenant the row that was made last. Raises InputError where one name stands for two tenants."""
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row["at"]):
        earlier = found.get(row["tenant"], row)
        if earlier["tenant_id"] and row["tenant_id"] and earlier["tenant_id"] != row["tenant_id"]:
            raise InputError(
                f"{row['tenant']} is the name of two tenants, {earlier['tenant_id']} and {row['tenant_id']}.",
                next_step="Merge reports of inventories that call each tenant by a name of its own.",
            )
        found[row["tenant"]] = row
    return list(found.values())


def differences(before: t.Iterable[Row], after: t.Iterable[Row]) -> list[dict[str, t.Any]]:
    """Which tenants came, went, are in another state, or have other findings."""
    then, now = ({row["tenant"]: row for row in rows} for rows in (before, after))
    told = [_difference(name, then.get(name), now.get(name)) for name in sorted({*then, *now}, key=str.casefold)]
    return [entry for entry in told if entry["before"] != entry["after"] or entry["new"] or entry["gone"]]


def _difference(name: str, then: Row | None, now: Row | None) -> dict[str, t.Any]:
    found, was = _findings(now), _findings(then)
    return {
        "tenant": name,
        "before": then["state"] if then else None,
        "after": now["state"] if now else None,
        "new": sorted(found - was),
        "gone": sorted(was - found),
    }


def _findings(row: Row | None) -> set[str]:
    return {finding["id"] for finding in row["findings"] if is_open(finding)} if row else set()


def is_open(finding: t.Mapping[str, t.Any]) -> bool:
    """Nobody has accepted it."""
    return not finding.get("accepted_until")
