# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role with its secrets in Azure Key Vault: the first run, a renewal, what stops it, and the way there and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL
from integration.connect_proxy import everything_leads_to
from integration.operator_desk import SENDER, Desk, Run
from integration.tenants import Tenants
from integration.witness import Witness, writes
from key_vault import CLIENT_ID, PATH, SECRET, KeyVaults, add_reader

DAY = 86_400
ROTATE, DELIVERED = "totalview.exchange365.rotate", "totalview.exchange365.delivered"
STORE = "totalview.exchange365.store"
HANDOFF = f"{PATH}-handoff-contoso"

Json = dict[str, Any]

# What Ansible's version changes is tried with the other stores.


@pytest.fixture
def vaults(clock: Emulator) -> Iterator[KeyVaults]:
    """In the tenant of the operator, who has an application of its own for them."""
    with everything_leads_to(clock) as proxy:
        yield KeyVaults(clock, add_reader(clock), {"HTTPS_PROXY": proxy.url, "NO_PROXY": ""})


@pytest.fixture
def host(vaults: KeyVaults) -> str:
    return vaults.make()


class Clerk:
    """A desk whose runs reach the vault."""

    def __init__(self, desk: Desk, vaults: KeyVaults, host: str) -> None:
        self.desk, self._vaults = desk, vaults
        self.server = vaults.variables(host)
        desk.variables = {**self.server}

    @property
    def tenant(self) -> str:
        return str(self.desk.hosts["contoso"]["connector_tenant_id"])

    def run(self, *arguments: str, vault: bool = False) -> Run:
        return self.desk.run(*arguments, environment=self._vaults.environment, vault=vault)


@pytest.fixture
def clerk(desk: Desk, clock: Emulator, vaults: KeyVaults, host: str) -> Clerk:
    clerk = Desk(desk.folder, desk.temporary, desk.leg, clock.url, clock.ca_file)
    clerk.hosts = {"contoso": {"connector_tenant_id": Tenants(clock).make()}}
    return Clerk(clerk, vaults, host)


def contents(vaults: KeyVaults, host: str, name: str, *, enabled: bool = True) -> list[Json]:
    return [json.loads(row["value"]) for row in vaults.versions(host, name) if row["enabled"] or not enabled]


def _keys(emulator: Emulator, tenant: str, name: str) -> list[str]:
    [application] = [row for row in Witness(emulator, tenant).applications.values() if row["uniqueName"] == name]
    return [row["keyId"] for row in application["passwordCredentials"]]


def test_a_tenant_from_its_first_run_to_the_removal_of_a_replaced_secret(
    clerk: Clerk, clock: Emulator, vaults: KeyVaults, host: str
) -> None:
    tenant, document = clerk.tenant, f"{PATH}-tenants-{clerk.tenant}"

    first = clerk.run("totalview.exchange365.onboard", "-vvvv")

    assert first.code == 0, first.output
    Witness(clock, tenant).assert_as_totalview_asks()
    held, handed_off = contents(vaults, host, document)[-1], contents(vaults, host, HANDOFF)[-1]
    assert {name: row["key_id"] for name, row in held["secrets"].items()} == {
        name: _keys(clock, tenant, name)[0] for name in (CALENDAR, MAIL)
    }
    assert (handed_off["secret"], handed_off["mail_client_secret"]) == tuple(
        held["secrets"][name]["value"] for name in (CALENDAR, MAIL)
    )
    assert (handed_off["tenant_id"], handed_off["sender_from_address"]) == (tenant, SENDER)
    secrets = [SECRET, handed_off["secret"], handed_off["mail_client_secret"], *clock.issued()["tokens"]]
    assert [secret for secret in secrets if secret in first.output + str(first.rows)] == []
    assert not clerk.desk.store.exists()

    before = len(vaults.versions(host, document))
    again = clerk.run()
    assert again.tenant("contoso")["changed"] == []
    assert len(vaults.versions(host, document)) == before

    named = ("-e", f"connector_delivered={','.join(row['key_id'] for row in held['secrets'].values())}")
    clerk.run(DELIVERED, *named)
    rotated = clerk.run(ROTATE, "-e", "connector_rotate_force=mail")

    assert rotated.tenant("contoso")["changed"] == ["mail: secret", "hand-off"], rotated.output
    old, keys = handed_off["mail_client_secret"], _keys(clock, tenant, MAIL)
    assert len(keys) == 2
    assert old not in str(contents(vaults, host, HANDOFF))
    assert old in str(contents(vaults, host, document))

    clerk.run(DELIVERED, "-e", f"connector_delivered={keys[1]}")
    clock.advance_clock(8 * DAY)
    removed = clerk.run(ROTATE)

    assert removed.tenant("contoso")["changed"] == ["mail: secret"], removed.output
    assert _keys(clock, tenant, MAIL) == keys[1:]
    assert old not in str(contents(vaults, host, document)), "disabled, since a vault deletes no single version"
    assert old in str(contents(vaults, host, document, enabled=False))


