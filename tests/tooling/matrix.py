# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive as a user gets it, in another environment: `python -m tooling.matrix BIN`, BIN being of that environment.

Installs it into an empty path, verifies every file, shows every plugin's documentation, and runs the demo's main runs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from demo.run import HERE, Operator
from emulator.launch import running_emulator
from tooling.install_collection import build

NAME = "totalview.exchange365"
KINDS = ("module", "role", "filter", "inventory", "callback")


def main(bin_: Path) -> None:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="exchange365-matrix-") as scratch:
        operator = Operator(bin_, Path(scratch))
        archive = build(operator.folder / "archive")
        collections = operator.folder / "collections"
        _run(operator, "ansible-galaxy", "collection", "install", "--offline", "-p", str(collections), str(archive))
        _run(operator, "ansible-galaxy", "collection", "verify", "--offline", NAME)
        shown = sum(_documentation(operator, kind) for kind in KINDS)
        _demo(operator)
        version = _run(operator, "ansible", "--version").splitlines()[0]
    print(f"{version}, {bin_}: {shown} plugins documented, the demo as it should be; {time.monotonic() - begun:.0f} s")


def _documentation(operator: Operator, kind: str) -> int:
    """How many of a kind there are; each has a documentation that can be shown."""
    listed = json.loads(_run(operator, "ansible-doc", "-t", kind, "--list", "--json", NAME))
    found = json.loads(_run(operator, "ansible-doc", "-t", kind, "--json", *listed)) if listed else {}
    empty = [name for name in listed if not found.get(name)]
    if empty:
        raise SystemExit(f"ansible-doc shows nothing of {', '.join(empty)}")
    return len(listed)


def _demo(operator: Operator) -> None:
    operator.prepare()
    with running_emulator(HERE / "seed.yml") as emulator:
        operator.onboard(emulator, stdout=subprocess.DEVNULL)
        operator.correct_the_inventory()
        emulator.advance_clock(3 * 3600)
        done = operator.onboard(emulator, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    report: dict[str, Any] = json.loads((operator.folder / "reports" / "report.json").read_text("utf-8"))
    found = {row["tenant"]: row["state"] for row in report["tenants"]}
    waiting = {host: state for host, state in found.items() if state != "complete"}
    if done.returncode or waiting != {"cautious": "waiting_for_consent"} or len(found) < 10:
        raise SystemExit(f"{done.stdout}\nThe demo ended with {found}")


def _run(operator: Operator, tool: str, *arguments: str) -> str:
    done = subprocess.run(
        [operator.bin / tool, *arguments],
        cwd=operator.folder,
        env={**operator.environment(), "HOME": str(operator.folder), "ANSIBLE_NOCOLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{tool} {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
