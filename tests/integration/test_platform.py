# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files for execution environments and ansible-navigator, in the hands of the tools that they are for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from integration.operator_desk import CLIENT_ID, CLIENT_SECRET, Desk, Leg
from integration.tenants import Tenants

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
NAVIGATOR = ROOT / "ansible-navigator.yml"

# These tools are in the tests' own environment, which is one of the legs.


def call(tool: str, *arguments: str) -> str:
    done = subprocess.run([BIN / tool, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def test_ansible_builder_makes_a_context_of_the_definition(tmp_path: Path) -> None:
    definition = str(ROOT / "execution-environment.yml")

    call("ansible-builder", "create", "-f", definition, "-c", str(tmp_path), "--output-filename", "Containerfile")

    steps = (tmp_path / "Containerfile").read_text().splitlines()
    assert [line for line in steps if "ansible-galaxy collection install" in line and "requirements.yml" in line]
    assert [line for line in steps if line.startswith("RUN ansible-doc -t inventory totalview.exchange365.tenants")]
    wanted: Any = yaml.safe_load((tmp_path / "_build" / "requirements.yml").read_text())
    assert wanted == {"collections": [{"name": "totalview.exchange365"}]}


def test_the_image_gets_the_python_libraries_of_the_installed_collection(leg: Leg) -> None:
    found = yaml.safe_load(call("ansible-builder", "introspect", str(leg.collections)))

    libraries = [line.partition("#")[0].strip() for line in found["python"] if "totalview.exchange365" in line]
    assert libraries == (ROOT / "meta" / "ee-requirements.txt").read_text().split()


def test_ansible_navigator_runs_with_the_settings(desk: Desk, tenants: Tenants) -> None:
    desk.hosts = {"contoso": {"connector_tenant_id": tenants.make()}}
    # The sign-in comes from the environment, as in a container.
    desk.variables = {"connector_auth_client_id": None, "connector_auth_client_secret": None}
    prepared = desk.prepare("totalview.exchange365.preflight")
    environment = {
        **prepared.environment,
        "ANSIBLE_NAVIGATOR_CONFIG": str(NAVIGATOR),
        "AZURE_CLIENT_ID": CLIENT_ID,
        "AZURE_CLIENT_SECRET": CLIENT_SECRET,
        "TERM": "dumb",
    }

    done = subprocess.run(
        [
            BIN / "ansible-navigator",
            "run",
            prepared.command[-1],
            *prepared.command[1:-1],
            "--execution-environment",
            "false",
        ],
        cwd=desk.folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )

    run = prepared.run(done.returncode, done.stdout)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert run.tenant("contoso")["state"] == "ready"
    assert CLIENT_SECRET not in f"{done.stdout}{done.stderr}"
    assert list(desk.folder.glob("*artifact*")) == []
