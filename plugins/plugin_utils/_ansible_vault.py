# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecretsContext, get_file_vault_secret, match_encrypt_secret

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError

VaultSecrets = t.Sequence[tuple[str, t.Any]]


class AnsibleVault:
    """Ansible's own vault as a cipher. `secrets`: pairs of vault id and VaultSecret, as Ansible keeps them."""

    def __init__(self, secrets: VaultSecrets, vault_id: str | None) -> None:
        self._secrets = secrets
        self._vault_id = vault_id

    def check(self) -> None:
        self._encrypting_secret()

    def encrypt(self, text: str) -> bytes:
        vault_id, secret = self._encrypting_secret()
        try:
            content: bytes = VaultLib(self._secrets).encrypt(text, secret, vault_id)
        except AnsibleError as exc:
            raise StoreError(f"Ansible Vault cannot encrypt: {exc}.") from exc
        return content

    def decrypt(self, content: bytes) -> str:
        if not VaultLib.is_encrypted(content):
            raise StoreError(
                "A file of the store is not encrypted with Ansible Vault.", next_step="Remove or encrypt it."
            )
        if not self._secrets:
            raise _no_password()
        try:
            text: bytes = VaultLib(self._secrets).decrypt(content)
        except AnsibleError as exc:
            raise StoreError(
                "A file of the store cannot be decrypted with the vault passwords of this run.",
                next_step="Give the password it was encrypted with (--vault-id or --vault-password-file).",
                code="VaultPasswordWrong",
            ) from exc
        return text.decode()

    def _encrypting_secret(self) -> tuple[str, t.Any]:
        if not self._secrets:
            raise _no_password()
        try:
            return t.cast("tuple[str, t.Any]", match_encrypt_secret(self._secrets, encrypt_vault_id=self._vault_id))
        except AnsibleError as exc:
            known = ", ".join(vault_id for vault_id, dummy in self._secrets)
            raise StoreError(
                f"There is no vault password with the vault id '{self._vault_id}'.",
                next_step=f"Give it with --vault-id {self._vault_id}@source; known are: {known}.",
                code="VaultPasswordMissing",
            ) from exc


def vault_of_run(vault_id: str | None, password_file: str | None) -> AnsibleVault:
    """With the file's password where one is given, else with those that the run was started with."""
    if password_file:
        return AnsibleVault(secrets_from_file(password_file, vault_id), vault_id)
    # None where the run has no vault password; its annotation says otherwise.
    context = t.cast("VaultSecretsContext | None", VaultSecretsContext.current(optional=True))
    return AnsibleVault(context.secrets if context is not None else [], vault_id)


def secrets_from_file(path: str, vault_id: str | None) -> VaultSecrets:
    """From a vault password file or script. Raises StoreError."""
    try:
        secret = get_file_vault_secret(path, vault_id=vault_id, loader=DataLoader())
        secret.load()
    except AnsibleError as exc:
        raise StoreError(
            f"The vault password file {path} cannot be used: {exc}.", next_step="Correct vault_password_file."
        ) from exc
    return [(vault_id or "default", secret)]


def _no_password() -> StoreError:
    return StoreError(
        "There is no vault password, and nothing is stored unencrypted.",
        next_step="Run with --vault-password-file, --vault-id or --ask-vault-pass, or set vault_password_file.",
        code="VaultPasswordMissing",
    )
