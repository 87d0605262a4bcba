# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import sys
import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError

_HEADER = b"$ANSIBLE_VAULT;"
#: Its output is the text and nothing else, whatever that machine's environment or ansible.cfg wants to be told.
_QUIET = {"ANSIBLE_DEBUG": "false", "ANSIBLE_VERBOSITY": "0"}


class RunCommand(t.Protocol):
    """AnsibleModule.run_command, as far as it is needed: return code, standard output and error."""

    def __call__(
        self, args: list[str], *, data: str, binary_data: bool, environ_update: dict[str, str]
    ) -> tuple[int, str, str]: ...


class VaultCommand:
    """The command ansible-vault as a cipher, for a module on another machine.

    A module cannot import Ansible's vault library: beside the part of Ansible that travels with a module, the rest of
    an installed ansible-core does not work. Text goes through standard input and output, never through arguments.
    """

    def __init__(self, run_command: RunCommand, password_file: str | None, vault_id: str | None) -> None:
        self._run_command = run_command
        self._password_file = password_file
        self._vault_id = vault_id or "default"

    def check(self) -> None:
        self.encrypt("probe")

    def encrypt(self, text: str) -> bytes:
        content = self._run("encrypt", "--encrypt-vault-id", self._vault_id, data=text).encode()
        if not content.startswith(_HEADER):
            raise StoreError("ansible-vault answers with something that is not encrypted.")
        return content

    def decrypt(self, content: bytes) -> str:
        if not content.startswith(_HEADER):
            raise StoreError(
                "A file of the store is not encrypted with Ansible Vault.", next_step="Remove or encrypt it."
            )
        return self._run("decrypt", data=content.decode())

    def _run(self, *arguments: str, data: str) -> str:
        if not self._password_file:
            raise StoreError(
                "On another machine the run's vault passwords are not known.",
                next_step="Set vault_password_file (or ANSIBLE_VAULT_PASSWORD_FILE) there, or run on the controller.",
                code="VaultPasswordMissing",
            )
        command = [sys.executable, "-m", "ansible", "vault", *arguments, "--output", "-"]
        environment = {
            **_QUIET,
            "ANSIBLE_VAULT_PASSWORD_FILE": self._password_file,
            "ANSIBLE_VAULT_IDENTITY_LIST": f"{self._vault_id}@{self._password_file}",
        }
        code, output, error = self._run_command(command, data=data, binary_data=True, environ_update=environment)
        if code:
            raise StoreError(
                f"ansible-vault failed: {' '.join(error.split())[-300:]}.",
                next_step=f"That machine needs ansible-core for {sys.executable}, and a usable {self._password_file}.",
            )
        return output
