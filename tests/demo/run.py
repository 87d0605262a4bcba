# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Onboard a small fleet of emulated tenants until nothing is left to change."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
FOLDER = ROOT / ".cache" / "demo"
OUTSIDERS_MISTAKE = "      connector_mail_members: [ann@example.com]\n"

sys.path.insert(0, str(ROOT / "tests"))

from emulator.launch import Emulator, running_emulator  # noqa: E402
from tooling.install_collection import install  # noqa: E402


@dataclass(frozen=True)
class Operator:
    """`bin`: of an environment with ansible-core. `folder`: the operator's, with the collection in `collections`."""

    bin: Path
    folder: Path

    def prepare(self) -> None:
        """All but the collection. The emulated tenants are new each time, so older secrets are of no use."""
        shutil.copy(HERE / "inventory.yml", self.folder)
        password_file = self.folder / "vault-password"
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_urlsafe(24) + "\n")

    def correct_the_inventory(self) -> None:
        inventory = self.folder / "inventory.yml"
        text = inventory.read_text()
        inventory.write_text(text.replace(OUTSIDERS_MISTAKE, ""))

    def onboard(self, emulator: Emulator, **options: Any) -> subprocess.CompletedProcess[str]:
        """`options`: of `subprocess.run`."""
        endpoints = {
            "connector_authority_url": emulator.url,
            "connector_graph_url": emulator.url,
            "connector_exchange_url": emulator.url,
            "connector_ca_path": emulator.ca_file,
        }
        command = [self.bin / "ansible-playbook", "-i", "inventory.yml", "--vault-password-file", "vault-password"]
        command += [f"-e{name}={value}" for name, value in endpoints.items()]
        command.append("totalview.exchange365.onboard")
        return subprocess.run(command, cwd=self.folder, env=self.environment(), check=False, text=True, **options)

    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_"))},
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
            "AZURE_CLIENT_ID": "0e8f7a6b-2c4d-4f5e-8a9b-7c6d5e4f3a2b",
            "AZURE_CLIENT_SECRET": "demo-automation-secret-of-acme",
        }


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    install(FOLDER / "collections")
    operator = Operator(Path(sys.executable).parent, FOLDER)
    operator.prepare()
    with running_emulator(HERE / "seed.yml") as emulator:
        tell("First run: everything is made. One tenant fails, others wait for somebody")
        operator.onboard(emulator)
        operator.correct_the_inventory()
        emulator.advance_clock(3 * 3600)
        tell("Three hours later, the sender of 'outsider' corrected: what waited for Exchange goes on")
        if code := operator.onboard(emulator).returncode:
            return code
        tell("Once more: nothing is left to change")
        if code := operator.onboard(emulator).returncode:
            return code
    print(where_to_look())
    return 0


def tell(title: str) -> None:
    print(f"\n=== {title} ===", flush=True)


def where_to_look() -> str:
    folder = FOLDER.relative_to(ROOT)
    view = f".venv/bin/ansible-vault view --vault-password-file {folder}/vault-password"
    return f"""
The tenant 'cautious' waits for somebody who may consent; the others are complete. Where to look:
  {folder}/inventory.yml    what the operator wrote
  {folder}/reports/         report.html to open in a browser, and the same as JSON, CSV and metrics
  {folder}/secrets/         the encrypted store and the hand-off, one file for each tenant
  {view} {folder}/secrets/handoff/fresh.yml
The emulated tenants are gone; README.md tells how to work on real ones."""


if __name__ == "__main__":
    sys.exit(main())
