# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds: what is read, and what is said of a bad one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.graph.store.records import Kind
from emulator.seed import BadSeed, check_seed, load_seed
from emulator.world import World

CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"


def tenant(**fields: Any) -> dict[str, Any]:
    return {"domains": ["contoso.example"], "display_name": "Contoso", **fields}


def automation(**fields: Any) -> dict[str, Any]:
    return tenant(automation={"client_id": CLIENT_ID, **fields})


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"display_name": "Contoso"}, "'domains' is a required property"),
        (tenant(domains=[]), "domains"),
        (tenant(colour="red"), "'colour' was unexpected"),
        (tenant(id="1"), "id"),
        (tenant(users=[{"upn": "ann"}]), "users.0.upn"),
        (tenant(cloud="moon"), "cloud"),
        (tenant(lag={"reads": -1}), "lag"),
        (tenant(lag={}), "lag"),
        (tenant(policy={"max_secret_lifetime": "180 days"}), "policy.max_secret_lifetime"),
        (tenant(applications=[{"display_name": "x"}]), "applications.0"),
        (tenant(automation={}), "automation: 'client_id' is a required property"),
        (automation(roles=["Email.Send"]), "automation.roles: unknown: Email.Send"),
        (automation(exchange_roles=["Mail.Send"]), "automation.exchange_roles: unknown: Mail.Send"),
        (automation(certificate_pem="nonsense"), "not a PEM certificate"),
        (automation(certificate_file="x.pem"), "only in a seed file"),
        (tenant(applications=[{"displayName": "x", "applicationPermissions": ["Email.Send"]}]), "Email.Send"),
        (tenant(applications=[{"displayName": "x", "owners": ["nobody@x.dk"]}]), "nobody@x.dk"),
    ],
)
def test_bad_tenants_are_named_with_their_field(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(BadSeed) as caught:
        check_seed({"tenants": [tenant(domains=["first.example"], display_name="First"), spec]})
    assert "tenant Contoso" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "not of type 'object'"),
        ({"colour": "red"}, "colour"),
        ({"tenants": ["x"]}, "tenant number 0"),
        ({"tenants": [tenant(), tenant(domains=["other.example", "CONTOSO.example"])]}, "contoso.example"),
        ({"lag": "slow"}, "lag"),
    ],
)
def test_bad_documents(document: Any, words: str) -> None:
    with pytest.raises(BadSeed, match=words):
        check_seed(document)


@pytest.mark.parametrize(("name", "write"), [("seed.yaml", yaml.safe_dump), ("seed.json", json.dumps)])
def test_yaml_and_json(tmp_path: Path, name: str, write: Any) -> None:
    path = tmp_path / name
    path.write_text(write({"tenants": [tenant()]}), "utf-8")
    assert load_seed(path) == {"tenants": [tenant()]}


@pytest.mark.parametrize(("name", "content"), [("seed.yaml", "{"), ("seed.json", "{"), ("seed.yaml", "a: b: c")])
def test_unreadable_files(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    with pytest.raises(BadSeed, match="cannot read"):
        load_seed(path)
    with pytest.raises(BadSeed, match="cannot read"):
        load_seed(tmp_path / "missing.yaml")


def test_a_certificate_file_is_sought_beside_the_seed(tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    path.write_text(json.dumps({"tenants": [automation(certificate_file="missing.pem")]}), "utf-8")
    with pytest.raises(BadSeed, match=r"tenant Contoso: automation\.certificate_file"):
        load_seed(path)


def test_thousands_of_tenants_cost_next_to_nothing_until_touched() -> None:
    specs = [tenant(domains=[f"t{number}.example"], display_name=f"T{number}") for number in range(5000)]
    world = World()
    world.start(check_seed({"tenants": specs}))
    assert sum(1 for _unused in world.tenants()) == 5000
    last = world.tenant("T4999.EXAMPLE")
    assert last is not None
    assert len(list(last.directory.live(Kind.SERVICE_PRINCIPAL))) == 4
