# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet in two slices, each in a worker of ansible-runner as AWX runs them; one is killed and launched again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
import yaml

from chaos.processes import GATE
from emulator.faults.family import kill_family
from emulator.launch import Emulator
from integration.operator_desk import CLIENT_ID, CLIENT_SECRET, ONBOARD, Desk
from integration.tenants import Tenants
from integration.witness import Witness

RUNNER = Path(sys.executable).parent / "ansible-runner"

Json = dict[str, Any]


@dataclass(frozen=True)
class Slice:
    """What AWX gives to one job: project and a share of the inventory. Secrets are no part of what is transmitted."""

    desk: Desk
    name: str
    hosts: dict[str, Json]

    @property
    def report(self) -> Path:
        return self.desk.folder / "reports" / self.name / "report.json"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.desk.environment(),
            "ANSIBLE_CALLBACKS_ENABLED": "",
            "ANSIBLE_VAULT_PASSWORD_FILE": str(self.desk.vault_password_file),
            "AZURE_CLIENT_ID": CLIENT_ID,
            "AZURE_CLIENT_SECRET": CLIENT_SECRET,
        }

    @contextmanager
    def worker(self, job: str) -> Iterator[Worker]:
        """Behind a gate, so that its process group is known before anything happens."""
        folder = self.desk.folder / job
        for name in ("project", "inventory", "worker"):
            (folder / name).mkdir(parents=True)
        play = [{"name": "Onboard", "ansible.builtin.import_playbook": ONBOARD}]
        (folder / "project" / "onboard.yml").write_text(yaml.safe_dump(play))
        variables = {**self.desk.common(), "connector_report_folder": str(self.report.parent)}
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
        stdin: IO[bytes] | None = self.process.stdin
        assert stdin is not None
        stdin.write(b"go\n" + self.sent)
        stdin.close()

    def ended(self) -> tuple[int, str]:
        """Code of ansible-playbook and its output, as the controller has them from what the worker streamed."""
        assert self.process.wait(300) == 0
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


def told(path: Path) -> list[Json]:
    """What a report tells of the tenants, apart from when and in which run."""
    rows = json.loads(path.read_text())["tenants"]
    names = ("tenant", "tenant_id", "state", "who", "next", "by", "registrations", "warnings", "findings")
    return [{name: row[name] for name in names} for row in rows]


# ansible-runner is in the tests' own environment, which is one of the legs.
@pytest.mark.parametrize("leg", ["floor"], indirect=True)
def test_two_slices_one_of_them_killed_are_as_one_run(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    made = {name: tenants.make() for name in ("adatum", "contoso", "fabrikam", "litware")}
    desk.hosts = {host: {"connector_tenant_id": tenant} for host, tenant in made.items()}
    desk.variables = {"connector_auth_client_id": None, "connector_auth_client_secret": None}
    desk.folder.mkdir(exist_ok=True)
    first = Slice(desk, "first", {name: desk.hosts[name] for name in ("adatum", "contoso")})
    second = Slice(desk, "second", {name: desk.hosts[name] for name in ("fabrikam", "litware")})

    with first.worker("job-1") as whole, second.worker("job-2") as killed:
        # The worst moment: Microsoft has issued a secret, and nobody has stored it.
        fault = {"kind": "kill", "pgid": killed.process.pid, "when": "after", "times": 1}
        emulator.faults({**fault, "tenant": made["litware"], "method": "POST", "path": "addPassword"})
        whole.go()
        killed.go()
        code, output = whole.ended()
        assert killed.process.wait(300) != 0
    assert code == 0, output
    assert not second.report.exists()
    with second.worker("job-3") as again:
        again.go()
        code, output = again.ended()
    assert code == 0, output

    merged, single = desk.folder / "merged", desk.folder / "single"
    parts = {"connector_report_merge": [str(first.report), str(second.report)], "connector_report_folder": str(merged)}
    assert desk.run("totalview.exchange365.report", "-e", json.dumps(parts)).code == 0
    credentials = {"AZURE_CLIENT_ID": CLIENT_ID, "AZURE_CLIENT_SECRET": CLIENT_SECRET}
    run = desk.run(ONBOARD, "-e", json.dumps({"connector_report_folder": str(single)}), environment=credentials)

    assert run.code == 0, run.output
    assert {row["tenant"]: row["state"] for row in told(merged / "report.json")} == dict.fromkeys(made, "complete")
    assert told(merged / "report.json") == told(single / "report.json")
    for tenant in made.values():
        applications = Witness(emulator, tenant).applications.values()
        assert [len(application["passwordCredentials"]) for application in applications] == [1, 1]
    for worker in (whole, killed, again):
        for secret in (CLIENT_SECRET, *emulator.issued()["secrets"]):
            assert secret.encode() not in (worker.folder / "streamed").read_bytes()
