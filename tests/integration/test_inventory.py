# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin, as ansible-inventory and ansible-playbook use it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from emulator.launch import Emulator
from integration.operator_desk import CLIENT_ID, CLIENT_SECRET, Desk
from integration.tenants import Tenants

pytestmark = pytest.mark.every_core

CONTOSO = "5a1f0c3e-1111-4c6b-9a52-000000000001"
FABRIKAM = "5a1f0c3e-1111-4c6b-9a52-000000000002"
NAMESAKE = "5a1f0c3e-1111-4c6b-9a52-000000000003"

Json = dict[str, Any]


@dataclass(frozen=True)
class Inventory:
    """A tenants.yml on an operator's desk."""

    desk: Desk

    def write(self, name: str, text: str) -> None:
        (self.desk.folder / name).write_text(text, encoding="utf-8")

    def configure(self, *sources: Json, **options: Any) -> None:
        config = {"plugin": "totalview.exchange365.tenants", "sources": list(sources), **options}
        self.write("tenants.yml", yaml.safe_dump(config))

    def call(self, tool: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.desk.leg.bin / tool), "-i", "tenants.yml", *arguments],
            cwd=self.desk.folder,
            env={
                **self.desk.environment(),
                "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
                "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
                **environment,
            },
            check=False,
            capture_output=True,
            text=True,
        )

    def list(self, **environment: str) -> Json:
        done = self.call("ansible-inventory", "--list", **environment)
        assert done.returncode == 0, done.stderr
        found: Json = _plain(json.loads(done.stdout))
        return found


def _plain(value: Any) -> Any:
    """Without the mark that ansible-inventory writes around what is no template."""
    if isinstance(value, dict):
        found = {name: _plain(entry) for name, entry in value.items()}
        return found.get("__ansible_unsafe", found)
    return [_plain(entry) for entry in value] if isinstance(value, list) else value


@pytest.fixture
def inventory(desk: Desk) -> Inventory:
    desk.folder.mkdir(exist_ok=True)
    return Inventory(desk)


def test_lists_make_an_inventory_whose_texts_are_never_templates(inventory: Inventory) -> None:
    trap = inventory.desk.folder / "evaluated"
    evil = f"Contoso {{{{ lookup('ansible.builtin.pipe', 'touch {trap}') }}}}"
    inventory.write(
        "Customers.csv",
        "Microsoft ID,Company name,Primary domain name,Relationship,Tags\r\n"
        f'{CONTOSO},"{evil}",contoso.dk,Cloud reseller,\r\n'
        f"{FABRIKAM},Fabrikam,fabrikam.se,Cloud reseller,\r\n"
        f"{NAMESAKE},Fabrikam,fabrikam.de,Cloud reseller,\r\n",
    )
    inventory.write("names.yml", yaml.safe_dump([{"connector_tenant_id": FABRIKAM, "inventory_hostname": "fabrikam"}]))
    inventory.configure(
        {"type": "file", "path": "names.yml"},
        {"type": "partner_center", "path": "Customers.csv"},
        waves=[100],
        strict=True,
        compose={"greeting": "'Hello ' ~ tenant_display_name"},
        groups={"nordic": "tenant_domain.endswith(('.dk', '.se'))"},
        keyed_groups=[{"key": "tenant_display_name", "prefix": "name"}],
    )

    found = inventory.list()
    graph = inventory.call("ansible-inventory", "--graph", "nordic").stdout
    shown = inventory.call("ansible", CONTOSO, "-m", "ansible.builtin.debug", "-a", "msg='{{ greeting }}'")

    assert set(found["_meta"]["hostvars"]) == {CONTOSO, "fabrikam", NAMESAKE}
    assert found["_meta"]["hostvars"]["fabrikam"]["connector_tenant_id"] == FABRIKAM
    assert found["_meta"]["hostvars"][CONTOSO]["tenant_display_name"] == evil
    assert sorted(found["cloud_global"]["hosts"]) == sorted(found["wave_1"]["hosts"])
    assert sorted(found["name_Fabrikam"]["hosts"]) == [NAMESAKE, "fabrikam"]
    assert [name for name in found if "{" in name] == []
    assert graph.split() == ["@nordic:", f"|--{CONTOSO}", "|--fabrikam"]
    assert f"Hello {evil}" in shown.stdout
    assert not trap.exists()


