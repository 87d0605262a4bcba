# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables in pages of docs/ that the code tells, each between two comments with its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

#: The head, and what gives the rows.
Table = tuple[list[str], Callable[[], Iterable[list[str]]]]


def markdown(table: Table) -> str:
    head, rows = table
    lines = [head, ["---"] * len(head), *rows()]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def written(page: str, tables: Mapping[str, Table]) -> str:
    """The page with the tables as they are now."""
    for name, table in tables.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        before, _begin, rest = page.partition(begin)
        page = f"{before}{begin}\n\n{markdown(table)}\n\n{end}{rest.partition(end)[2]}"
    return page
