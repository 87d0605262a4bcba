# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Galaxy's importer on the archive: `python -m tooling.importer BIN`, BIN being of an environment that has it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tooling.install_collection import build

#: As strict as Galaxy and Automation Hub are. What ansible-test says is checked with both legs.
SETTINGS = {
    "CHECK_REQUIRED_TAGS": "true",
    "REQUIRE_V1_OR_GREATER": "true",
    "RUN_ANSIBLE_DOC": "true",
    "RUN_ANSIBLE_LINT": "true",
    "RUN_ANSIBLE_TEST": "false",
}


def main(bin_: Path) -> str | None:
    with tempfile.TemporaryDirectory(prefix="exchange365-importer-") as folder:
        archive = build(Path(folder, "archive"))
        done = subprocess.run(
            [bin_ / "python", "-m", "galaxy_importer.main", archive],
            cwd=folder,  # it leaves its result there
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))},
                **{f"GALAXY_IMPORTER_{name}": value for name, value in SETTINGS.items()},
                "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
                "HOME": folder,
            },
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    lines = done.stdout.splitlines()
    told = [line for line in lines if line.startswith(("WARNING", "ERROR"))]
    if done.returncode or told or "Importer processing completed successfully" not in done.stdout:
        return "\n".join(told or lines)
    print(lines[-1])
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
