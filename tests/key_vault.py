# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emulated key vaults at Microsoft's own host names, over TLS, reached through a proxy.

with running_key_vaults() as vaults:
    options = vaults.options(vaults.make())
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from emulator.launch import Emulator, running_emulator
from integration.connect_proxy import everything_leads_to

OFFICER = "Key Vault Secrets Officer"
PATH = "totalview-exchange365"
DOMAIN = "vault.azure.net"
CLIENT_ID = "7d1f0c3e-2222-4c6b-9a52-000000000002"
SECRET = "of-the-Vaults~reader-0815"

Json = dict[str, Any]


@dataclass(frozen=True)
class KeyVaults:
    """`tenant`: the operator's own, whose application reads the vaults."""

    emulator: Emulator
    tenant: str
    environment: dict[str, str]

    def make(self, domain: str = DOMAIN, **wanted: Any) -> str:
        """The host of a new one."""
        host = f"kv{uuid4().hex[:12]}.{domain}"
        self.emulator.vault(host, **{"tenant": self.tenant, "grants": {CLIENT_ID: OFFICER}, **wanted})
        return host

    def options(self, host: str, **others: Any) -> Json:
        return {
            "type": "azure_key_vault",
            "url": f"https://{host}",
            "path": PATH,
            "ca_cert": self.emulator.ca_file,
            "auth_client_id": CLIENT_ID,
            "auth_client_secret": SECRET,
            **others,
        }

    def variables(self, host: str) -> Json:
        """The role's, which make the vault a fleet's store."""
        return {
            "connector_store": "azure_key_vault",
            "connector_store_folder": None,
            "connector_store_url": f"https://{host}",
            "connector_store_ca_cert": self.emulator.ca_file,
            "connector_store_auth_client_id": CLIENT_ID,
            "connector_store_auth_client_secret": SECRET,
        }

    def versions(self, host: str, name: str) -> list[Json]:
        """The oldest first; none where it is deleted."""
        secret = self.emulator.vault_secrets(host).get(name, {"deleted": True})
        return [] if secret["deleted"] else list(secret["versions"])


def add_reader(emulator: Emulator, cloud: str = "global") -> str:
    """The tenant of a new operator."""
    tenant = str(uuid4())
    automation = {"client_id": CLIENT_ID, "secret": SECRET, "display_name": "Reader of secrets"}
    spec = {"id": tenant, "domains": [f"o{tenant[:8]}.example"], "display_name": "Operator", "cloud": cloud}
    emulator.seed({"tenants": [{**spec, "automation": automation}]})
    return tenant


@contextmanager
def running_key_vaults() -> Iterator[KeyVaults]:
    with running_emulator({"tenants": []}) as emulator, everything_leads_to(emulator) as proxy:
        yield KeyVaults(emulator, add_reader(emulator), {"HTTPS_PROXY": proxy.url, "NO_PROXY": ""})
