# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another commit of this repository, measured by its own benchmark on the same machine in the same hour."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: What is set beside each other, by how it is called in a line, with the digits that tell something.
COMPARED = {
    "controller_cpu_s_per_tenant": ("CPU-s", 3),
    "tasks_per_tenant": ("tasks", 1),
    "requests_per_tenant": ("requests", 1),
    "token_requests_per_tenant": ("tokens", 1),
    "max_rss_mb": ("MB", 0),
}


def measured(commit: str, arguments: Sequence[str]) -> dict[str, Any]:
    """The benchmark's document for that commit, with its own emulator and scenarios."""
    with checked_out(commit) as folder:
        result = folder / "build" / "bench.json"
        command = [sys.executable, "-m", "benchmark", *arguments, "--result", str(result)]
        environment = os.environ | {"PYTHONPATH": str(folder / "tests")}
        subprocess.run(command, cwd=folder, env=environment, check=True)
        return dict(json.loads(result.read_text("utf-8")))


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """The commit's files in a folder of their own; the checkout and git's list of worktrees stay as they are."""
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory(prefix="bench-base-") as folder:
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        yield Path(folder)


def comparison(scenarios: Mapping[str, Any], base: Mapping[str, Any]) -> Iterator[str]:
    """A line for each scenario that both have: base, this, and how many times the CPU."""
    for name in (name for name in scenarios if name in base):
        ours, theirs = scenarios[name], base[name]
        figures = [
            f"{theirs[key]:.{digits}f} -> {ours[key]:.{digits}f} {unit}" for key, (unit, digits) in COMPARED.items()
        ]
        yield f"{name}: {', '.join(figures)}; {cpu_ratio(ours, theirs):.2f} times the CPU"


def cpu_ratios(scenarios: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, float]:
    return {name: cpu_ratio(scenarios[name], base[name]) for name in scenarios if name in base}


def cpu_ratio(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    return ours["controller_cpu_s_per_tenant"] / theirs["controller_cpu_s_per_tenant"]
