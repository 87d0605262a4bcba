# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import os
import threading

import pyte
import pytest

from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.progress import Progress, Slow
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.region import Region
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.screen import Screen
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.ticker import Ticker
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.view import Lines

SLOW = tuple(Slow(f"contoso{number}", "Mailbox restriction", 95.0 - number) for number in range(5))
PROGRESS = Progress("Onboard", False, 5000, 320, 4, 31, 50, 720.0, 26.7, 10530.0, SLOW)


class Terminal(io.StringIO):
    """What is written to it, as a person sees it."""

    def __init__(self, columns: int = 60, lines: int = 12) -> None:
        super().__init__()
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self._screen)

    def write(self, text: str) -> int:
        self._stream.feed(text.replace("\n", "\r\n"))
        return super().write(text)

    @property
    def seen(self) -> list[str]:
        lines = [line.rstrip() for line in self._screen.display]
        return lines[: max((number + 1 for number, line in enumerate(lines) if line), default=0)]


def rows(*texts: str) -> list[tuple[str, int]]:
    return [(text, len(text)) for text in texts]


def test_what_is_written_stands_above_the_rows() -> None:
    terminal = Terminal()
    region = Region(terminal, lambda: 60)
    above = region.replace(terminal)

    region.rows = rows("half", "bar")
    above.write("")
    above.write("one\ntwo\n")
    region.rows = rows("done", "bar", "third")
    above.write("three\n")

    assert terminal.seen == ["one", "two", "three", "done", "bar", "third"]


def test_without_rows_nothing_is_left_of_them() -> None:
    terminal = Terminal()
    region = Region(terminal, lambda: 60)
    region.rows = rows("half", "bar")
    region.write("", terminal)

    region.rows = []
    region.write("", terminal)

    assert terminal.seen == []


def test_they_stay_away_while_somebody_is_asked() -> None:
    terminal = Terminal()
    region = Region(terminal, lambda: 60)
    region.rows = rows("bar")
    region.write("", terminal)

    region.write("Go on? ", terminal)
    region.write("", terminal)
    assert terminal.seen == ["Go on?"]

    region.write("yes\n", terminal)
    assert terminal.seen == ["Go on? yes", "bar"]


def test_a_row_that_a_narrower_terminal_shows_in_two_lines_is_cleared_whole() -> None:
    terminal = Terminal(columns=30)
    region = Region(terminal, lambda: 30)
    region.rows = rows("x" * 59, "second")
    region.write("", terminal)

    region.rows = rows("short")
    region.write("above\n", terminal)

    assert terminal.seen == ["above", "short"]


def test_an_error_stream_of_its_own_writes_above_them_too() -> None:
    terminal, errors = Terminal(), io.StringIO()
    region = Region(terminal, lambda: 60)
    region.rows = rows("bar")

    region.replace(errors).write("warning\n")

    assert errors.getvalue() == "warning\n"
    assert terminal.seen == ["bar"]


def _screen(monkeypatch: pytest.MonkeyPatch, columns: int, lines: int, *, colours: bool = False) -> Screen:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda descriptor: os.terminal_size((columns, lines)))
    terminal = Terminal()
    monkeypatch.setattr(terminal, "fileno", lambda: 1)
    return Screen(terminal, colours=colours)


def _plain(rows_: list[tuple[str, int]]) -> list[str]:
    terminal = Terminal(columns=200, lines=50)
    terminal.write("\n".join(row for row, _width in rows_))
    return terminal.seen


@pytest.mark.parametrize(("columns", "lines"), [(200, 50), (80, 24), (40, 10), (20, 3), (5, 2), (1, 1)])
def test_the_picture_never_needs_more_than_the_terminal_has(
    monkeypatch: pytest.MonkeyPatch, columns: int, lines: int
) -> None:
    drawn = _screen(monkeypatch, columns, lines).rows(PROGRESS)

    assert 1 <= len(drawn) <= max(lines - 1, 1)
    assert max(width for _row, width in drawn) <= max(columns - 1, 1)


def test_the_picture_tells_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _plain(_screen(monkeypatch, 120, 24).rows(PROGRESS))

    assert seen[0] == "Onboard  12 min 0 s"
    assert seen[1].endswith("320 of 5000  26.7 a minute  about 2 h 55 min left")
    assert seen[2] == "done 320  failed 4  waiting 31  under way 50  to come 4630"
    assert seen[3] == "slow: contoso0 at 'Mailbox restriction' for 1 min 35 s"
    assert len(seen) == 8


def test_names_are_text_and_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = (Slow("[red]b[/red]", "Pl\x1b[2Jan", 40.0),)
    progress = Progress("[bold]On\x1b]0;x\x07", False, 1, 0, 0, 0, 1, 1.0, None, None, hostile)

    drawn = _screen(monkeypatch, 120, 24).rows(progress)

    assert not [row for row, _width in drawn if "\x1b[2J" in row or "\x07" in row]
    assert _plain(drawn)[3].startswith("slow: [red]b[/red] at 'Pl\\x1b[2Jan'")


def test_colours_are_used_unless_ansible_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[32m" in _screen(monkeypatch, 80, 24, colours=True).rows(PROGRESS)[2][0]
    assert "\x1b[32m" not in _screen(monkeypatch, 80, 24, colours=False).rows(PROGRESS)[2][0]


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(os, "get_terminal_size", lambda descriptor: os.terminal_size((80, 24)))
    monkeypatch.setattr(Terminal, "fileno", lambda self: 1)

    assert "\x1b[32m" not in Screen(Terminal(), colours=True).rows(PROGRESS)[2][0]


class _Display:
    def __init__(self) -> None:
        self.said: list[str] = []

    def display(self, msg: str, *, screen_only: bool = False, newline: bool = True) -> None:
        self.said.append(msg)


def test_a_line_is_written_only_when_it_is_due() -> None:
    display = _Display()
    view = Lines(display, interval=30)

    for now in (0.0, 10.0, 29.0, 30.0, 31.0, 59.0, 60.5):
        view.show(PROGRESS, now)

    assert len(display.said) == 2
    assert display.said[0].startswith("Onboard: 320 of 5000 done")


def test_nothing_is_written_before_there_is_something_to_tell() -> None:
    display = _Display()
    view = Lines(display, interval=30)

    view.show(None, 0.0)
    view.show(None, 60.0)

    assert display.said == []


def test_the_ticker_ends_when_the_reader_has_gone() -> None:
    called = threading.Event()

    def gone() -> None:
        called.set()
        raise BrokenPipeError

    ticker = Ticker(0.001, gone)
    ticker.start()
    called.wait()
    ticker.join()

    assert not ticker.is_alive()


def test_a_ticker_that_was_stopped_calls_no_more() -> None:
    calls: list[int] = []
    called = threading.Event()

    def count() -> None:
        calls.append(1)
        called.set()

    ticker = Ticker(0.001, count)
    ticker.start()
    called.wait()
    ticker.stop()
    counted = len(calls)

    assert not ticker.is_alive()
    assert len(calls) == counted
