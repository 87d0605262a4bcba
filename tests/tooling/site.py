# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the installed collection as a site, in build/site: `python -m tooling.site`.

A warning is an error. Nothing is fetched: what refers to Ansible's own documentation stays text.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tooling.install_collection import ROOT, install

BIN = Path(sys.executable).parent
SITE = ROOT / "build" / "site"
NAME = "totalview.exchange365"
#: Appended to what antsibull-docs writes down for Sphinx.
OFFLINE = """
intersphinx_mapping = {}
nitpick_ignore_regex = [
    ("std:ref", r"(?!ansible_collections\\.totalview\\.).*"),
    ("std:envvar", r"ANSIBLE_.*"),
]
"""


def main() -> None:
    shutil.rmtree(SITE, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="exchange365-site-") as scratch:
        install(Path(scratch))
        sources = Path(scratch, "site")
        sources.mkdir(mode=0o700)
        as_installed = ["--use-current", "--squash-hierarchy"]
        named = ["--project", NAME, "--copyright", "Totalview", "--title", NAME, "--sphinx-theme", "alabaster"]
        _run(scratch, "antsibull-docs", "sphinx-init", *as_installed, *named, "--dest-dir", ".", NAME)
        with (sources / "conf.py").open("a") as file:
            file.write(OFFLINE)
        settings = ["--config-file", "antsibull-docs.cfg"]
        written = ["--fail-on-error", "--dest-dir", "rst", NAME]
        _run(scratch, "antsibull-docs", *settings, "collection", *as_installed, *written)
        _run(scratch, "sphinx-build", "-b", "html", "rst", str(SITE), "-c", ".", "-W", "--keep-going", "-q")
    print(SITE / "index.html")


def _run(scratch: str, *command: str) -> None:
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "ANSIBLE_COLLECTIONS_PATH": scratch}
    done = subprocess.run(
        command, cwd=Path(scratch, "site"), env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
