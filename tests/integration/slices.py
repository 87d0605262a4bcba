# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A share of a fleet in a worker of ansible-runner, as AWX runs a slice of a job."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chaos.processes import GATE
from emulator.faults.family import kill_family
from integration.operator_desk import ONBOARD, Desk

RUNNER = Path(sys.executable).parent / "ansible-runner"

#: What no job is told in the clear.
SECRETS = ("connector_auth_client_secret", "connector_store_token")

Json = dict[str, Any]


@dataclass(frozen=True)
class Slice:
    """What one job is given: project and a share of the inventory.

    ansible-runner tells the environment of a run to whoever processes it: the automation's secret is not in it, but
    encrypted in the inventory. The password of the vault is a file of the worker's machine.
    """

    desk: Desk
    name: str
    hosts: dict[str, Json]

    @property
    def report(self) -> Path:
        return self.desk.folder / "reports" / self.name / "report.json"

    @property
    def environment(self) -> dict[str, str]:
        """The worker's: no callback of the tests', which would write where the other slice writes."""
        inherited = self.desk.environment()
        inherited.pop("ANSIBLE_CALLBACKS_ENABLED")
        return {**inherited, "ANSIBLE_VAULT_PASSWORD_FILE": str(self.desk.vault_password_file)}

    @contextmanager
    def worker(self, job: str) -> Iterator[Worker]:
        """Behind a gate, so that its process group is known before anything happens."""
        folder = self.desk.folder / job
        for name in ("project", "inventory", "worker"):
            (folder / name).mkdir(parents=True)
        play = [{"name": "Onboard", "ansible.builtin.import_playbook": ONBOARD}]
        (folder / "project" / "onboard.yml").write_text(yaml.safe_dump(play))
        variables = {**self.desk.common(), "connector_report_folder": str(self.report.parent)}
        secrets = {name: variables.pop(name) for name in SECRETS if name in variables}
        secret = self.desk.write_encrypted(f"{job}-secret.yml", secrets)
        (folder / "inventory" / "group_vars").mkdir()
        shutil.copy(secret, folder / "inventory" / "group_vars" / "all.yml")
        inventory = {"all": {"vars": variables, "hosts": self.hosts}}
        (folder / "inventory" / "hosts.yml").write_text(yaml.safe_dump(inventory))
        sent = subprocess.run(
            [RUNNER, "transmit", folder, "-p", "onboard.yml", "-i", job],
            env=self.environment,
            check=True,
            capture_output=True,
        ).stdout
        with (folder / "streamed").open("wb") as streamed:
            process = subprocess.Popen(
                [*GATE, str(RUNNER), "worker", "--private-data-dir", str(folder / "worker")],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=streamed,
                start_new_session=True,
            )
            try:
                yield Worker(self, job, folder, sent, process)
            finally:
                with suppress(ProcessLookupError):
                    kill_family(process.pid)
                process.wait()


@dataclass(frozen=True)
class Worker:
    slice: Slice
    job: str
    folder: Path
    sent: bytes
    process: subprocess.Popen[bytes]

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n" + self.sent)
        self.process.stdin.close()

    def ended(self) -> tuple[int, str]:
        """Code of ansible-playbook and its output, as the controller has them from what the worker streamed."""
        self.process.wait(300)
        result = self.folder / "result"
        result.mkdir()
        with (self.folder / "streamed").open("rb") as streamed:
            subprocess.run(
                [RUNNER, "process", result, "--ident", self.job],
                env=self.slice.environment,
                stdin=streamed,
                check=True,
                capture_output=True,
            )
        artifacts = result / "artifacts" / self.job
        return int((artifacts / "rc").read_text()), (artifacts / "stdout").read_text()
