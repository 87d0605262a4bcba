# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks over a run's shoulder: what other users of the machine, or its disk, get to see of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PROC = Path("/proc")
#: How often it looks, in seconds; a process of a run lives far longer.
PAUSE = 0.02


class Watcher:
    """Remembers, each once, the command lines and environments of a run's processes, and contents of files.

    `mark`: stands in the environment of the run, and so of all that it starts.
    """

    def __init__(self, mark: str, folders: Sequence[Path]) -> None:
        self._mark = mark.encode()
        self._folders = folders
        self._done = threading.Event()
        self.commands: set[bytes] = set()
        self.environments: set[bytes] = set()
        self.files: dict[Path, set[bytes]] = {}

    def places_of(self, secrets: Iterable[str]) -> set[str]:
        """Where one of the secrets was."""
        wanted = [secret.encode() for secret in secrets]
        seen = [("a command line", self.commands), ("an environment", self.environments)]
        seen += [(str(path), contents) for path, contents in self.files.items()]
        return {place for place, contents in seen for content in contents for secret in wanted if secret in content}

    @contextmanager
    def watching(self) -> Iterator[None]:
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()
            self._look()

    def _watch(self) -> None:
        while not self._done.wait(PAUSE):
            self._look()

    def _look(self) -> None:
        for environ in PROC.glob("[0-9]*/environ"):
            with suppress(OSError):  # it has ended since
                environment = environ.read_bytes()
                if self._mark in environment:
                    self.environments.add(environment)
                    self.commands.add(environ.with_name("cmdline").read_bytes())
        # Not Path.rglob: it fails where a folder is gone by the time that it looks into it.
        for path in [
            Path(where, name) for top in self._folders for where, _inner, names in os.walk(top) for name in names
        ]:
            with suppress(OSError):
                if path.is_file():
                    self.files.setdefault(path, set()).add(path.read_bytes())
