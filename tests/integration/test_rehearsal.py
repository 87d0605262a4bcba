# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/rehearsal.md, followed as it stands there; only the port is another one."""

from __future__ import annotations

import re
import shlex

import requests
import yaml

from emulator.launch import running_emulator
from integration.operator_desk import Desk
from tooling.install_collection import ROOT
from tooling.pages import blocks

PAGE = ROOT / "docs" / "rehearsal.md"
SEED, EMULATED, INVENTORY = (yaml.safe_load(block) for block in blocks(PAGE, "yaml"))
COMMANDS = [shlex.split(line) for block in blocks(PAGE, "console") for line in re.findall(r"^\$ (.+)$", block, re.M)]


def test_the_page_as_it_stands(desk: Desk) -> None:
    make, *commands = COMMANDS
    assert make[:2] == ["make", "emulator"]
    with running_emulator(SEED) as emulator:
        address = EMULATED["connector_graph_url"]
        emulated = {name: value.replace(address, emulator.url) for name, value in EMULATED.items()}
        desk.variables = {**INVENTORY["all"]["vars"], **emulated, "connector_ca_path": emulator.ca_file}
        desk.hosts = INVENTORY["all"]["hosts"]
        states = []
        for command in commands:
            if command[0] == "curl":
                _curl, _option, _authority, _json, body, url = command
                answer = requests.post(
                    url.replace(address, emulator.url), data=body, verify=emulator.ca_file, timeout=30
                )
                assert answer.status_code == 200
            else:
                run = desk.run(command[1])
                assert run.code == 0, run.output
                states.append(run.tenant("contoso")["state"])

    assert states == ["ready", "waiting_for_exchange", "complete"]
