# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-playbook is told beside the playbook: a part of the role, a task to start with, one task at a time."""

from __future__ import annotations

from emulator.launch import Emulator
from integration.operator_desk import ONBOARD, Desk, Run
from integration.plays import play, task
from integration.tenants import Tenants
from integration.witness import Witness, writes

FIRST = 'The task "Sign in, read and plan" has not run'


def _step_by_step(desk: Desk, *answers: str) -> Run:
    return desk.start(desk.prepare(ONBOARD, "--step"), *answers)


def test_a_part_of_the_role_is_done_with_what_it_needs_and_told(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    made = {host: tenants.make() for host in ("contoso", "fabrikam")}
    desk.hosts = {host: {"connector_tenant_id": tenant} for host, tenant in made.items()}
    desk.hosts["fabrikam"]["connector_mail_sender"] = "nobody@example.com"

    tagged = desk.run(ONBOARD, "--tags", "consent")

    witness = Witness(emulator, made["contoso"])
    assert all(witness.granted(application) for application in witness.applications.values())
    assert not any(application["passwordCredentials"] for application in witness.applications.values())
    assert writes(emulator, made["fabrikam"]) == []
    assert tagged.tenant("contoso")["state"] == "changes_pending"
    assert "2 tenants: 1 failed, 1 changes_pending" in tagged.output
    assert tagged.code != 0, "a failed tenant counts, whatever part was asked for"

    del desk.hosts["fabrikam"]
    started = desk.run(ONBOARD, "--start-at-task", "totalview.exchange365.connector : Client secrets")
    none = _step_by_step(desk, "n", "c", "c", "c")

    for run in (started, none):
        assert run.code != 0
        assert FIRST in run.tenant("contoso")["next"]
    assert Witness(emulator, made["contoso"]).snapshot == witness.snapshot

    all_but_one = _step_by_step(desk, "y", "y", "y", "n", "c", "c", "c")

    assert all_but_one.code == 0, all_but_one.output
    assert all_but_one.tenant("contoso")["state"] == "complete"
    assert all_but_one.results("contoso", "Declared permissions") == []
    Witness(emulator, made["contoso"]).assert_as_totalview_asks()


def test_a_module_in_the_background_is_refused_with_a_clear_word(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}

    run = desk.run(play({**task("tenant_login"), "async": 60, "poll": 0}))

    assert run.code != 0
    assert "does not support async" in run.output
    assert emulator.requests(tenant=tenant) == []
