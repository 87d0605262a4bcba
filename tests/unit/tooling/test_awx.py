# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/awx is what infra.aap_configuration takes, and names what this collection has and reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dateutil.rrule import rrulestr

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import SPEC
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_secret import ClientSecret
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.environment import with_environment
from ansible_collections.totalview.exchange365.plugins.module_utils._options import STORE, TENANT
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.key_vault_client import (
    KeyVaultOptions,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_server import VaultOptions

ROOT = Path(__file__).resolve().parents[3]
AWX = ROOT / "docs" / "awx"
_LOOKED_UP = re.compile(r"lookup\('ansible.builtin.env', '(\w+)'\)")
TYPES = {"str": str, "int": int, "bool": bool, "list": list, "dict": dict, "float": float}


class _Loader(yaml.SafeLoader):
    """Knows Ansible's mark for what is no template of its own."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))

CONFIGURATION: dict[str, list[dict[str, Any]]] = yaml.load((AWX / "configuration.yml").read_text(), Loader=_Loader)
CONTRACT = yaml.safe_load((ROOT / "tests" / "contract" / "aap-configuration.yaml").read_text())
ITEMS = [
    pytest.param(name, item, id=f"{name}-{item['name']}") for name, items in CONFIGURATION.items() for item in items
]


@pytest.mark.parametrize(("variable", "item"), ITEMS)
def test_fields_are_those_of_the_argument_specs(variable: str, item: dict[str, Any]) -> None:
    known = CONTRACT[variable]

    assert set(known["required"]) <= item.keys() <= known["fields"].keys()
    for name, value in item.items():
        # A bool is an int, and neither is taken for the other.
        assert value.__class__ is TYPES[known["fields"][name]], name


def names(variable: str) -> set[str]:
    return {item["name"] for item in CONFIGURATION[variable]}


def test_what_one_names_another_is() -> None:
    own = {
        "project": names("controller_projects"),
        "source_project": names("controller_projects"),
        "inventory": names("controller_inventories"),
        "execution_environment": names("controller_execution_environments"),
        "default_environment": names("controller_execution_environments"),
        "credential": names("controller_credentials"),
        "credential_type": names("controller_credential_types"),
        "unified_job_template": names("controller_templates"),
    }
    named = [
        (field, item[field]) for items in CONFIGURATION.values() for item in items for field in own if field in item
    ]

    assert [(field, value) for field, value in named if value not in own[field]] == []
    used = {name for template in CONFIGURATION["controller_templates"] for name in template["credentials"]}
    assert used <= names("controller_credentials")


KINDS = CONFIGURATION["controller_credential_types"]
#: By what the injected names begin with.
OF_STORES = ("VAULT_", "TOTALVIEW_STORE_")
SIGN_INS = [kind for kind in KINDS if not any(name.startswith(OF_STORES) for name in kind["injectors"]["env"])]
STORES = [kind for kind in KINDS if kind not in SIGN_INS]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["name"])
def test_a_credential_injects_what_was_typed_in_and_nothing_that_is_kept(kind: dict[str, Any]) -> None:
    fields = {field["id"]: field for field in kind["inputs"]["fields"]}
    files = {name.removeprefix("template.") for name in kind["injectors"].get("file", {})}

    # AWX takes no other kind of a type that somebody makes, and no such names (ansible/awx pull request 2363).
    assert kind["kind"] == "cloud"
    assert [name for name in kind["injectors"]["env"] if name.startswith("ANSIBLE_")] == []
    assert kind["injectors"].keys() <= {"env", "file"}  # what is an extra variable is kept with the job
    references = list(_references(kind["injectors"]))
    assert {name.removeprefix("tower.filename.") for name in references} == {*fields, *files}
    assert {name for name, field in fields.items() if field.get("secret")} == fields.keys() & {
        "client_secret",
        "certificate",
        "secret_id",
    }


@pytest.mark.parametrize("kind", SIGN_INS, ids=lambda kind: kind["name"])
def test_a_credential_is_injected_by_names_that_the_collection_reads(kind: dict[str, Any]) -> None:
    environment = kind["injectors"]["env"]

    read = with_environment(dict.fromkeys(TENANT), environment)

    assert set(environment.values()) <= set(read.values())


@pytest.mark.parametrize("kind", STORES, ids=lambda kind: kind["name"])
def test_a_store_is_injected_by_names_that_it_or_its_file_reads(kind: dict[str, Any]) -> None:
    # Each with the name of its field for a value.
    environment = {name: value.strip("{} ") for name, value in kind["injectors"]["env"].items()}
    [file] = [path for path in (AWX / "stores").iterdir() if kind["name"] in path.read_text()]
    variables = yaml.safe_load(file.read_text())

    looked_up = {name: found[0] for name, text in variables.items() if (found := _LOOKED_UP.findall(text))}
    options = dict.fromkeys(STORE["store"]["options"], None)
    options |= {"engine_mount_point": "secret", "path": "totalview-exchange365", "type": variables["connector_store"]}
    for name, text in variables.items():
        assert name in SPEC
        options[name.removeprefix("connector_store_")] = environment.get(looked_up.get(name, ""), text)

    assert variables["connector_store"] == file.stem
    assert {name for name in environment if name.startswith("TOTALVIEW_")} == set(looked_up.values())
    url = "https://contoso.vault.azure.net"
    if file.stem == "vault_kv2":
        read = VaultOptions.from_params(options, {**environment, "VAULT_ADDR": url})
        injected = (read.url, read.namespace, read.role_id, read.secret_id)
    else:
        known = KeyVaultOptions.from_params({**options, "url": url}, {})
        assert isinstance(known.credential, ClientSecret)
        assert options["url"] == environment["TOTALVIEW_STORE_URL"]
        injected = (known.credential.client_id, known.credential.secret)
    assert set(environment.values()) - set(injected) <= {"url"}


def _references(injectors: dict[str, dict[str, str]]) -> Iterator[str]:
    for values in injectors.values():
        for value in values.values():
            yield from re.findall(r"{{ ([\w.]+) }}", value)


def test_playbooks_are_in_the_project_and_run_those_of_the_collection() -> None:
    for template in CONFIGURATION["controller_templates"]:
        [play] = yaml.safe_load((AWX / "project" / template["playbook"]).read_text())
        namespace, name, playbook = play["ansible.builtin.import_playbook"].split(".")
        assert (namespace, name) == ("totalview", "exchange365")
        assert (ROOT / "playbooks" / f"{playbook}.yml").exists()
    for source in CONFIGURATION["controller_inventory_sources"]:
        assert (AWX / "project" / source["source_path"]).exists()


def test_schedules_recur() -> None:
    for schedule in CONFIGURATION["controller_schedules"]:
        start, rule = schedule["rrule"].split(" ")
        assert "INTERVAL=" in rule  # AWX takes none without
        times = rrulestr(f"{start}\n{rule}")
        assert times[0] < times[1]
