# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run prints is for a person."""

from __future__ import annotations

import re

import pytest

from integration.operator_desk import Desk
from integration.tenants import ROLES, Tenants
from integration.terminal import Terminal

pytestmark = pytest.mark.every_core

CONSENTING = "AppRoleAssignment.ReadWrite.All"


@pytest.fixture
def fleet(desk: Desk, tenants: Tenants) -> Desk:
    """Two that end well, one that waits, one that fails."""
    made = {
        "alpha": tenants.make(),
        "beta": tenants.make(roles=tuple(role for role in ROLES if role != CONSENTING)),
        "gamma": tenants.make(),
        "delta": tenants.make(),
    }
    desk.hosts = {host: {"connector_tenant_id": tenant} for host, tenant in made.items()}
    desk.hosts["delta"]["connector_mail_sender"] = "nobody@example.com"
    return desk


def _table(output: str) -> list[str]:
    lines = output.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("TENANT "))
    return lines[first : next(number for number, line in enumerate(lines) if line.startswith("4 tenants")) + 1]


def _in_terminal(desk: Desk, columns: int, *arguments: str) -> str:
    """As `desk.run`, in a terminal of that width."""
    terminal = Terminal(columns)
    terminal.run(desk.prepare("totalview.exchange365.preflight", *arguments), desk.folder)
    return re.sub(r"\x1b\[[0-9;]*m", "", terminal.text)


def test_the_table_is_lines_of_text_the_worst_first(fleet: Desk) -> None:
    run = fleet.run()

    table = _table(run.output)
    assert [line.split()[:2] for line in table[1:-1]] == [
        ["delta", "failed"],
        ["beta", "waiting_for_consent"],
        ["alpha", "complete"],
        ["gamma", "complete"],
    ]
    assert table[-1] == "4 tenants: 1 failed, 1 waiting_for_consent, 2 complete"
    assert "nobody@example.com" in table[1]
    assert table[2].endswith(run.tenant("beta")["next"])


@pytest.mark.parametrize("columns", [60, 120])
def test_in_a_terminal_lines_are_cut_at_its_width_unless_the_run_is_verbose(fleet: Desk, columns: int) -> None:
    cut = _table(_in_terminal(fleet, columns))
    whole = _table(_in_terminal(fleet, columns, "-v"))

    assert max(map(len, cut[:-1])) <= columns
    assert cut[1].endswith("…")
    assert max(map(len, whole)) > columns
    assert not any("…" in line for line in whole)


@pytest.mark.parametrize(
    "environment",
    [
        {"ANSIBLE_INJECT_FACT_VARS": "False"},
        {"ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": "facts"},
        {"ANSIBLE_STRATEGY": "ansible.builtin.free"},
    ],
    ids=lambda found: next(iter(found)),
)
def test_what_ansible_is_set_to_changes_nothing_of_it(fleet: Desk, environment: dict[str, str]) -> None:
    run = fleet.run(environment=environment)

    assert [line.split()[:2] for line in _table(run.output)[1:-1]] == [
        ["delta", "failed"],
        ["beta", "waiting_for_consent"],
        ["alpha", "complete"],
        ["gamma", "complete"],
    ]


def test_a_playbook_that_onboards_nothing_shows_nothing_old(fleet: Desk) -> None:
    cached = {"ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": "facts"}
    fleet.run(environment=cached)

    run = fleet.run("totalview.exchange365.summary", environment=cached)

    assert run.code == 0
    assert "0 tenants" in run.output
    assert "complete" not in run.output


def test_without_skipped_hosts_there_is_one_banner_for_each_task(fleet: Desk) -> None:
    fleet.run()

    again = fleet.run(environment={"ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false"})

    banners = [line for line in again.output.splitlines() if line.startswith("TASK [")]
    assert len(banners) == len(set(banners))


def test_ansible_has_nothing_to_warn_of(fleet: Desk) -> None:
    fleet.hosts.pop("delta")

    run = fleet.run(environment={"ANSIBLE_DEPRECATION_WARNINGS": "True"})

    assert run.code == 0
    assert "WARNING" not in run.output
    assert "DEPRECAT" not in run.output
