# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project's checks, one session each. `make` prepares .venv and calls them; all but the legs run in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).parent
BIN = Path(sys.executable).parent
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
LEGS = {"floor": ["3.11"], "newest": ["3.14", "3.13", "3.12"]}
# By itself npm waits for minutes where its registry is out of reach.
NPM = ("--silent", "--no-audit", "--no-fund", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=3000")
NPM += ("--fetch-timeout=30000",)
# Clients of tests/clients, which has their requirements: those that everybody runs, and those too big for everybody.
CLIENTS = ("msgraph-sdk", "python-o365")
BIG_CLIENTS = ("azure-cli", "cli-microsoft365")
# Which Pythons a controller may have (docs.ansible.com, ansible-core support matrix); "": the newest release there is.
MATRIX = {
    "==2.19.*": ["3.11", "3.12", "3.13"],
    "==2.20.*": ["3.12", "3.13", "3.14"],
    "==2.21.*": ["3.12", "3.13", "3.14"],
    "": ["3.14", "3.13"],
}
# Tools find their siblings, the helpers below tests/ and the collection.
TOOLS = {
    "PATH": f"{BIN}:{os.environ['PATH']}",
    "PYTHONPATH": "tests",
    "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
    "ANSIBLE_HOME": str(ROOT / ".cache" / "ansible"),
}

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "sanity"]


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types, roles and playbooks, documentation, changelog fragments, action group."""
    run(session, "ruff", "check", "--quiet")
    run(session, "ruff", "format", "--check", "--quiet")
    run(session, "mypy", "--no-error-summary")
    run(session, "shellcheck", ".ci/run", "tests/tooling/find-python")
    run(session, "ansible-lint", "-q", "--strict")
    run(session, "antsibull-changelog", "lint")
    run(session, "antsibull-docs", "lint-collection-docs", "--plugin-docs", ".")
    run(session, "python", "-m", "tooling.action_group")


@nox.session
def sanity(session: nox.Session) -> None:
    """`ansible-test sanity` of both legs, side by side, without ignore files."""
    running = {
        name: subprocess.Popen(
            [f"{leg['bin']}/python", "-m", "tooling.sanity", *session.posargs], env=os.environ | TOOLS
        )
        for name, leg in make_legs(session).items()
        if "bin" in leg
    }
    failed = [name for name, process in running.items() if process.wait()]
    if failed:
        session.error(f"ansible-test sanity failed on: {' '.join(failed)}")


@nox.session
def environments(session: nox.Session) -> None:
    """One environment per leg of the integration tests (.nox/legs.json says where, or why not) and per client."""
    make_legs(session)
    make_axe(session)
    for name in (*CLIENTS, *(name for name in BIG_CLIENTS if (ROOT / ".nox" / "clients" / name).exists())):
        make_client(session, name)


@nox.session
def big_clients(session: nox.Session) -> None:
    """The environments of the clients that are too big for everybody: 800 MB."""
    for name in BIG_CLIENTS:
        make_client(session, name)


@nox.session
def importer(session: nox.Session) -> None:
    """What Galaxy does with the archive when somebody publishes it; `ansible-test sanity` has a session of its own."""
    made = make_environment(session, "importer", ["3.13", "3.12"], ["-r", str(ROOT / "requirements-release.txt")])
    if reason := made.get("skip"):
        session.skip(reason)
    run(session, "python", "-m", "tooling.importer", made["bin"])


@nox.session
def site(session: nox.Session) -> None:
    """The documentation as a site, in build/site; a warning is an error."""
    run(session, "python", "-m", "tooling.site")


@nox.session
def matrix(session: nox.Session) -> None:
    """The archive, installed and run with each ansible-core on each Python, and with the required libraries only."""
    skipped = []
    for core, versions in MATRIX.items():
        for version in versions:
            requirements = [f"ansible-core{core}", "-r", str(ROOT / "meta" / "ee-requirements.txt")]
            made = make_environment(
                session, f"matrix/{core.strip('=~.*') or 'newest'}-{version}", [version], requirements
            )
            if "skip" in made:
                skipped.append(f"ansible-core{core} on Python {version}")
            else:
                run(session, "python", "-m", "tooling.matrix", made["bin"])
    if skipped:
        session.warn(f"Not run, since this machine lacks the Python: {', '.join(skipped)}")


@nox.session
def demo(session: nox.Session) -> None:
    """A tenant from nothing to hand-off, against the emulator."""
    run(session, "python", "tests/demo/run.py", *session.posargs)


@nox.session
def test(session: nox.Session) -> None:
    """Every test; `make test` does this after all other sessions."""
    run(session, "pytest", *session.posargs)


def run(session: nox.Session, tool: str, *arguments: str) -> None:
    session.run(str(BIN / tool), *arguments, env=TOOLS, external=True)


def make_legs(session: nox.Session) -> dict[str, dict[str, str]]:
    legs = {name: make_leg(session, name, versions) for name, versions in LEGS.items()}
    (ROOT / ".nox").mkdir(exist_ok=True)
    (ROOT / ".nox" / "legs.json").write_text(json.dumps(legs, indent=2) + "\n")
    return legs


def make_leg(session: nox.Session, name: str, versions: list[str]) -> dict[str, str]:
    if PYTHON in versions:
        return {"bin": str(BIN)}
    return make_environment(session, f"legs/{name}", versions, ["-r", str(ROOT / "requirements-controller.txt")])


def make_environment(session: nox.Session, name: str, versions: list[str], requirements: list[str]) -> dict[str, str]:
    """Below .nox, with the first of these Pythons that the machine has; made anew when what it is made from changes."""
    found = subprocess.run(
        ["tests/tooling/find-python", *versions], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if found.returncode:
        return {"skip": found.stderr.strip()}
    interpreter = found.stdout.strip()
    home = (ROOT / ".nox" / name).resolve()  # its scripts lead there, also when a link to it is gone
    # Not where the files lie: several checkouts may share the environments.
    made_from = [Path(entry).read_text() if entry.startswith("/") else entry for entry in requirements]
    with made_once(home, "\n".join([interpreter, *made_from]), is_whole) as needed:
        if needed:
            session.run(interpreter, "-m", "venv", str(home), external=True)
            session.run(str(home / "bin" / "pip"), "install", "-qq", *requirements, external=True)
    return {"bin": str(home / "bin")}


def is_whole(home: Path) -> bool:
    """The scripts of an environment that was copied or moved, or whose Python is gone, lead elsewhere or nowhere."""
    try:
        done = subprocess.run([home / "bin" / "pip", "--version"], check=False, capture_output=True, text=True)
    except OSError:
        return False
    return f"{home}/" in done.stdout


def make_client(session: nox.Session, name: str) -> None:
    """Of Python or of Node. Modules are compiled when they are used: msgraph-sdk has 18,000."""
    wanted = ROOT / "tests" / "clients" / name
    if (package := wanted / "package.json").exists():
        make_node_environment(session, ROOT / ".nox" / "clients" / name, package)
    else:
        requirements = ["--no-compile", "-r", str(wanted / "requirements.txt")]
        make_environment(session, f"clients/{name}", [str(Path(sys.executable).resolve())], requirements)


def make_axe(session: nox.Session) -> None:
    """A test that misses it is skipped: a closed network may have no registry of npm."""
    try:
        make_node_environment(session, ROOT / ".nox" / "axe", ROOT / "tests" / "axe" / "package.json")
    except CommandFailed:
        session.warn("axe-core could not be installed by npm")


def make_node_environment(session: nox.Session, home: Path, package: Path) -> None:
    with made_once(home, package.read_text()) as needed:
        if needed:
            home.mkdir(parents=True)
            shutil.copy(package, home)
            session.run("npm", "install", "--prefix", str(home), *NPM, external=True)


@contextmanager
def made_once(home: Path, made_from: str, usable: Callable[[Path], bool] = lambda _home: True) -> Iterator[bool]:
    """Whether the folder has to be made anew: it is stamped with what it was made from when that is done."""
    stamp = home / "made-from.txt"
    if stamp.exists() and stamp.read_text() == made_from and usable(home):
        yield False
        return
    shutil.rmtree(home, ignore_errors=True)
    yield True
    stamp.write_text(made_from)
