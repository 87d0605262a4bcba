# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a fleet's secrets and hand-offs are kept, and what is in there, as its own administrator sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from emulator.launch import Emulator
from integration.connect_proxy import everything_leads_to
from integration.operator_desk import VAULT_PASSWORD, Desk
from key_vault import PATH as KEY_VAULT_PATH
from key_vault import KeyVaults, add_reader
from openbao import PATH, OpenBao, running_openbao

_VAULT = VaultLib([("default", VaultSecret(VAULT_PASSWORD.encode()))])

Json = dict[str, Any]


class Store(Protocol):
    """`variables` and `environment`: of the runs that use it."""

    @property
    def variables(self) -> Json: ...

    @property
    def environment(self) -> Mapping[str, str]: ...

    def document(self, tenant: str) -> Json | None: ...

    def handoff(self, host: str, tenant: str) -> Json | None: ...


#: Opens the store of a fleet, which is gone again with the fleet.
OpenStore = Callable[[Desk, Emulator], AbstractContextManager[Store]]


@dataclass(frozen=True)
class Files:
    folder: Path
    variables: Json
    environment: Mapping[str, str]

    def document(self, tenant: str) -> Json | None:
        text = _decrypted(self.folder / f"{tenant}.json")
        return None if text is None else dict(json.loads(text))

    def handoff(self, host: str, tenant: str) -> Json | None:
        text = _decrypted(self.folder / "handoff" / f"{host}.yml")
        return None if text is None else dict(yaml.safe_load(text))


def _decrypted(path: Path) -> str | None:
    return _VAULT.decrypt(path.read_bytes()).decode() if path.exists() else None


@contextmanager
def files(desk: Desk, _emulator: Emulator) -> Iterator[Store]:
    yield Files(desk.store, {}, {})


@dataclass(frozen=True)
class Kv2:
    server: OpenBao
    engine: str
    variables: Json
    environment: Mapping[str, str]

    def document(self, tenant: str) -> Json | None:
        return self._read(f"tenants/{tenant}")

    def handoff(self, host: str, tenant: str) -> Json | None:
        return self._read(f"handoff/{host}")

    def _read(self, path: str) -> Json | None:
        found: Json | None = self.server.secret(self.engine, f"{PATH}/{path}")
        return found


@contextmanager
def vault_kv2(_desk: Desk, _emulator: Emulator) -> Iterator[Store]:
    """A real OpenBao server."""
    with running_openbao() as server:
        engine = server.engine()
        yield Kv2(server, engine, server.variables(engine), {})


@dataclass(frozen=True)
class Vault:
    vaults: KeyVaults
    host: str
    variables: Json
    environment: Mapping[str, str]

    def document(self, tenant: str) -> Json | None:
        return self._read(f"tenants-{tenant}")

    def handoff(self, host: str, tenant: str) -> Json | None:
        return self._read(f"handoff-{tenant}")

    def _read(self, name: str) -> Json | None:
        versions = self.vaults.versions(self.host, f"{KEY_VAULT_PATH}-{name}")
        return dict(json.loads(versions[-1]["value"])) if versions else None


@contextmanager
def azure_key_vault(_desk: Desk, emulator: Emulator) -> Iterator[Store]:
    """In the fleet's own emulator, so that each request to it is one to be cut down at.

    Hand-offs have the tenants' ids for names: by these the emulator knows whose request it is.
    """
    with everything_leads_to(emulator) as proxy:
        vaults = KeyVaults(emulator, add_reader(emulator), {"HTTPS_PROXY": proxy.url, "NO_PROXY": "127.0.0.1"})
        host = vaults.make()
        variables = {**vaults.variables(host), "connector_handoff_name": "{{ connector_tenant_id }}"}
        yield Vault(vaults, host, variables, vaults.environment)


#: Servers, by the name of their kind of store.
SERVERS: Mapping[str, OpenStore] = {"vault_kv2": vault_kv2, "azure_key_vault": azure_key_vault}