def test_a_list_that_cannot_be_right_fails(inventory: Inventory) -> None:
    inventory.write("customers.csv", "connector_tenant_id\ncontoso.com\n")
    inventory.configure({"type": "file", "path": "customers.csv"})

    done = inventory.call("ansible-inventory", "--list")

    assert done.returncode != 0
    assert "customers.csv, line 2: connector_tenant_id 'contoso.com'" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_partners_customers_are_asked_once_and_keep_their_hosts(
    inventory: Inventory, tenants: Tenants, emulator: Emulator
) -> None:
    customers = {name: tenants.make(display_name=name) for name in ("Contoso", "Fabrikam")}
    relationships = [
        {
            "displayName": f"{name} 2026",
            "customer": {"tenantId": tenant, "displayName": f"{name} as agreed"},
            "autoExtendDuration": "P180D" if name == "Contoso" else "PT0S",
            "endDateTime": "2026-01-31T00:00:00Z",
        }
        for name, tenant in customers.items()
    ]
    # More than one page holds.
    relationships += [{"displayName": f"Draft {number}", "status": "created"} for number in range(300)]
    role = ("DelegatedAdminRelationship.Read.All",)
    partner = tenants.make(roles=role, delegatedAdminRelationships=relationships)
    stranger = tenants.make(roles=("Application.Read.All",))
    empty = tenants.make(roles=role)
    inventory.configure(
        {"type": "gdap"},
        auth_client_id=CLIENT_ID,
        authority_url=emulator.url,
        graph_url=emulator.url,
        ca_path=emulator.ca_file,
        expires_within=[30],
        cache=True,
        cache_plugin="ansible.builtin.jsonfile",
        cache_connection="cache",
    )
    environment = {"AZURE_TENANT_ID": partner, "AZURE_CLIENT_SECRET": CLIENT_SECRET}

    first = inventory.list(**environment)
    asked = [entry["path"] for entry in emulator.requests(tenant=partner, service="graph")]
    tenants.make(id_=customers["Contoso"], display_name="Fourth Coffee")
    cached = inventory.list(**environment)
    fresh = _plain(json.loads(inventory.call("ansible-inventory", "--list", "--flush-cache", **environment).stdout))
    refused = inventory.call("ansible-inventory", "--list", **{**environment, "AZURE_TENANT_ID": stranger})
    nobody = inventory.call("ansible-inventory", "--list", **{**environment, "AZURE_TENANT_ID": empty})

    hosts = first["_meta"]["hostvars"]
    assert {host: told["tenant_display_name"] for host, told in hosts.items()} == {
        tenant: name for name, tenant in customers.items()
    }
    assert first["expires_within_30_days"]["hosts"] == [customers["Fabrikam"]]
    assert sorted(first["relationship_active"]["hosts"]) == sorted(customers.values())
    assert len(asked) == 3
    assert cached == first
    assert set(fresh["_meta"]["hostvars"]) == set(hosts)
    assert fresh["_meta"]["hostvars"][customers["Contoso"]]["tenant_display_name"] == "Fourth Coffee"
    assert len(emulator.requests(tenant=partner, service="graph")) == 6
    assert "DelegatedAdminRelationship.Read.All" in refused.stderr
    assert "shows no delegated admin relationship" in " ".join(nobody.stderr.split())
    written = "".join(path.read_text() for path in (inventory.desk.folder / "cache").iterdir())
    for secret in (CLIENT_SECRET, *emulator.issued()["tokens"]):
        assert secret not in written
