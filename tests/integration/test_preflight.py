# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tenants need before they are onboarded: told, with who gives it, and nothing is written."""

from __future__ import annotations

from emulator.launch import Emulator
from integration.operator_desk import CLIENT_ID, Desk
from integration.tenants import ROLES, Tenants
from integration.witness import writes

PREFLIGHT = "totalview.exchange365.preflight"


def test_each_tenant_is_ready_or_told_what_it_needs(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    without_reading = tuple(role for role in ROLES if role != "Application.Read.All")
    made = {
        "ready": tenants.make(),
        "no-consent": tenants.make(roles=tuple(role for role in ROLES if role != "AppRoleAssignment.ReadWrite.All")),
        "no-reading": tenants.make(roles=without_reading),
        "no-exchange": tenants.make(automation={"exchange_roles": []}),
        "no-sender": tenants.make(),
    }
    desk.hosts = {host: {"connector_tenant_id": tenant} for host, tenant in made.items()}
    desk.hosts["no-sender"]["connector_mail_sender"] = "nobody@example.com"

    run = desk.run(PREFLIGHT)

    assert run.code == 0, run.output
    found = {host: run.tenant(host) for host in made}
    states = {host: result["state"] for host, result in found.items()}
    assert states == {
        "ready": "ready",
        "no-consent": "ready",
        "no-reading": "needs",
        "no-exchange": "needs",
        "no-sender": "needs",
    }
    assert "consent waits for an administrator" in found["no-consent"]["next"]
    assert "Application.Read.All (Microsoft Graph)" in found["no-reading"]["next"]
    assert f"{made['no-reading']}/adminconsent?client_id={CLIENT_ID}" in found["no-reading"]["next"]
    assert "Exchange.ManageAsApp" in found["no-exchange"]["next"]
    assert "nobody@example.com" in found["no-sender"]["next"]
    assert all(writes(emulator, tenant) == [] for tenant in made.values())
    assert not desk.store.exists()


def test_strict_with_a_slip_in_it_passes_nobody(desk: Desk, tenants: Tenants) -> None:
    desk.hosts = {"contoso": {"connector_tenant_id": tenants.make(), "connector_preflight": "stirct"}}

    run = desk.run(PREFLIGHT)

    assert run.code != 0
    assert "connector_preflight must be one of: tell, strict" in run.tenant("contoso")["next"]


def test_strict_counts_who_is_not_ready_as_failed(desk: Desk, tenants: Tenants) -> None:
    desk.variables["connector_preflight"] = "strict"
    desk.hosts = {
        "ready": {"connector_tenant_id": tenants.make()},
        "no-exchange": {"connector_tenant_id": tenants.make(automation={"exchange_roles": []})},
    }

    run = desk.run(PREFLIGHT)

    assert run.code != 0
    assert run.stats["ready"]["failures"] == 0
    assert run.stats["no-exchange"]["failures"] == 1
