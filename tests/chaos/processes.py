# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of ansible-playbook that may be cut down, and that are cut down when they do not end."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from emulator.faults.family import kill_family
from integration.operator_desk import Prepared, Run

#: Waits for a line before it becomes the run, so that its process group is known while nothing has happened yet.
GATE = ["sh", "-c", 'read -r go && exec "$@"', "sh"]


class Endless(Exception):
    """A run was still busy when its time was over."""


class Broken(Exception):
    """A run did not come to its end although nobody stopped it, or could not begin."""


class Running:
    """A run that is on its way, in a session of its own."""

    def __init__(self, prepared: Prepared, process: subprocess.Popen[str], output: Path) -> None:
        self._prepared = prepared
        self._process = process
        self._output = output

    @property
    def pgid(self) -> int:
        return self._process.pid

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.close()

    def ended(self, seconds: float) -> Run:
        run = self._prepared.run(self.code(seconds), self.output)
        if not any("stats" in row for row in run.rows):
            raise Broken(f"ansible-playbook itself broke off with {run.code}:\n{run.output[-4000:]}")
        return run

    def code(self, seconds: float) -> int:
        """A signal's number, negative, where it was killed."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired as expired:
            raise Endless(f"not done after {seconds:.0f} s:\n{self.output[-2000:]}") from expired

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace")


@contextmanager
def started(prepared: Prepared, folder: Path) -> Iterator[Running]:
    """The run behind its gate. Nothing of it is left at the end of the block."""
    with tempfile.NamedTemporaryFile("w", prefix="output-", dir=folder) as output:
        process = subprocess.Popen(
            [*GATE, *prepared.command],
            cwd=folder,
            env=prepared.environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Running(prepared, process, Path(output.name))
        finally:
            if process.poll() is None:
                kill_family(process.pid)
            process.wait()


def run_to_end(prepared: Prepared, folder: Path, seconds: float) -> Run:
    with started(prepared, folder) as running:
        running.go()
        return running.ended(seconds)


def run_until_killed(prepared: Prepared, folder: Path, set_faults: Callable[[int], None], seconds: float) -> int:
    """`set_faults` is told the process group to kill. The exit code."""
    with started(prepared, folder) as running:
        set_faults(running.pgid)
        running.go()
        return running.code(seconds)
