# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

#: Text with its colours, and how many columns it takes.
Row: t.TypeAlias = "tuple[str, int]"
_CLEAR_BELOW = "\x1b[J"


class Region:
    """The last rows of a terminal: they stay below whatever else is written, and are drawn anew.

    `replace` gives streams that write to the terminal above the region. Nothing else may write into it: Ansible's
    Display writes one text at a time, from any thread, and holds its lock when it forks. A lock of our own beside that
    one would sooner or later be taken in the other order.
    """

    def __init__(self, terminal: t.TextIO, columns: t.Callable[[], int]) -> None:
        self._terminal = terminal
        self._columns = columns
        self._drawn: t.Sequence[Row] = ()
        self._at_line_start = True
        self.rows: t.Sequence[Row] = ()

    def write(self, text: str, stream: t.TextIO) -> int:
        """Without a text it draws the rows as they are now; never while the last line waits for its end, or for an
        answer."""
        if not text and not self._at_line_start:
            return 0
        self._terminal.write(self._clearing())
        self._drawn = ()
        if text:
            self._at_line_start = text.endswith("\n")
            self._terminal.flush()
            stream.write(text)
            stream.flush()
        if self._at_line_start:
            self._terminal.write("\n".join(row for row, _width in self.rows))
            self._drawn = self.rows
        self._terminal.flush()
        return len(text)

    def replace(self, stream: t.TextIO) -> t.TextIO:
        return t.cast(t.TextIO, _Above(self, stream))

    def _clearing(self) -> str:
        """A terminal that became narrower shows a row in several lines."""
        if not self._drawn:
            return ""
        columns = max(self._columns(), 1)
        lines = sum(max(1, -(-width // columns)) for _row, width in self._drawn)
        return f"\r\x1b[{lines - 1}A{_CLEAR_BELOW}" if lines > 1 else f"\r{_CLEAR_BELOW}"


class _Above:
    """A stream, in all but that it writes above the region."""

    def __init__(self, region: Region, stream: t.TextIO) -> None:
        self._region = region
        self._stream = stream

    def write(self, text: str) -> int:
        return self._region.write(text, self._stream)

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._stream, name)
