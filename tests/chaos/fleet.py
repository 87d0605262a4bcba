# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many tenants of one operator, each with neighbours that are nobody's business."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chaos.processes import run_to_end, run_until_killed
from chaos.stores import OpenStore, Store, files
from emulator.launch import Emulator, running_emulator
from integration.administrator import Administrator
from integration.operator_desk import ONBOARD, SENDER, Desk, Leg, Prepared, Run
from integration.tenants import Tenants

ANN = "ann@example.com"
BOSS = "boss@example.com"
#: Somebody else's application, with a secret, a group and an access policy.
NEIGHBOUR = "Payroll"
NEIGHBOURS: dict[str, Any] = {
    "applications": [{"displayName": NEIGHBOUR, "applicationPermissions": ["Mail.Send"], "adminConsent": True}],
    "exchange": {
        "groups": [{"name": NEIGHBOUR, "members": [BOSS]}],
        "policies": [{"display_name": NEIGHBOUR, "group": NEIGHBOUR, "access_right": "RestrictAccess"}],
    },
}
MAILBOXES = (ANN, BOSS, SENDER)
USERS = [{"upn": upn, "display_name": upn.partition("@")[0].title(), "mailbox": True} for upn in MAILBOXES]
FORKS = 8

Json = dict[str, Any]
Playbook = str | Sequence[Json]


@dataclass
class Fleet:
    """`tenants`: directory ids by inventory host; `before`: what was true of each before anything was done.

    `variables`: of single hosts; `handed_off`: the last request of the run that handed a tenant's secrets off.
    """

    emulator: Emulator
    desk: Desk
    store: Store
    seconds: float
    tenants: dict[str, str] = field(default_factory=dict)
    before: dict[str, Json] = field(default_factory=dict)
    variables: dict[str, Json] = field(default_factory=dict)
    handed_off: dict[str, int] = field(default_factory=dict)

    def grow(self, hosts: Iterable[str], **seed: Any) -> None:
        """New tenants, the same ones for the same names: chance goes by their ids. `seed`: more of their seeds."""
        made = Tenants(self.emulator)
        secret = {"endDateTime": (datetime.now(UTC) + timedelta(days=90)).isoformat()}
        for host in hosts:
            exchange = {**NEIGHBOURS["exchange"], **seed.get("exchange", {})}
            tenant = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{host}.chaos.example"))
            made.make(id_=tenant, users=USERS, **{**NEIGHBOURS, **seed, "exchange": exchange})
            administrator = Administrator(self.emulator, tenant)
            [neighbour] = self.emulator.snapshot(tenant)["applications"][-1:]
            assert neighbour["displayName"] == NEIGHBOUR
            administrator.call("POST", f"/applications/{neighbour['id']}/addPassword", {"passwordCredential": secret})
            self.tenants[host], self.before[host] = tenant, self.emulator.snapshot(tenant)

    def run(self, hosts: Iterable[str], playbook: Playbook = ONBOARD, *, forks: int = FORKS) -> Run:
        run = run_to_end(self._prepare(hosts, playbook, forks), self.desk.folder, self.seconds)
        self._note_handoffs()
        return run

    def run_until_killed(
        self, hosts: Sequence[str], playbook: Playbook, faults: Callable[[int], list[Mapping[str, Any]]]
    ) -> int:
        """Every tenant goes its own way (strategy free) in a process of its own. The exit code."""
        prepared = self._prepare(hosts, playbook, len(hosts), ANSIBLE_STRATEGY="ansible.builtin.free")
        code = run_until_killed(prepared, self.desk.folder, lambda pgid: self._set(faults(pgid)), self.seconds)
        self._note_handoffs()
        return code

    def handoff(self, host: str) -> Json | None:
        return self.store.handoff(host, self.tenants[host])

    def _set(self, faults: list[Mapping[str, Any]]) -> None:
        self.emulator.faults(*faults)

    def _note_handoffs(self) -> None:
        fresh = [host for host in self.desk.hosts if host not in self.handed_off and self.handoff(host)]
        if fresh:
            self.handed_off |= dict.fromkeys(fresh, self.emulator.last_request())

    def _prepare(self, hosts: Iterable[str], playbook: Playbook, forks: int, **environment: str) -> Prepared:
        self.desk.hosts = {
            host: {"connector_tenant_id": self.tenants[host], **self.variables.get(host, {})} for host in hosts
        }
        environment |= self.store.environment
        return self.desk.prepare(playbook, "--forks", str(forks), environment=environment)


@contextmanager
def new_fleet(leg: Leg, folder: Path, *, seconds: float, store: OpenStore = files) -> Iterator[Fleet]:
    """With an emulator and a clock of its own. `seconds`: after that long a run is endless, and is killed."""
    folder.mkdir(parents=True)
    with running_emulator({"tenants": []}) as emulator, tempfile.TemporaryDirectory(prefix="desk-") as temporary:
        emulator.settings(record_bodies=True)
        desk = Desk(folder, Path(temporary), leg, emulator.url, emulator.ca_file)
        with store(desk, emulator) as opened:
            desk.variables = {"connector_calendar_members": [ANN], **opened.variables}
            yield Fleet(emulator, desk, opened, seconds)
