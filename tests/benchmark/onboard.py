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
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultSecret

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.stages import STAGES
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import SECRET_VARIABLES
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, perform
from ansible_collections.totalview.exchange365.plugins.modules import connector_plan, connector_stage
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import AnsibleVault
from benchmark.fleet import VAULT_PASSWORD

Json = dict[str, Any]


def onboard(common: Json, tenant: tuple[str, str]) -> None:
    """`tenant`: inventory host and directory id."""
    host, id_ = tenant
    options = {"host": host, "variables": {**common, "connector_tenant_id": id_}}
    result, outcome = perform(connector_plan.OPERATION, _call(options))
    for stage in STAGES:
        if result.get("failed"):
            sys.exit(f"{host}: {result['msg']}")
        task = {**options, "stage": stage, "progress": result["progress"]}
        result = _stage(task, outcome)
    if result["ansible_facts"]["connector_result"]["state"] != "complete":
        sys.exit(f"{host}: {result['ansible_facts']}")


def _stage(options: Json, plan: Any) -> Json:
    return perform(connector_stage.OPERATION, _call(options, plan.session))[0]


def _call(options: Json, session: Any = None) -> Call:
    return Call({**dict.fromkeys(SECRET_VARIABLES), **options}, check_mode=False, vault=_vault, session=session)


def _vault(vault_id: str | None, password_file: str | None) -> AnsibleVault:  # noqa: ARG001 (as a vault is called)
    return AnsibleVault([("default", VaultSecret(VAULT_PASSWORD.encode()))], vault_id)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inventory", type=Path)
    parser.add_argument("defaults", type=Path, help="of the role")
    options = parser.parse_args()
    inventory = yaml.safe_load(options.inventory.read_text("utf-8"))["all"]
    defaults = yaml.safe_load(options.defaults.read_text("utf-8"))
    given = {name: value for name, value in inventory["vars"].items() if name.startswith("connector_")}
    hosts = inventory["children"]["tenants"]["hosts"]
    fleet = [(host, variables["connector_tenant_id"]) for host, variables in hosts.items()]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        done = sum(1 for _none in pool.map(partial(onboard, {**defaults, **given}), fleet, chunksize=10))
    print(json.dumps({"onboarded": done}))


if __name__ == "__main__":
    main()
