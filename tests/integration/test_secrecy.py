# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets and tokens are nowhere but in the encrypted store, however talkative the run is."""

from __future__ import annotations

import pytest

from emulator.launch import Emulator
from integration.administrator import MAIL, Administrator
from integration.operator_desk import CLIENT_SECRET, VAULT_PASSWORD, Desk
from integration.tenants import Tenants

pytestmark = pytest.mark.every_core

#: Everything that Ansible can be told to keep or to show.
TALKATIVE = {
    "ANSIBLE_CACHE_PLUGIN": "jsonfile",
    "ANSIBLE_CACHE_PLUGIN_CONNECTION": "fact-cache",
    "ANSIBLE_LOG_PATH": "ansible.log",
    "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true",
    "ANSIBLE_KEEP_REMOTE_FILES": "true",
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
}

#: A careless operator's playbook: prints and caches what the modules return.
CARELESS = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {
                "totalview.exchange365.tenant_login": {
                    "tenant_id": "{{ connector_tenant_id }}",
                    "auth_client_id": "{{ connector_auth_client_id }}",
                    "auth_client_secret": "{{ connector_auth_client_secret }}",
                    "authority_url": "{{ connector_authority_url }}",
                    "graph_url": "{{ connector_graph_url }}",
                    "ca_path": "{{ connector_ca_path }}",
                },
                "register": "login",
            },
            {"ansible.builtin.set_fact": {"kept": "{{ login }}", "cacheable": True}},
            {"ansible.builtin.debug": {"var": "login"}},
        ],
    }
]


def _assert_nowhere(desk: Desk, output: str, secrets: set[str]) -> None:
    assert secrets
    for secret in secrets:
        assert secret not in output
    files = [path for folder in (desk.folder, desk.temporary) for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        found = [secret for secret in secrets if secret.encode() in content]
        assert not found, f"{path} holds {len(found)} secrets or tokens"


def test_nothing_leaks_from_a_fresh_a_changing_and_a_failing_run(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant, broken = tenants.make(), tenants.make()
    # The secret lies in the environment: the inventory in the same folder would hold it otherwise.
    desk.variables.update(connector_auth_client_secret=None)
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}, "broken": {"connector_tenant_id": broken}}
    environment = {**TALKATIVE, "AZURE_CLIENT_SECRET": CLIENT_SECRET}

    fresh = desk.run("totalview.exchange365.onboard", "-vvv", "--diff", environment=environment)
    admin = Administrator(emulator, tenant)
    application = admin.application(MAIL)
    key = {"keyId": application["passwordCredentials"][0]["keyId"]}
    admin.call("POST", f"/applications/{application['id']}/removePassword", key)
    emulator.tenant(broken, roles=[])
    changing = desk.run("totalview.exchange365.onboard", "-vvv", "--diff", environment=environment)

    assert fresh.code == 0, fresh.output
    assert changing.code != 0
    assert changing.tenant("contoso")["changed"] == ["mail: secret, proof", "hand-off"]
    issued = emulator.issued()
    secrets = {*issued["secrets"], *issued["tokens"], CLIENT_SECRET}
    desk.vault_password_file.unlink()
    _assert_nowhere(desk, fresh.output + changing.output, secrets | {VAULT_PASSWORD})


def test_a_registered_session_is_of_no_use_to_whoever_prints_or_caches_it(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    desk.variables.update(connector_auth_client_secret="{{ lookup('ansible.builtin.env', 'AZURE_CLIENT_SECRET') }}")
    desk.hosts["contoso"] = {"connector_tenant_id": tenants.make()}

    run = desk.run(CARELESS, "-vvv", environment={**TALKATIVE, "AZURE_CLIENT_SECRET": CLIENT_SECRET})

    assert run.code == 0, run.output
    assert run.results("contoso", "debug")[0]["login"]["session"]
    issued = emulator.issued()
    _assert_nowhere(desk, run.output, {*issued["secrets"], *issued["tokens"], CLIENT_SECRET})
