# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stdout callback `fleet`, in terminals and in pipes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from integration.operator_desk import Desk, Leg
from integration.tenants import ROLES, Tenants
from integration.terminal import Terminal

pytestmark = pytest.mark.every_core

FLEET = {"ANSIBLE_STDOUT_CALLBACK": "totalview.exchange365.fleet", "ANSIBLE_FLEET_PROGRESS_INTERVAL": "0"}
CONSENTING = "AppRoleAssignment.ReadWrite.All"
#: How a picture begins anew.
CLEARED = b"\x1b[J"
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|9[0-7])[;m]")


@pytest.fixture
def fleet(desk: Desk, tenants: Tenants) -> Desk:
    """One that ends well, one that waits, one that fails."""
    made = {
        "alpha": tenants.make(),
        "beta": tenants.make(roles=tuple(role for role in ROLES if role != CONSENTING)),
        "delta": tenants.make(),
    }
    desk.hosts = {host: {"connector_tenant_id": tenant} for host, tenant in made.items()}
    desk.hosts["delta"]["connector_mail_sender"] = "nobody@example.com"
    return desk


@pytest.fixture
def gate(desk: Desk) -> Path:
    """The host of `waiting` is at its task until somebody opens and closes this."""
    desk.folder.mkdir(exist_ok=True)
    path = desk.folder / "gate"
    os.mkfifo(path)
    desk.hosts = {"contoso": {"ansible_connection": "local"}}
    return path


def waiting(gate: Path) -> list[dict[str, object]]:
    task = {"name": "Wait at the gate", "ansible.builtin.command": f"cat {gate}"}
    return [{"name": "Waiting", "hosts": "all", "gather_facts": False, "tasks": [task]}]


def draws(leg: Leg) -> bool:
    """Whether rich is there."""
    found = subprocess.run([leg.bin / "python", "-c", "import rich"], check=False, capture_output=True)
    return found.returncode == 0


def test_a_run_in_a_pipe(fleet: Desk) -> None:
    run = fleet.run(environment=FLEET)

    lines = run.output.splitlines()
    table = lines[next(number for number, line in enumerate(lines) if line.startswith("TENANT ")) :]
    assert [line.split()[:2] for line in table[1:4]] == [
        ["delta", "failed"],
        ["beta", "waiting_for_consent"],
        ["alpha", "complete"],
    ]
    assert table[4] == "3 tenants: 1 failed, 1 waiting_for_consent, 1 complete"
    assert table[-1].endswith(", 1 failed, 0 unreachable")
    # Of one that fails as much as Ansible's own callback shows, once.
    (failure,) = [line for line in lines if line.startswith("fatal: ")]
    told = json.loads(failure.partition(" => ")[2])
    (heard,) = run.results("delta", "plan")
    assert told["msg"] == heard["msg"]
    assert told.keys() == heard.keys() - {"_ansible_no_log", "exception"}
    # Of those that go well only what a task is there to tell: where the report lies.
    assert [line for line in lines if line.startswith(("ok: ", "changed: ", "skipping: "))] == ["ok: [alpha] => {"]
    # What else listens hears everything.
    assert run.stats["alpha"]["changed"] > 0
    assert run.results("alpha", "Admin consent")


def test_a_check_says_so_and_shows_differences_of_each_host(fleet: Desk) -> None:
    output = fleet.run("totalview.exchange365.onboard", "--check", "--diff", "-l", "alpha", environment=FLEET).output

    assert "+++ after" in output
    assert "changed: [alpha] => (item=" in output
    assert output.rstrip().endswith("1 hosts in " + output.rstrip().rpartition("1 hosts in ")[2])
    assert output.rstrip().endswith("; check mode, nothing was changed")


@pytest.mark.parametrize("columns", [60, 130])
def test_a_terminal_ends_with_the_table_and_nothing_of_the_picture(fleet: Desk, leg: Leg, columns: int) -> None:
    terminal = Terminal(columns)

    terminal.run(fleet.prepare("totalview.exchange365.preflight", environment=FLEET), fleet.folder)

    seen = terminal.seen()
    assert (CLEARED in terminal.shown) == draws(leg)
    (table,) = [number for number, line in enumerate(seen) if line.startswith("TENANT")]
    assert [line.split()[0] for line in seen[table : table + 5]] == ["TENANT", "delta", "alpha", "beta", "3"]
    assert "━" not in "".join(seen)
    assert seen[-1].startswith("3 hosts in ")
    assert not terminal.screen().cursor.hidden


@pytest.mark.parametrize("setting", [{}, {"NO_COLOR": "1"}, {"ANSIBLE_NOCOLOR": "1"}], ids=str)
def test_a_terminal_whose_size_changes(desk: Desk, leg: Leg, gate: Path, setting: dict[str, str]) -> None:
    prepared = desk.prepare(waiting(gate), environment={**FLEET, "ANSIBLE_NOCOLOR": "0", **setting})
    terminal = Terminal(100)
    pictures: list[int] = []

    def react(terminal: Terminal) -> None:
        needed = terminal.shown.count(CLEARED) if draws_ else terminal.shown.count(b"Waiting: ")
        if needed and not pictures:
            terminal.resize(45, 10)
            pictures.append(needed)
        # One may have been on its way.
        elif pictures and needed > pictures[0] + 2 and gate.exists():
            gate.write_text("")
            gate.unlink()

    draws_ = draws(leg)
    code = terminal.run(prepared, desk.folder, react)

    assert code == 0
    assert terminal.seen()[-1].startswith("1 hosts in ")
    assert bool(COLOUR.search(terminal.text)) == (not setting)
    if draws_ and not setting:
        # The picture is as wide as the terminal, which it was not when the run began.
        bars = [len(found) for found in re.findall("━[^\n]*", re.sub(r"\x1b\[[0-9;]*m", "", terminal.text))]
        assert (bars[0], bars[-1]) == (99, 44)


def test_ctrl_c_leaves_a_terminal_that_can_be_used(desk: Desk, gate: Path) -> None:
    prepared = desk.prepare(waiting(gate), environment=FLEET)
    terminal = Terminal(100)
    pressed: list[bool] = []

    def react(terminal: Terminal) -> None:
        if b"0 of 1" in terminal.shown and not pressed:
            terminal.press("\x03")
            pressed.append(True)

    code = terminal.run(prepared, desk.folder, react)

    assert code not in (0, None)
    seen = terminal.seen()
    assert any("User interrupted execution" in line for line in seen)
    assert seen[-1].startswith("Waiting: 0 of 1 done, 1 under way")
    screen = terminal.screen()
    assert not screen.cursor.hidden
    assert screen.cursor.x == 0
    assert "Traceback" not in terminal.text


def test_a_pipe_gets_each_line_when_it_is_written(desk: Desk, gate: Path) -> None:
    prepared = desk.prepare(waiting(gate), environment=FLEET)
    with subprocess.Popen(
        prepared.command, cwd=desk.folder, env=prepared.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        first = process.stdout.readline()
        gate.write_text("")
        rest = process.stdout.read()

    assert first.startswith("Waiting: 0 of 1 done, 1 under way")
    assert "\x1b[J" not in rest
    assert rest.splitlines()[-1].startswith("1 hosts in ")
