# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import os
import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.progress import Progress
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.region import Row
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.text import pace, slow_for, span, title

try:
    from rich.console import Console, Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text
except ImportError:
    HAS_RICH = False
else:
    HAS_RICH = True

#: Where a terminal does not tell its size.
_USUAL = os.terminal_size((80, 24))


class Screen:
    """Draws progress as rows of a terminal, by rich, which must be there (`HAS_RICH`)."""

    def __init__(self, terminal: t.TextIO, *, colours: bool) -> None:
        self._terminal = terminal
        # Without a word of Ansible's, rich looks for NO_COLOR.
        self._console = Console(
            file=terminal, force_terminal=True, no_color=None if colours else True, highlight=False, markup=False
        )

    @property
    def columns(self) -> int:
        return self._size().columns

    def rows(self, progress: Progress) -> list[Row]:
        """As many as the terminal has room for beside a line that scrolls."""
        size = self._size()
        # Some terminals go on to the next line with what is written in the last column.
        self._console.size = (max(size.columns - 1, 1), max(size.lines, 2))
        with self._console.capture() as drawn:
            self._console.print(_view(progress), no_wrap=True, overflow="ellipsis")
        lines = drawn.get().splitlines()[: max(size.lines - 1, 1)]
        return [(line, Text.from_ansi(line).cell_len) for line in lines]

    def _size(self) -> os.terminal_size:
        try:
            size = os.get_terminal_size(self._terminal.fileno())
        except OSError:
            return _USUAL
        return size if size.columns and size.lines else _USUAL


def _view(progress: Progress) -> Group:
    return Group(_headline(progress), _bar(progress), _counts(progress), *_slow(progress))


def _headline(progress: Progress) -> Text:
    return Text.assemble((title(progress), "bold"), f"  {span(progress.elapsed)}")


def _bar(progress: Progress) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(ratio=1)
    grid.add_column(no_wrap=True)
    told = [f"{progress.done} of {progress.total}", *pace(progress)]
    grid.add_row(ProgressBar(total=max(progress.total, 1), completed=progress.done), Text("  ".join(told)))
    return grid


def _counts(progress: Progress) -> Text:
    counts = (
        ("done", progress.done, "green"),
        ("failed", progress.failed, "red"),
        ("waiting", progress.waiting, "yellow"),
        ("under way", progress.under_way, ""),
        ("to come", progress.to_come, ""),
    )
    return Text("  ").join(Text(f"{name} {number}", colour if number else "dim") for name, number, colour in counts)


def _slow(progress: Progress) -> list[Text]:
    return [Text(f"slow: {one_line(slow.host)} {slow_for(slow)}", "yellow") for slow in progress.slow]
