# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet: emulated tenants, and an operator's folder with inventory, vault password and store for them."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from emulator.launch import Emulator, running_emulator

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
CLIENT_ID = "0e8f7a6b-2c4d-4f5e-8a9b-7c6d5e4f3a2b"
CLIENT_SECRET = "benchmark-automation-secret"
VAULT_PASSWORD = "benchmark"
SENDER = "totalview@example.com"
#: A host that is no tenant.
ELSEWHERE = "elsewhere"
#: What the README asks an operator to give to the automation.
ROLES = [
    "Application.Read.All",
    "Application.ReadWrite.OwnedBy",
    "AppRoleAssignment.ReadWrite.All",
    "AuditLog.Read.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Organization.Read.All",
    "Policy.Read.All",
]

Json = dict[str, Any]


@dataclass(frozen=True)
class Tenant:
    number: int

    @property
    def id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, self.domain))

    @property
    def domain(self) -> str:
        return f"tenant{self.number:05}.onmicrosoft.com"

    @property
    def host(self) -> str:
        return f"tenant{self.number:05}"

    def seed(self) -> Json:
        addresses = [f"admin@{self.domain}", SENDER, "ann@example.com"]
        return {
            "id": self.id,
            "domains": [self.domain],
            "display_name": f"Tenant {self.number:05}",
            "users": [{"upn": address, "display_name": address, "mailbox": True} for address in addresses],
            "automation": {
                "client_id": CLIENT_ID,
                "secret": CLIENT_SECRET,
                "roles": ROLES,
                "exchange_roles": ["Exchange.ManageAsApp"],
                "directory_roles": ["Exchange Administrator"],
            },
        }


def fleet(size: int) -> list[Tenant]:
    return [Tenant(number) for number in range(size)]


def emulated(tenants: Iterable[Tenant]) -> AbstractContextManager[Emulator]:
    return running_emulator({"tenants": [tenant.seed() for tenant in tenants]})


@dataclass(frozen=True)
class Desk:
    """One operator's folder; `collections` holds the installed collection."""

    folder: Path
    collections: Path

    @property
    def collection(self) -> Path:
        return self.collections / "ansible_collections" / "totalview" / "exchange365"

    def write_inventory(self, tenants: Iterable[Tenant], emulator: Emulator) -> None:
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "connector_authority_url": emulator.url,
            "connector_graph_url": emulator.url,
            "connector_exchange_url": emulator.url,
            "connector_ca_path": emulator.ca_file,
            "connector_mail_sender": SENDER,
            "connector_store_folder": str(self.folder / "secrets"),
        }
        hosts = {tenant.host: {"connector_tenant_id": tenant.id} for tenant in tenants}
        groups = {"tenants": {"hosts": hosts}, "others": {"hosts": {ELSEWHERE: {}}}}
        self._write("inventory.yml", {"all": {"vars": variables, "children": groups}})
        (self.folder / "vault-password").write_text(VAULT_PASSWORD)

    def write_delegating_playbook(self) -> str:
        """The role with its tasks delegated to another machine, which is this one: each is a module in a process."""
        role = {"name": "totalview.exchange365.connector", "rolespec_validate": False}
        onboard = {"name": "Onboard", "ansible.builtin.import_role": role}
        block = {"name": "Elsewhere", "delegate_to": ELSEWHERE, "block": [onboard]}
        self._write("delegating.yml", [{"hosts": "tenants", "gather_facts": False, "tasks": [block]}])
        return "delegating.yml"

    def write_nothing_playbook(self, tasks: int) -> str:
        """A play of so many tasks that do nothing."""
        play = {"hosts": "tenants", "gather_facts": False, "tasks": [{"name": "Nothing", "nothing": {}}] * tasks}
        self._write("nothing.yml", [play])
        return "nothing.yml"

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_"))}
        return {
            **inherited,
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_HOME": str(self.folder / "ansible-home"),
            "ANSIBLE_ACTION_PLUGINS": str(HERE / "action"),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "tasks",
            "ANSIBLE_VAULT_PASSWORD_FILE": str(self.folder / "vault-password"),
            "AZURE_CLIENT_ID": CLIENT_ID,
            "AZURE_CLIENT_SECRET": CLIENT_SECRET,
            **extra,
        }

    def _write(self, name: str, content: Any) -> None:
        # Aliases would only make it harder to read.
        dumper = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda self, data: True})
        (self.folder / name).write_text(yaml.dump(content, Dumper=dumper, sort_keys=False), "utf-8")
