# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One command, measured: CPU and memory of it and of all its children, wall time, and the emulator's side of it."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from emulator.launch import Emulator

SAMPLE_SECONDS = 0.5
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class EmulatorUse:
    cpu_s: float
    rss_mb: float


@dataclass(frozen=True)
class Use:
    """Of one run as a whole."""

    cpu_s: float
    wall_s: float
    max_rss_mb: float
    emulator: EmulatorUse
    output: str


class MemorySampler:
    """The most memory that a process and all below it had at any sample.

    Forks share most pages, so the proportional set size is added up where the system tells it.
    """

    def __init__(self, pid: int) -> None:
        self.max_mb = 0.0
        self._root = psutil.Process(pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemorySampler:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.max_mb = max(self.max_mb, self._now())
            if self._done.wait(SAMPLE_SECONDS):
                return

    def _now(self) -> float:
        try:
            tree = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return 0.0
        return sum(_memory(process) for process in tree) / MEGABYTE


def _memory(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.NoSuchProcess:  # ended since it was listed
        return 0
    return int(getattr(memory, "pss", memory.rss))


def measure(command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None, emulator: Emulator) -> Use:
    """A command that fails ends the benchmark: figures of a broken run are worth nothing."""
    before, emulator_before = _children_cpu(), _cpu(emulator)
    start = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with MemorySampler(process.pid) as sampler:
        output, _none = process.communicate()
    wall = time.monotonic() - start
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{output[-6000:]}")
    return Use(
        _children_cpu() - before,
        wall,
        sampler.max_mb,
        EmulatorUse(_cpu(emulator) - emulator_before, psutil.Process(emulator.pid).memory_info().rss / MEGABYTE),
        output,
    )


def _children_cpu() -> float:
    """Of children that have ended, theirs included; the emulator runs on."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _cpu(emulator: Emulator) -> float:
    times = psutil.Process(emulator.pid).cpu_times()
    return float(times.user + times.system)
