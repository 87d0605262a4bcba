# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook of docs/own-playbook.md does what the page says, as it stands there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.launch import Emulator
from integration.administrator import Administrator
from integration.operator_desk import CLIENT_ID, CLIENT_SECRET, Desk
from integration.tenants import Tenants
from integration.witness import Witness, exchange_writes, last_request, writes
from tooling.install_collection import ROOT
from tooling.pages import blocks

pytestmark = pytest.mark.every_core

INVENTORY, PLAYBOOK = blocks(ROOT / "docs" / "own-playbook.md", "yaml")
KEY = yaml.safe_load(PLAYBOOK)[0]["vars"]["key"]
ROOMS = ["room1@contoso.com", "room2@contoso.com"]
BOSS = "boss@contoso.com"
USERS = [{"upn": upn, "display_name": upn.partition("@")[0], "mailbox": True} for upn in (*ROOMS, BOSS)]

CREDENTIAL = {"AUTOMATION_SECRET": CLIENT_SECRET}

Json = dict[str, Any]


def _follow(page: Desk, tenant: str) -> Path:
    """The page's inventory at the emulator's addresses; answers with its playbook."""
    inventory = yaml.safe_load(INVENTORY)["all"]
    [(host, variables)] = inventory["hosts"].items()
    assert variables["rooms"] == ROOMS
    page.hosts = {host: {**variables, "tenant": tenant}}
    emulator = {
        "authority_url": page.emulator_url,
        "graph_url": page.emulator_url,
        "exchange_url": page.emulator_url,
        "ca_path": page.ca_file,
    }
    microsoft = {**inventory["vars"]["microsoft"], "auth_client_id": CLIENT_ID, **emulator}
    page.variables = {"microsoft": microsoft, "store": {"folder": str(page.store)}}
    playbook = page.folder / "rooms.yml"
    playbook.write_text(PLAYBOOK)
    return playbook


def _granted(emulator: Emulator, tenant: str) -> set[str]:
    snapshot = emulator.snapshot(tenant)
    [application] = [row for row in snapshot["applications"] if row["uniqueName"] == KEY]
    return Witness(emulator, tenant).granted(application)


def test_from_nothing_to_proof_and_no_further(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make(users=USERS)
    playbook = str(_follow(desk, tenant))

    promised = desk.run(playbook, "--check", environment=CREDENTIAL)
    assert promised.code == 0, promised.output
    assert (writes(emulator, tenant), exchange_writes(emulator, tenant)) == ([], [])

    run = desk.run(playbook, environment=CREDENTIAL)
    assert run.code == 0, run.output
    assert run.results("contoso", "Proof")[0]["state"] == "proven", run.output
    assert _granted(emulator, tenant) == {"Calendars.Read"}
    reached = [set(row["configured"]) for row in emulator.reach(tenant) if row["unique_name"] == KEY]
    assert reached[-1] == set(ROOMS)
    assert all(mailboxes <= set(ROOMS) for mailboxes in reached)

    mark = last_request(emulator)
    assert desk.run(playbook, environment=CREDENTIAL).stats["contoso"]["changed"] == 0
    assert (writes(emulator, tenant, mark), exchange_writes(emulator, tenant, mark)) == ([], [])

    # The gate is in the modules.
    stranger = Administrator(emulator, tenant)
    stranger.revoke_everything(KEY)
    body = {"passwordCredential": {"displayName": "mine"}}
    added = stranger.call("POST", f"/applications/{stranger.application(KEY)['id']}/addPassword", body)["keyId"]
    stopped = desk.run(playbook, environment=CREDENTIAL)
    assert stopped.code == 0, stopped.output
    consent = stopped.results("contoso", "Admin consent")[0]
    assert (consent["state"], added in "".join(consent["foreign"])) == ("withheld", True)
    assert added in stopped.output.partition("What is missing yet")[2]
    assert _granted(emulator, tenant) == set()
