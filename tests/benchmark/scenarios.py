# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured, and its figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.fleet import BIN, CLIENT_ID, HERE, Desk, Tenant, emulated, fleet
from benchmark.measure import Use, measure
from benchmark.replay import Exchange, Job
from emulator.launch import Emulator

ONBOARD = "totalview.exchange365.onboard"
#: Enough to count requests in: all tenants of a fleet are alike.
COUNTED_TENANTS = 50
SIMPLE_REQUESTS = 3000
#: Scenario, playbook, arguments; in this order, on the fleet that is onboarded.
AFTERWARDS = (
    ("audit", "audit"),
    ("audit_all", "audit", "-e", '{"connector_sign_in_reports": true, "connector_directory_audits": true}'),
    ("disable", "disable", "-e", "connector_switch=mail"),
)


@dataclass(frozen=True)
class Figures:
    """Of one scenario; the keys of bench.json. README.md tells what each is."""

    tenants: int
    controller_cpu_s_per_tenant: float
    wall_s: float
    wall_s_per_tenant: float
    tasks_per_tenant: float
    requests_per_tenant: float
    batch_items_per_tenant: float
    token_requests_per_tenant: float
    max_rss_mb: float
    max_rss_mb_per_tenant: float
    emulator_cpu_ms_per_request: float
    emulator_requests_per_s: float
    emulator_rss_mb: float


@dataclass(frozen=True)
class Bench:
    """`collections` is where the collection is installed; `few`: how many tenants the slow scenarios get."""

    folder: Path
    collections: Path
    tenants: int
    forks: int
    latency_ms: float
    few: int

    def all(self) -> Iterator[tuple[str, Figures]]:
        """The scenarios, each as soon as it is done. What is compared runs on equally many tenants."""
        whole = dict[str, Figures]()
        for name, figures in self.onboarding(self.tenants):
            whole[name] = figures
            yield name, figures
        yield from self.floor(whole)
        yield from self.requests_only()
        yield from self.simple_requests()
        if self.few < self.tenants:
            yield from ((f"{name}_few", figures) for name, figures in self.onboarding(self.few))
        yield from self.process_per_task()
        yield from self.uri_playbook()

    def onboarding(self, size: int) -> Iterator[tuple[str, Figures]]:
        """From nothing, once more with nothing left to do; then audit and disable, where the collection has them."""
        with self._fleet("onboarding", fleet(size)) as run:
            yield "fresh", run.playbook(ONBOARD)
            yield "unchanged", run.playbook(ONBOARD)
            for name, playbook, *arguments in AFTERWARDS:
                if (run.desk.collection / "playbooks" / f"{playbook}.yml").exists():
                    yield name, run.playbook(f"totalview.exchange365.{playbook}", *arguments)

    def floor(self, whole: Mapping[str, Figures]) -> Iterator[tuple[str, Figures]]:
        """As many tasks, in which nothing is done."""
        with self._fleet("floor", fleet(self.tenants)) as run:
            for name in ("fresh", "unchanged"):
                tasks = round(whole[name].tasks_per_tenant)
                yield f"floor_{name}", run.playbook(run.desk.write_nothing_playbook(tasks))

    def process_per_task(self) -> Iterator[tuple[str, Figures]]:
        """The same role with its tasks delegated: each starts a Python process for its module."""
        with self._fleet("process-per-task", fleet(self.few)) as run:
            delegating = run.desk.write_delegating_playbook()
            yield "process_per_task_fresh", run.playbook(delegating)
            yield "process_per_task_unchanged", run.playbook(delegating)

    def uri_playbook(self) -> Iterator[tuple[str, Figures]]:
        """What a careful user would write without the collection."""
        with self._fleet("uri-playbook", fleet(self.few)) as run:
            figures = run.playbook(str(HERE / "uri_playbook.yml"))
            for tenant in run.tenants:
                _assert_onboarded(run.emulator, tenant)
            yield "uri_playbook", figures

    def requests_only(self) -> Iterator[tuple[str, Figures]]:
        """The requests of a recorded tenant for all tenants, one after the other."""
        [template], tenants = fleet(1), fleet(self.tenants)
        recordings = self._recorded(template)
        with self._fleet("requests-only", tenants) as run:
            renamed = [{template.id: tenant.id, template.domain: tenant.domain} for tenant in tenants]
            for name, job in recordings.items():
                path = run.desk.folder / f"{name}.json"
                replace(job, url=run.emulator.url, ca_file=run.emulator.ca_file, names=renamed).save(path)
                yield f"requests_only_{name}", run.figures([sys.executable, "-m", "benchmark.replay", str(path)])
                renamed = Job.load(path).names

    def simple_requests(self) -> Iterator[tuple[str, Figures]]:
        """What the emulator can do: to see that it is not the brake."""
        with self._fleet("simple-requests", fleet(1)) as run:
            token = run.emulator.token(run.tenants[0].id, ["Organization.Read.All"])
            arguments = [run.emulator.url, run.emulator.ca_file, token, str(SIMPLE_REQUESTS)]
            yield "simple_requests", run.figures([sys.executable, "-m", "benchmark.throughput", *arguments])

    def growth(self, sizes: Sequence[int]) -> Iterator[tuple[str, Figures]]:
        """One fleet that is onboarded; its first tenants, ever more of them."""
        tenants = fleet(max(sizes))
        with self._fleet("growth", tenants) as run:
            run.onboard()
            for size in sorted(sizes):
                run.take(tenants[:size])
                yield f"unchanged_{size}", run.playbook(ONBOARD)

    def _recorded(self, template: Tenant) -> dict[str, Job]:
        jobs = {}
        with self._fleet("recording", [template]) as run:
            run.emulator.settings(record_bodies=True, latency_ms=0)
            for name in ("fresh", "unchanged"):
                run.playbook(ONBOARD)
                # In the order in which they were asked; a batch is asked as a whole.
                log = sorted(run.emulator.requests(), key=lambda entry: int(entry["number"]))
                exchanges = [Exchange.of_log(entry) for entry in log if entry["batch_of"] is None]
                jobs[name] = Job("", "", run.emulator.url, CLIENT_ID, exchanges, [])
        return jobs

    @contextmanager
    def _fleet(self, name: str, tenants: Sequence[Tenant]) -> Iterator[Run]:
        folder = self.folder / f"{name}-{len(tenants)}"
        folder.mkdir(parents=True)
        with emulated(tenants) as emulator:
            emulator.settings(latency_ms=self.latency_ms)
            run = Run(Desk(folder, self.collections), emulator, self.forks)
            run.take(tenants)
            yield run


