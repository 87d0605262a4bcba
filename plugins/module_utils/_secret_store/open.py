# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import os
import typing as t
from functools import lru_cache

from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.azure_key_vault import (
    KeyVaultDocuments,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.document_store import DocumentStore
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import Documents
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_file import (
    Cipher,
    EncryptedFolder,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.key_vault_client import (
    KeyVaultOptions,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_file import (
    JSON,
    YAML,
    VaultFiles,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_kv2 import Kv2Documents
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_server import VaultOptions


class Vault(t.Protocol):
    """Gives the cipher for a vault id and a vault password file, either of which may be missing."""

    def __call__(self, vault_id: str | None, password_file: str | None) -> Cipher: ...


def open_store(options: t.Mapping[str, t.Any], vault: Vault) -> SecretStore:
    """The store that the option `store` describes. Raises InputError for what cannot be one."""
    return DocumentStore(open_documents(options, vault))


def open_documents(options: t.Mapping[str, t.Any], vault: Vault) -> Documents:
    """One for each tenant, by its directory id."""
    match options["type"]:
        case "vault_kv2":
            return Kv2Documents(VaultOptions.from_params(options, os.environ), "tenants")
        case "azure_key_vault":
            return KeyVaultDocuments(KeyVaultOptions.from_params(options, os.environ), "tenants")
        case _:
            return VaultFiles(_folder(options["folder"], options, vault), JSON)


def open_handoff(folder: str | None, options: t.Mapping[str, t.Any], vault: Vault) -> Documents:
    """Where hand-offs are written: encrypted like the store, and in its server where it has one."""
    match options["type"]:
        case "vault_kv2":
            return Kv2Documents(VaultOptions.from_params(options, os.environ), "handoff")
        case "azure_key_vault":
            return KeyVaultDocuments(KeyVaultOptions.from_params(options, os.environ), "handoff", derived=True)
        case _:
            return VaultFiles(_folder(str(folder), options, vault), YAML, alone=True)


def _folder(folder: str, options: t.Mapping[str, t.Any], vault: Vault) -> EncryptedFolder:
    return _opened(folder, options["vault_id"], options["vault_password_file"], t.cast("t.Hashable", vault))


@lru_cache(maxsize=2)
def _opened(folder: str, vault_id: str | None, password_file: str | None, vault: t.Hashable) -> EncryptedFolder:
    """What a task has decrypted once it does not decrypt again; it works on two folders at most."""
    return EncryptedFolder(folder, t.cast("Vault", vault)(vault_id, password_file))
