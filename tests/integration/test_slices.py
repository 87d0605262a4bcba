# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet in two slices, each in a worker of ansible-runner as AWX runs them; one is killed and launched again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.operator_desk import ONBOARD, Desk
from integration.slices import SECRETS, Slice
from integration.tenants import Tenants
from integration.witness import Witness
from openbao import OpenBao

Json = dict[str, Any]


def told(path: Path) -> list[Json]:
    """What a report tells of the tenants, apart from the run: when it was, and what it handed off to be typed in."""
    rows = json.loads(path.read_text())["tenants"]
    names = ("tenant", "tenant_id", "state", "registrations", "warnings", "findings")
    return [{name: row[name] for name in names} for row in rows]


#: Until then what a killed run has issued may be on its way into a store that has no locks.
AN_HOUR = 3700


def server_of(openbao: OpenBao) -> Json:
    return openbao.variables(openbao.engine())


# ansible-runner is in the tests' own environment, which is one of the legs.
@pytest.mark.parametrize("server", [False, True], ids=["files", "OpenBao"])
def test_two_slices_one_of_them_killed_are_as_one_run(
    desk: Desk, tenants: Tenants, emulator: Emulator, request: pytest.FixtureRequest, server: bool
) -> None:
    """Side by side they share nothing but the store."""
    desk.variables = server_of(request.getfixturevalue("openbao")) if server else {}
    made = {name: tenants.make() for name in ("adatum", "contoso", "fabrikam", "litware")}
    desk.hosts = {host: {"connector_tenant_id": tenant} for host, tenant in made.items()}
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
    run = desk.run(ONBOARD, "-e", json.dumps({"connector_report_folder": str(single)}))

    assert run.code == 0, run.output
    assert {row["tenant"]: row["state"] for row in told(merged / "report.json")} == dict.fromkeys(made, "complete")
    assert told(merged / "report.json") == told(single / "report.json")
    if server:
        emulator.advance_clock(AN_HOUR)
        assert desk.run().code == 0
    for tenant in made.values():
        applications = Witness(emulator, tenant).applications.values()
        assert [len(application["passwordCredentials"]) for application in applications] == [1, 1]
    given = [str(desk.common()[name]) for name in SECRETS if name in desk.common()]
    secrets = [secret.encode() for secret in (*given, *emulator.issued()["secrets"])]
    for worker in (whole, killed, again):
        for path in (path for path in worker.folder.rglob("*") if path.is_file()):
            assert [secret for secret in secrets if secret in path.read_bytes()] == [], path
