# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's inventory and its commands, one after the other, as they stand there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL
from integration.operator_desk import CLIENT_SECRET, Desk
from integration.tenants import ADOPTING_ROLES, Tenants, recording_emulator
from integration.witness import Witness
from tooling.install_collection import ROOT
from tooling.pages import WithTags, blocks

pytestmark = pytest.mark.every_core

PAGE = ROOT / "README.md"
INVENTORY = yaml.load(blocks(PAGE, "yaml")[0], Loader=WithTags)["all"]
COMMANDS = [
    shlex.split(line, comments=True)
    for block in blocks(PAGE, "console")
    for line in re.findall(r"^\$ ansible-playbook (totalview\.exchange365\..+)$", block, re.MULTILINE)
]
#: The operator's own password file takes the place of a prompt.
_ANYWAY = ("-i", "inventory.yml", "--ask-vault-pass")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """One of its own: the page's tenants have names that other tests have as well."""
    with recording_emulator() as running:
        yield running


def _tenant(tenants: Tenants, host: str, given: str) -> str:
    domain = f"{host}.com"
    users = {f"{name}@{domain}" for name in ("ann", "bob", "boss")} | {
        INVENTORY["hosts"][host]["connector_mail_sender"]
    }
    return tenants.make(
        id_=None if "." in given else given,
        domains=[domain, f"{host}.onmicrosoft.com"],
        roles=ADOPTING_ROLES,
        users=[{"upn": upn, "display_name": upn.partition("@")[0].title(), "mailbox": True} for upn in sorted(users)],
        exchange={"groups": [{"name": "Sales", "alias": "sales", "members": [f"bob@{domain}"]}]},
        automation={"client_id": INVENTORY["vars"]["connector_auth_client_id"]},
    )


def test_what_the_first_page_says_works(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    ids = {
        host: _tenant(tenants, host, variables["connector_tenant_id"]) for host, variables in INVENTORY["hosts"].items()
    }
    desk.hosts = INVENTORY["hosts"]
    # A vault text that is cut short, and a folder of the machine's, are the two things that a reader replaces.
    replaced = {"connector_auth_client_secret": CLIENT_SECRET, "connector_store_folder": str(desk.store)}
    desk.variables = {**INVENTORY["vars"], **replaced}

    runs = []
    report: dict[str, Any] = {}
    for playbook, *arguments in COMMANDS:
        run = desk.run(playbook, *(argument for argument in arguments if argument not in _ANYWAY))
        assert run.code == 0, run.output
        runs.append((playbook.rpartition(".")[2], arguments, run))
        if playbook.endswith(".audit"):
            report = json.loads((desk.folder / "reports" / "report.json").read_text())

    of = {name: [run for playbook, _arguments, run in runs if playbook == name] for name, _arguments, _run in runs}
    assert {host: of["preflight"][0].tenant(host)["state"] for host in ids} == dict.fromkeys(ids, "ready")
    [checked] = [run for _playbook, arguments, run in runs if "--check" in arguments]
    assert {checked.tenant(host)["state"] for host in ids} <= {"changes_pending", "complete"}
    assert {host: of["onboard"][-1].tenant(host)["state"] for host in ids} == dict.fromkeys(ids, "complete")
    assert of["onboard"][-1].stats["contoso"]["changed"] == 0
    # Nothing but what the page says comes next: somebody types the seven fields into Totalview.
    found = [finding["kind"] for row in report["tenants"] for finding in row["findings"]]
    assert set(found) == {"secret-not-typed-in"}
    for host, tenant in ids.items():
        keys = {row["uniqueName"] for row in emulator.snapshot(tenant)["applications"]}
        assert {CALENDAR, MAIL} <= keys, host
        assert (desk.store / "handoff" / f"{host}.yml").exists()
    Witness(emulator, ids["contoso"]).assert_as_totalview_asks()
