# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError


class VaultCommand:
    """The command ansible-vault as a cipher, for a module on another machine.

    A module cannot import Ansible's vault library: beside the part of Ansible that travels with a module, the rest of
    an installed ansible-core does not work. Text goes through standard input and output, never through arguments.
    """

    def __init__(self, password_file: str | None, vault_id: str | None) -> None:
        self._password_file = password_file
        self._vault_id = vault_id

    def encrypt(self, text: str) -> bytes:
        identity = ["--encrypt-vault-id", self._vault_id] if self._vault_id else []
        return self._run("encrypt", *identity, content=text.encode())

    def decrypt(self, content: bytes) -> str:
        if not content.startswith(b"$ANSIBLE_VAULT;"):
            raise StoreError(
                "A file of the store is not encrypted with Ansible Vault.", next_step="Remove or encrypt it."
            )
        return self._run("decrypt", content=content).decode()

    def _run(self, *arguments: str, content: bytes) -> bytes:
        if not self._password_file:
            raise StoreError(
                "On another machine the run's vault passwords are not known.",
                next_step="Set vault_password_file (or ANSIBLE_VAULT_PASSWORD_FILE) there, or run the task on the controller.",
                code="VaultPasswordMissing",
            )
        source = f"{self._vault_id or 'default'}@{self._password_file}"
        command = [sys.executable, "-m", "ansible", "vault", *arguments, "--vault-id", source, "--output", "-"]
        # The one password is named; a second one from the environment would make the command ask which.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_VAULT_")}
        done = subprocess.run(command, input=content, capture_output=True, check=False, env=environment)
        if done.returncode:
            raise StoreError(
                f"ansible-vault failed: {done.stderr.decode(errors='replace').strip().splitlines()[-1:]}.",
                next_step=f"That machine needs ansible-core for {sys.executable}, and a usable {self._password_file}.",
            )
        return done.stdout