def test_a_vault_that_cannot_be_used_is_told_before_anything_is_written(
    clerk: Clerk, clock: Emulator, vaults: KeyVaults
) -> None:
    """Each host with a vault of its own; whoever may only read is stopped at the note that comes before the rest."""
    wanted: dict[str, tuple[Json, str]] = {
        "role": ({"grants": {}}, "Key Vault Secrets Officer"),
        "policy": ({"grants": {CLIENT_ID: ["get", "list"]}}, "in an access policy"),
        "firewall": ({"firewall": True}, "networking rules"),
        "stranger": ({"resource": "https://graph.microsoft.com"}, "not of its own cloud"),
    }
    made = Tenants(clock)
    clerk.desk.hosts = {
        name: {"connector_tenant_id": made.make(), "connector_store_url": f"https://{vaults.make(**settings)}"}
        for name, (settings, _told) in wanted.items()
    }
    clerk.desk.hosts["elsewhere"] = {"connector_tenant_id": made.make(), "connector_store_url": "https://kv.example"}

    run = clerk.run()

    for name, (_settings, told) in {**wanted, "elsewhere": ({}, "no address of a key vault")}.items():
        assert told in run.tenant(name)["next"], run.output
        tenant = str(clerk.desk.hosts[name]["connector_tenant_id"])
        assert [line for line in writes(clock, tenant) if "addPassword" in line] == []


def test_a_fleet_moves_to_the_vault_and_back(clerk: Clerk, clock: Emulator, vaults: KeyVaults, host: str) -> None:
    desk, document = clerk.desk, f"{PATH}-tenants-{clerk.tenant}"
    desk.variables = {}
    assert clerk.run(vault=True).code == 0
    mark = clock.last_request()
    desk.variables = {**clerk.server, "connector_store_former": {"folder": str(desk.store)}}

    there = clerk.run(STORE, vault=True)

    assert there.tenant("contoso")["changed"] == ["store"], there.output
    assert clerk.run(STORE, vault=True).tenant("contoso")["changed"] == []
    held = contents(vaults, host, document)[-1]["secrets"]
    assert held[MAIL]["key_id"] == _keys(clock, clerk.tenant, MAIL)[0]
    assert contents(vaults, host, HANDOFF)[-1]["secret"] == held[CALENDAR]["value"]
    assert clerk.run(vault=True).tenant("contoso")["changed"] == []

    # Back, and nothing is left in a vault that keeps what is deleted for its time.
    vaults.emulator.vault(host, purge_protection=True)
    former = {"type": "azure_key_vault", "url": f"https://{host}", "ca_cert": clock.ca_file}
    former |= {"auth_client_id": CLIENT_ID, "auth_client_secret": SECRET}
    desk.variables = {"connector_store_former": former, "connector_store_former_clear": True}
    desk.variables["connector_store_folder"] = str(desk.folder / "again")

    back = [clerk.run(STORE, vault=True) for _twice in range(2)]

    assert [run.tenant("contoso")["changed"] for run in back] == [["store"], []], back[0].output + back[1].output
    assert vaults.versions(host, document) == vaults.versions(host, HANDOFF) == []
    assert clerk.run(vault=True).tenant("contoso")["changed"] == []
    assert writes(clock, clerk.tenant, mark) == []
