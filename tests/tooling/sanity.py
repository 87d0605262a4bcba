# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run this environment's `ansible-test sanity` on a copy of the project that lies where collections have to lie.

Its virtual environments stay in .cache/sanity, so only the first run installs them. There are no ignore files.
"""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import typing as t
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages

from tooling.install_collection import ROOT, copy_project

if t.TYPE_CHECKING:
    from ansible_test._internal.host_configs import PythonConfig

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
HOME = ROOT / ".cache" / "sanity" / PYTHON
TREE = HOME / "ansible_collections" / "totalview" / "exchange365"
NOISE = ("Using locale", "Reviewing previous")


def place_pip_bootstrap() -> None:
    """Put our pip bootstrap where ansible-test keeps the one it has downloaded; the name tells the version of pip."""
    pip = get_venv_packages(t.cast("PythonConfig", SimpleNamespace(version=PYTHON)))["pip"]
    place = HOME / ".ansible" / "test" / "cache" / f"get_pip_{pip.replace('.', '_')}.py"
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name("pip_bootstrap.py"), place)


def place_pip_settings() -> None:
    """Write down what the environment tells pip: ansible-test keeps the environment from it, but not its own file."""
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(os.environ.get("PIP_CONFIG_FILE", os.devnull))
    told = {name.removeprefix("PIP_"): value for name, value in os.environ.items() if name.startswith("PIP_")}
    told |= {"QUIET": "1", "CACHE_DIR": str(ROOT / ".cache" / "pip")}
    told.pop("CONFIG_FILE", None)
    settings.read_dict({"global": {name.lower().replace("_", "-"): value for name, value in told.items()}})
    place = HOME / ".config" / "pip" / "pip.conf"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.touch(mode=0o600)  # an index may want a password
    with place.open("w") as file:
        settings.write(file)


def main() -> int:
    place_pip_bootstrap()
    place_pip_settings()
    shutil.rmtree(TREE, ignore_errors=True)
    copy_project(TREE)
    # A repository of its own: in ours the copy is ignored, so that ansible-test would find nothing to do.
    subprocess.run(["git", "init", "--quiet"], cwd=TREE, check=True)
    command = [sys.executable, "-m", "ansible", "test", "sanity", "--local", "--python", PYTHON, *sys.argv[1:]]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"HOME": str(HOME), "PATH": path}
    done = subprocess.run(
        command, cwd=TREE, env=environment, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines = done.stdout.splitlines()
    # Of a good run only the warnings count: they tell what could not be checked.
    for line in lines:
        if done.returncode or (line.startswith("WARNING: ") and not any(noise in line for noise in NOISE)):
            print(line)
    ran = sum(line.startswith("Running sanity test") for line in lines)
    print(f"ansible-test {version('ansible-core')} on Python {PYTHON}: {ran} sanity tests ran.")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
