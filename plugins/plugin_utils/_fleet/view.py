# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import os
import sys
import typing as t

from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.progress import Progress
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.region import Region
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.screen import HAS_RICH, Screen
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.text import progress_line


class Display(t.Protocol):
    """Of Ansible's Display what a view needs. It may be called from any thread."""

    def display(self, msg: str, *, screen_only: bool = False, newline: bool = True) -> None: ...


class View(t.Protocol):
    """Where progress is shown."""

    def show(self, progress: Progress | None, now: float) -> None:
        """Called every now and then. `now`: in seconds, of any clock. Raises OSError: nobody is there any more."""

    def close(self) -> None:
        """The terminal is as it was."""


def open_view(display: Display, interval: float, *, colours: bool) -> View:
    """`interval`: seconds between two lines, where there are lines."""
    if HAS_RICH and sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        return Picture(display, colours=colours)
    return Lines(display, interval)


class Lines:
    """A line every now and then."""

    def __init__(self, display: Display, interval: float) -> None:
        self._display = display
        self._interval = interval
        self._last: float | None = None

    def show(self, progress: Progress | None, now: float) -> None:
        if self._last is None:
            self._last = now
        if progress and now - self._last >= self._interval:
            self._last = now
            self._display.display(progress_line(progress))
        # Ansible leaves it to the system, which keeps what goes to a pipe until there is much of it.
        sys.stdout.flush()

    def close(self) -> None:
        sys.stdout.flush()


class Picture:
    """Below everything else that is written to the terminal."""

    def __init__(self, display: Display, *, colours: bool) -> None:
        self._display = display
        self._streams = sys.stdout, sys.stderr
        self._screen = Screen(sys.stdout, colours=colours)
        self._region = Region(sys.stdout, lambda: self._screen.columns)
        sys.stdout = self._region.replace(sys.stdout)
        if sys.stderr.isatty():
            sys.stderr = self._region.replace(sys.stderr)

    def show(self, progress: Progress | None, now: float) -> None:
        self._draw(self._screen.rows(progress) if progress else [])

    def close(self) -> None:
        self._draw([])
        sys.stdout, sys.stderr = self._streams

    def _draw(self, rows: list[tuple[str, int]]) -> None:
        self._region.rows = rows
        self._display.display("", screen_only=True, newline=False)
