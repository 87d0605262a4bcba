# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader

CONTOSO = "5a1f0c3e-1111-4c6b-9a52-000000000001"
FABRIKAM = "5a1f0c3e-1111-4c6b-9a52-000000000002"


def parse(folder: Path, customers: str, **options) -> InventoryData:
    """tenants.yml beside a list of customers."""
    (folder / "customers.csv").write_text(f"connector_tenant_id,tenant_display_name\n{customers}")
    config = folder / "tenants.yml"
    source = {"type": "file", "path": "customers.csv"}
    config.write_text(yaml.safe_dump({"plugin": "totalview.exchange365.tenants", "sources": [source], **options}))
    inventory = InventoryData()
    plugin().parse(inventory, DataLoader(), str(config))
    return inventory


def plugin():
    return inventory_loader.get("totalview.exchange365.tenants")


def test_only_a_file_of_its_name_is_its_own(tmp_path):
    for name in ("tenants.yml", "emea.tenants.yaml", "customers.yml"):
        (tmp_path / name).touch()

    own = [
        name
        for name in ("tenants.yml", "emea.tenants.yaml", "customers.yml", "missing.tenants.yml")
        if plugin().verify_file(str(tmp_path / name))
    ]

    assert own == ["tenants.yml", "emea.tenants.yaml"]


def test_a_customer_that_takes_anothers_name_keeps_its_host(tmp_path):
    before = parse(tmp_path, f"{CONTOSO},Contoso\n{FABRIKAM},Fabrikam\n")
    after = parse(tmp_path, f"{CONTOSO},Fabrikam\n{FABRIKAM},Fabrikam\n")

    assert set(before.hosts) == set(after.hosts) == {CONTOSO, FABRIKAM}
    assert after.hosts[CONTOSO].vars["tenant_display_name"] == "Fabrikam"


def test_groups_are_made_of_a_customers_text_without_what_patterns_mean(tmp_path):
    found = parse(tmp_path, f"{CONTOSO},a:&b!\n", keyed_groups=[{"key": "tenant_display_name", "prefix": "name"}])

    assert [host.name for host in found.groups["name_a__b_"].hosts] == [CONTOSO]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"compose": {"wrong": "nobody.knows"}}, "Could not set wrong for host"),
        ({"groups": {"wrong": "nobody.knows"}}, "Could not add host"),
        ({"keyed_groups": [{"key": "nobody.knows"}]}, "Could not generate group"),
    ],
)
def test_strict_tells_of_an_expression_that_cannot_be(tmp_path, options, told):
    with pytest.raises(AnsibleError, match=told):
        parse(tmp_path, f"{CONTOSO},Contoso\n", strict=True, **options)

    assert set(parse(tmp_path, f"{CONTOSO},Contoso\n", **options).hosts) == {CONTOSO}


def test_a_fault_is_told_in_one_line(tmp_path):
    with pytest.raises(
        AnsibleError, match=r"^customers.csv, line 2: connector_tenant_id 'x\\x1b\[2J' is no directory id"
    ):
        parse(tmp_path, "x\x1b[2J,Contoso\n")
