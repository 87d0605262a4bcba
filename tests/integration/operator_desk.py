# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator's folder with inventory, vault password and store, and real ansible-playbook runs in it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CALLBACKS = Path(__file__).parent / "callback"
ONBOARD = "totalview.exchange365.onboard"
CLIENT_ID = "0e8f7a6b-2c4d-4f5e-8a9b-7c6d5e4f3a2b"
CLIENT_SECRET = "integration-Automation~secret-0815"
SENDER = "totalview@example.com"
VAULT_PASSWORD = "integration-vault-password-4711"

#: What the machine that the tests run on may say of itself.
FOREIGN = ("ANSIBLE_", "AZURE_", "ARM_", "ACTIONS_", "SYSTEM_", "IDENTITY_", "MSI_")

Json = dict[str, Any]


@dataclass(frozen=True)
class Leg:
    """An ansible-core to run with, and the installed collection."""

    name: str
    bin: Path
    collections: Path


@dataclass(frozen=True)
class Run:
    """What a run of ansible-playbook showed and recorded."""

    code: int
    output: str
    rows: list[Json]

    @property
    def stats(self) -> dict[str, Json]:
        return next(row["stats"] for row in self.rows if "stats" in row)

    def results(self, host: str, task: str) -> list[Json]:
        """Results of the host's tasks whose name contains the text, each loop item its own."""
        rows = [row for row in self.rows if row.get("host") == host and task in row["task"]]
        return [item for row in rows for item in row["result"].get("results", [row["result"]])]

    def tenant(self, host: str) -> Json:
        """The role's connector_result."""
        facts = [row["result"].get("ansible_facts", {}) for row in self.rows if row.get("host") == host]
        return next(dict(found["connector_result"]) for found in reversed(facts) if "connector_result" in found)

    def changes(self, host: str) -> list[str]:
        """What the role's tasks say they changed, or planned in check mode."""
        found = [item for item in self.results(host, "connector : ") if "changes" in item]
        return [change for item in found for change in item["changes"]]


@dataclass(frozen=True)
class Prepared:
    """A run of ansible-playbook that may begin."""

    command: list[str]
    environment: dict[str, str]
    record: Path

    def run(self, code: int, output: str) -> Run:
        """What came of it."""
        rows = [json.loads(line) for line in self.record.read_text().splitlines()] if self.record.exists() else []
        return Run(code, output, rows)


@dataclass
class Desk:
    """One operator. `hosts`: inventory hosts with their variables.

    `temporary`: Ansible's temporary files; a short path, since sockets lie below it.
    """

    folder: Path
    temporary: Path
    leg: Leg
    emulator_url: str
    ca_file: str
    hosts: dict[str, Json] = field(default_factory=dict)
    variables: Json = field(default_factory=dict)

    @property
    def store(self) -> Path:
        return self.folder / "secrets"

    @property
    def vault_password_file(self) -> Path:
        path = self.folder / "vault-password"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(VAULT_PASSWORD)
        return path

    def run(
        self,
        playbook: str | Sequence[Json] = ONBOARD,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        vault: bool = True,
    ) -> Run:
        """ansible-playbook as an operator calls it; `playbook` is a name, or a list of plays."""
        return self.start(self.prepare(playbook, *arguments, environment=environment, vault=vault))

    def start(self, prepared: Prepared, *answers: str) -> Run:
        """`answers`: to what the run asks, a line each."""
        typed: Json = {"input": "".join(f"{answer}\n" for answer in answers)} if answers else {}
        done = subprocess.run(
            prepared.command,
            cwd=self.folder,
            env=prepared.environment,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **(typed or {"stdin": subprocess.DEVNULL}),
        )
        return prepared.run(done.returncode, done.stdout)

    def prepare(
        self,
        playbook: str | Sequence[Json] = ONBOARD,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        vault: bool = True,
    ) -> Prepared:
        """All that `run` needs, for those who start the process in another way."""
        self.folder.mkdir(exist_ok=True)
        inventory = self._write_yaml("inventory.yml", {"all": {"vars": self.common(), "hosts": self.hosts}})
        name = playbook if isinstance(playbook, str) else str(self._write_yaml("playbook.yml", list(playbook)))
        vault_arguments = ["--vault-password-file", str(self.vault_password_file)] if vault else []
        record = self.folder / "record.jsonl"
        record.unlink(missing_ok=True)
        command = [str(self.leg.bin / "ansible-playbook"), "-i", str(inventory), *vault_arguments, *arguments, name]
        return Prepared(command, {**self._environment(record), **(environment or {})}, record)

    def environment(self) -> dict[str, str]:
        """For other tools of Ansible's than ansible-playbook."""
        return self._environment(self.folder / "record.jsonl")

    def write_encrypted(self, name: str, content: Any) -> Path:
        """What `ansible-vault encrypt` makes of a text, or of a file of variables."""
        path = self.folder / name
        password = ["--vault-password-file", str(self.vault_password_file)]
        command = [str(self.leg.bin / "ansible-vault"), "encrypt", *password, "--output", str(path), "-"]
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        subprocess.run(command, check=True, capture_output=True, text=True, input=text, env=self._environment(path))
        return path

    def view(self, path: Path) -> str:
        """What `ansible-vault view` shows."""
        password = ["--vault-password-file", str(self.vault_password_file)]
        command = [str(self.leg.bin / "ansible-vault"), "view", *password, str(path)]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=self._environment(path)).stdout

    def common(self) -> Json:
        """The fleet's variables; one that a test sets to None is not there at all."""
        variables = {
            "connector_authority_url": self.emulator_url,
            "connector_graph_url": self.emulator_url,
            "connector_exchange_url": self.emulator_url,
            "connector_ca_path": self.ca_file,
            "connector_store_folder": str(self.store),
            "connector_mail_sender": SENDER,
            "connector_auth_client_id": CLIENT_ID,
            "connector_auth_client_secret": CLIENT_SECRET,
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            **self.variables,
        }
        return {name: value for name, value in variables.items() if value is not None}

    def _environment(self, record: Path) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return {
            **inherited,
            "PATH": f"{self.leg.bin}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(self.leg.collections),
            "ANSIBLE_HOME": str(self.folder / "ansible-home"),
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_NOCOLOR": "1",
            "RECORD_FILE": str(record),
            "TMPDIR": str(self.temporary),
        }

    def _write_yaml(self, name: str, content: Any) -> Path:
        path = self.folder / name
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path
