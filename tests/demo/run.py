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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
FOLDER = ROOT / ".cache" / "demo"
FILES = '    connector_store_folder: "{{ inventory_dir }}/secrets"\n'
OUTSIDERS_MISTAKE = "      connector_mail_members: [ann@example.com]\n"

sys.path.insert(0, str(ROOT / "tests"))

from emulator.launch import Emulator, running_emulator  # noqa: E402
from openbao import PATH, policy_for, running_openbao  # noqa: E402
from tooling.install_collection import install  # noqa: E402


@dataclass(frozen=True)
class Operator:
    """`bin`: of an environment with ansible-core. `folder`: the operator's, with the collection in `collections`.

    `credentials`: what else is in the environment.
    """

    bin: Path
    folder: Path
    credentials: Mapping[str, str] = field(default_factory=dict)

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
            **self.credentials,
        }


class Place(NamedTuple):
    """The store: what a run needs for it in its environment, and where to look."""

    credentials: Mapping[str, str]
    name: str
    view: str


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    install(FOLDER / "collections")
    operator = Operator(Path(sys.executable).parent, FOLDER)
    operator.prepare()
    with running_emulator(HERE / "seed.yml") as emulator, store() as place:
        operator = replace(operator, credentials=place.credentials)
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
    print(where_to_look(place))
    return 0


@contextmanager
def store() -> Iterator[Place]:
    """Files, as the inventory says; with STORE=openbao in the environment a real OpenBao server."""
    folder = FOLDER.relative_to(ROOT)
    if os.environ.get("STORE") != "openbao":
        view = f".venv/bin/ansible-vault view --vault-password-file {folder}/vault-password"
        yield Place({}, f"{folder}/secrets/", f"{view} {folder}/secrets/handoff/fresh.yml")
        return
    with running_openbao() as server:
        engine = server.engine()
        inventory = FOLDER / "inventory.yml"
        of_server = {"": "vault_kv2", "_url": server.url, "_ca_cert": server.ca_file, "_engine_mount_point": engine}
        lines = [f"    connector_store{name}: {value}\n" for name, value in of_server.items()]
        inventory.write_text(inventory.read_text().replace(FILES, "".join(lines)))
        place = f"OpenBao, {engine}/{PATH}"
        yield Place({"VAULT_TOKEN": server.token(policy_for(engine))}, place, "(the server has ended with the demo)")
        handed_off = server.ask("GET", f"{engine}/metadata/{PATH}/handoff?list=true")
        print(f"OpenBao had these hand-offs: {', '.join(handed_off['keys'] if handed_off else ())}")


def tell(title: str) -> None:
    print(f"\n=== {title} ===", flush=True)


def where_to_look(place: Place) -> str:
    folder = FOLDER.relative_to(ROOT)
    return f"""
The tenant 'cautious' waits for somebody who may consent; the others are complete. Where to look:
  {folder}/inventory.yml    what the operator wrote
  {folder}/reports/         report.html to open in a browser, and the same as JSON, CSV and metrics
  {place.name:<25} the encrypted store and the hand-off, one of each for each tenant
  {place.view}
The emulated tenants are gone; README.md tells how to work on real ones."""


if __name__ == "__main__":
    sys.exit(main())
