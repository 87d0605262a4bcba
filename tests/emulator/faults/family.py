# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sudden death of a process group and of all that it has started."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")


class _Process(NamedTuple):
    pid: int
    parent: int
    group: int


def kill_family(pgid: int) -> None:
    """Ansible's workers leave the group for sessions of their own. All are stopped first, so that nobody gets away.

    Without /proc only the group itself is known.
    """
    with suppress(ProcessLookupError):
        os.killpg(pgid, signal.SIGSTOP)
    stopped: set[int] = set()
    while fresh := _family(pgid) - stopped:
        _signal(fresh, signal.SIGSTOP)
        stopped |= fresh
    _signal(stopped, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.killpg(pgid, signal.SIGKILL)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _family(pgid: int) -> set[int]:
    """The group's members and their descendants."""
    processes = list(_processes())
    family = {process.pid for process in processes if process.group == pgid}
    while fresh := {process.pid for process in processes if process.parent in family} - family:
        family |= fresh
    return family


def _processes() -> Iterator[_Process]:
    for stat in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended since
            # proc_pid_stat(5): the name in parentheses may hold anything; state, parent and group come behind it.
            _state, parent, group = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
            yield _Process(int(stat.parent.name), int(parent), int(group))
