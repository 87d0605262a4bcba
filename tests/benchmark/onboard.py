# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Onboard a fleet by the modules' own work, without Ansible: a start for what is measured on an onboarded fleet."""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.vault import VaultSecret
from ansible.plugins.loader import init_plugin_loader

from benchmark.fleet import VAULT_PASSWORD
from tooling.role_tasks import RoleTasks

COLLECTION = "ansible_collections.totalview.exchange365.plugins"

Json = dict[str, Any]


def onboard(common: Json, tenant: tuple[str, str]) -> None:
    """`tenant`: inventory host and directory id."""
    host, id_ = tenant
    core, session = import_module(f"{COLLECTION}.module_utils._operation"), None
    environment = import_module(f"{COLLECTION}.module_utils._microsoft.auth.environment")

    def work(module: str, options: Json, check_mode: bool) -> Json:
        nonlocal session
        operation = import_module(f"{COLLECTION}.modules.{module}").OPERATION
        checked = ArgumentSpecValidator(dict(operation.argument_spec), **operation.constraints).validate(options)
        params = environment.with_environment(checked.validated_parameters, os.environ)
        call = core.Call(params, check_mode, _vault, session)
        result, outcome = core.perform(operation, call)
        session = (outcome and outcome.session) or session
        return dict(result)

    variables = {**common, "connector_tenant_id": id_, "inventory_hostname": host}
    result = RoleTasks(variables, work).run()
    if result.get("failed") or result["ansible_facts"]["connector_result"]["state"] != "complete":
        sys.exit(f"{host}: {result}")


def _vault(vault_id: str | None, password_file: str | None) -> Any:  # noqa: ARG001 (as a vault is called)
    vault = import_module(f"{COLLECTION}.plugin_utils._ansible_vault").AnsibleVault
    return vault([("default", VaultSecret(VAULT_PASSWORD.encode()))], vault_id)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inventory", type=Path)
    options = parser.parse_args()
    init_plugin_loader()  # what was imported of a collection before, Ansible's importer does not know
    inventory = yaml.safe_load(options.inventory.read_text("utf-8"))["all"]
    given = {name: value for name, value in inventory["vars"].items() if name.startswith("connector_")}
    hosts = inventory["children"]["tenants"]["hosts"]
    fleet = [(host, variables["connector_tenant_id"]) for host, variables in hosts.items()]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        done = sum(1 for _none in pool.map(partial(onboard, given), fleet, chunksize=10))
    print(json.dumps({"onboarded": done}))


if __name__ == "__main__":
    main()