class Run:
    """An operator and the emulated fleet that he works on."""

    def __init__(self, desk: Desk, emulator: Emulator, forks: int) -> None:
        self.desk = desk
        self.emulator = emulator
        self.tenants: Sequence[Tenant] = ()
        self._forks = forks

    def take(self, tenants: Sequence[Tenant]) -> None:
        self.tenants = tenants
        self.desk.write_inventory(tenants, self.emulator)

    def playbook(self, name: str, *arguments: str) -> Figures:
        options = ["-i", "inventory.yml", "-f", str(self._forks), "-e", "connector_hosts=tenants"]
        return self.figures([str(BIN / "ansible-playbook"), *options, *arguments, name])

    def onboard(self) -> None:
        """By the shortest way: it is not measured."""
        environment = self.desk.environment({"PYTHONPATH": f"{HERE.parent}{os.pathsep}{self.desk.collections}"})
        command = [sys.executable, "-m", "benchmark.onboard", "inventory.yml"]
        subprocess.run(command, cwd=self.desk.folder, env=environment, check=True, stdout=subprocess.DEVNULL)

    def figures(self, command: Sequence[str]) -> Figures:
        self.emulator.clear_requests()
        tasks_file = self.desk.folder / "tasks.json"
        tasks_file.unlink(missing_ok=True)
        environment = self.desk.environment({"TASKS_FILE": str(tasks_file), "PYTHONPATH": str(HERE.parent)})
        use = measure(command, folder=self.desk.folder, environment=environment, emulator=self.emulator)
        tasks = json.loads(tasks_file.read_text("utf-8")) if tasks_file.exists() else {}
        return self._per_tenant(use, sum(tasks.values()))

    def _per_tenant(self, use: Use, tasks: int) -> Figures:
        counted = self.tenants[:COUNTED_TENANTS]
        log = [entry for tenant in counted for entry in self.emulator.requests(tenant=tenant.id)]
        asked = [entry for entry in log if entry["batch_of"] is None]
        tokens = [entry for entry in asked if entry["service"] == "identity" and entry["method"] == "POST"]
        size, requests = len(self.tenants), len(asked) / len(counted) * len(self.tenants)
        return Figures(
            tenants=size,
            controller_cpu_s_per_tenant=use.cpu_s / size,
            wall_s=use.wall_s,
            wall_s_per_tenant=use.wall_s / size,
            tasks_per_tenant=tasks / size,
            requests_per_tenant=len(asked) / len(counted),
            batch_items_per_tenant=(len(log) - len(asked)) / len(counted),
            token_requests_per_tenant=len(tokens) / len(counted),
            max_rss_mb=use.max_rss_mb,
            max_rss_mb_per_tenant=use.max_rss_mb / size,
            emulator_cpu_ms_per_request=use.emulator.cpu_s / requests * 1000 if requests else 0,
            emulator_requests_per_s=requests / use.wall_s,
            emulator_rss_mb=use.emulator.rss_mb,
        )


def _assert_onboarded(emulator: Emulator, tenant: Tenant) -> None:
    """Cheaper is only who does the work: two registrations, four grants, a secret each."""
    snapshot = emulator.snapshot(tenant.id)
    ours = [row for row in snapshot["applications"] if row["displayName"].startswith("Totalview")]
    secrets = [len(row["passwordCredentials"]) for row in ours]
    by_app_id = {row["appId"]: row["id"] for row in snapshot["servicePrincipals"]}
    principals = {by_app_id[row["appId"]] for row in ours}
    grants = [row["value"] for row in snapshot["appRoleAssignments"] if row["principalId"] in principals]
    wanted = ["Calendars.Read", "Calendars.ReadWrite", "Mail.Send", "User.Read.All"]
    if secrets != [1, 1] or sorted(grants) != wanted:
        sys.exit(f"The uri playbook has not onboarded {tenant.host}: secrets {secrets}, grants {grants}")
