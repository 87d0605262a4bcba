# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""discover.yml: a file of variables for each host, and nothing written in a tenant."""

from __future__ import annotations

import pytest
import yaml

from emulator.launch import Emulator
from integration.operator_desk import Desk
from integration.tenants import ADOPTING_ROLES, Tenants
from integration.witness import Witness, exchange_writes, writes

pytestmark = pytest.mark.every_core

DISCOVER = "totalview.exchange365.discover"


def test_no_hosts_name_leads_out_of_the_folder(desk: Desk, tenants: Tenants) -> None:
    names = ["../inventory", "a/b", "con toso", "Grüße 東京"]
    desk.hosts = {
        name: {"connector_tenant_id": tenants.make(), "connector_handoff_name": f"host-{number}"}
        for number, name in enumerate(names)
    }

    run = desk.run(DISCOVER)

    assert run.code == 0, run.output
    found = {path.name for path in (desk.folder / "discovered").rglob("*")}
    assert found == {"..%2Finventory.yml", "a%2Fb.yml", "con toso.yml", "Grüße 東京.yml"}
    assert set(yaml.safe_load((desk.folder / "inventory.yml").read_text())["all"]["hosts"]) == set(names)


def test_a_file_for_each_host_from_which_it_is_adopted(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    made, empty = tenants.make(roles=ADOPTING_ROLES), tenants.make()
    desk.hosts = {"contoso": {"connector_tenant_id": made}, "fabrikam": {"connector_tenant_id": empty}}
    mail = emulator.portal_application(made, "Totalview E-Mail Sending", permissions=["Mail.Send"], owners=[])
    folder = desk.folder / "discovered"

    checked = desk.run(DISCOVER, "--check", "--limit", "contoso")
    assert (checked.code, folder.exists()) == (0, False), checked.output
    run = desk.run(DISCOVER)

    assert run.code == 0, run.output
    assert {host: run.tenant(host)["state"] for host in desk.hosts} == {"contoso": "found", "fabrikam": "nothing_found"}
    files = {path.name: path.read_text() for path in folder.iterdir()}
    assert sorted(files) == ["contoso.yml", "fabrikam.yml"]
    variables = yaml.safe_load(files["contoso.yml"])
    assert variables == {"connector_mail_adopt": True, "connector_mail_adopt_client_id": mail["appId"]}
    for tenant in (made, empty):
        assert writes(emulator, tenant) == exchange_writes(emulator, tenant) == []
    assert not desk.store.exists()
    assert desk.run(DISCOVER).stats["contoso"]["changed"] == 0

    desk.hosts["contoso"] |= variables
    onboarded = desk.run("totalview.exchange365.onboard", "--limit", "contoso")
    assert onboarded.tenant("contoso")["state"] == "complete", onboarded.output
    assert Witness(emulator, made).applications["Totalview E-Mail Sending"]["appId"] == mail["appId"]
