# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs: requests, and CPU seconds of the controller, per tenant.

Measured twice in one go: with the action plugins (tasks inside Ansible's workers), and without them (each task a Python
process of its own), each for a fresh fleet and again for an unchanged one.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from emulator.launch import Emulator, running_emulator
from tooling.install_collection import install

BIN = Path(sys.executable).parent
CLIENT_ID = str(uuid.uuid4())
CLIENT_SECRET = "benchmark-automation-secret"
ROLES = [
    "Application.Read.All",
    "Application.ReadWrite.OwnedBy",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Organization.Read.All",
    "Policy.Read.All",
]


@dataclass(frozen=True)
class Cost:
    """Of one run, per tenant."""

    requests: float
    cpu_seconds: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="make benchmark ARGS=", description=__doc__)
    parser.add_argument("--tenants", type=int, default=50)
    parser.add_argument("--forks", type=int, default=10)
    options = parser.parse_args()
    print(f"{options.tenants} tenants, {options.forks} forks, Python {sys.version.split()[0]}; per tenant:")
    print(f"{'':34}{'requests':>10}{'CPU s':>10}{'s':>10}")
    totals = {}
    for title, separate in (("in Ansible's workers", False), ("each task a process", True)):
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            costs = measure(Path(folder), options.tenants, options.forks, separate=separate)
        for state, cost in zip(("fresh", "unchanged"), costs, strict=True):
            print(f"{title + ', ' + state:34}{cost.requests:>10.1f}{cost.cpu_seconds:>10.3f}{cost.seconds:>10.3f}")
            totals[separate, state] = cost.cpu_seconds
    for state in ("fresh", "unchanged"):
        print(f"CPU ratio of processes to workers, {state}: {totals[True, state] / totals[False, state]:.1f}")


def measure(folder: Path, tenants: int, forks: int, *, separate: bool) -> list[Cost]:
    collections = folder / "collections"
    collection = install(collections)
    if separate:
        shutil.rmtree(collection / "plugins" / "action")
    with running_emulator({"tenants": [tenant(number) for number in range(tenants)]}) as emulator:
        write_inventory(folder, tenants, emulator)
        return [run(folder, collections, emulator, tenants, forks) for _run in range(2)]


def tenant(number: int) -> dict[str, Any]:
    return {
        "domains": [f"tenant{number}.onmicrosoft.com"],
        "display_name": f"Tenant {number}",
        "automation": {"client_id": CLIENT_ID, "secret": CLIENT_SECRET, "roles": ROLES},
    }


def write_inventory(folder: Path, tenants: int, emulator: Emulator) -> None:
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "connector_authority_url": emulator.url,
        "connector_graph_url": emulator.url,
        "connector_ca_path": emulator.ca_file,
        "connector_mail_sender": "totalview@example.com",
        "connector_store_folder": str(folder / "secrets"),
    }
    hosts = {f"tenant{number}": {"connector_tenant_id": f"tenant{number}.onmicrosoft.com"} for number in range(tenants)}
    (folder / "inventory.yml").write_text(yaml.safe_dump({"all": {"vars": variables, "hosts": hosts}}))
    (folder / "vault-password").write_text("benchmark")


def run(folder: Path, collections: Path, emulator: Emulator, tenants: int, forks: int) -> Cost:
    emulator.clear_requests()
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [str(BIN / "ansible-playbook"), "-i", "inventory.yml", "-f", str(forks), "totalview.exchange365.onboard"]
    done = subprocess.run(
        command, cwd=folder, env=environment(folder, collections), check=False, capture_output=True, text=True
    )
    after, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    if done.returncode:
        sys.exit(done.stdout[-4000:] + done.stderr[-4000:])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(len(emulator.requests()) / tenants, cpu / tenants, (end - start) / tenants)


def environment(folder: Path, collections: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_"))}
    return {
        **inherited,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_HOME": str(folder / "ansible-home"),
        "ANSIBLE_VAULT_PASSWORD_FILE": str(folder / "vault-password"),
        "AZURE_CLIENT_ID": CLIENT_ID,
        "AZURE_CLIENT_SECRET": CLIENT_SECRET,
    }


if __name__ == "__main__":
    main()
