# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

_COLUMNS = {"tenant": "TENANT", "state": "STATE", "changed": "CHANGED", "next": "NEXT"}


def tenant_table(results: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """One line for each tenant under a line of headings; columns as wide as they need to be."""
    rows = [dict(_COLUMNS), *({name: _cell(result.get(name)) for name in _COLUMNS} for result in results)]
    widths = {name: max(len(row[name]) for row in rows) for name in _COLUMNS}
    return ["  ".join(row[name].ljust(widths[name]) for name in _COLUMNS).rstrip() for row in rows]


def _cell(value: t.Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value) or "-"
    return str(value or "-")


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"tenant_table": tenant_table}
