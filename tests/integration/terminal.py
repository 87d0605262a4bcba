# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ansible-playbook in a pseudo-terminal, and what a person sees there."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyte

from integration.operator_desk import Prepared


@dataclass
class Terminal:
    """`shown`: all that was written to it."""

    columns: int
    lines: int = 40
    shown: bytearray = field(default_factory=bytearray)
    _main: int = -1

    def run(self, prepared: Prepared, folder: Path, react: Callable[[Terminal], None] = lambda terminal: None) -> int:
        """The exit status. `react`: called whenever more is shown."""
        self._main, terminal = pty.openpty()
        self.resize(self.columns, self.lines)
        process = subprocess.Popen(
            # As in a shell, Ctrl-C is for the processes of this terminal.
            ["setsid", "--ctty", *prepared.command],
            cwd=folder,
            # Where COLUMNS is set, it is believed.
            env={**prepared.environment, "TERM": "xterm-256color", "COLUMNS": str(self.columns)},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        while chunk := self._read():
            self.shown += chunk
            react(self)
        os.close(self._main)
        return process.wait()

    def resize(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, key: str) -> None:
        os.write(self._main, key.encode())

    @property
    def text(self) -> str:
        return self.shown.decode().replace("\r\n", "\n")

    def screen(self, columns: int | None = None) -> pyte.Screen:
        """As it looks at last, with all lines that have scrolled away; in the size that it has now, or in `columns`."""
        screen = pyte.Screen(columns or self.columns, 2000)
        screen.set_mode(pyte.modes.LNM)
        pyte.ByteStream(screen).feed(bytes(self.shown))
        return screen

    def seen(self, columns: int | None = None) -> list[str]:
        return [line.rstrip() for line in self.screen(columns).display if line.strip()]

    def _read(self) -> bytes:
        try:
            return os.read(self._main, 65536)
        except OSError:  # EIO: nobody holds the other side any more
            return b""
