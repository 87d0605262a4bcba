# Copyright: the contributors to totalview.exchange365
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.parsing.vault import VaultSecret

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_command import VaultCommand
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import AnsibleVault

TEXT = "text with ünïcode\n"


@pytest.fixture
def password_file(tmp_path, monkeypatch):
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "ansible"))
    path = tmp_path / "password"
    path.write_text("password\n")
    return str(path)


@pytest.mark.parametrize("vault_id", [None, "ours"])
def test_what_the_command_encrypts_the_controller_decrypts(password_file, vault_id):
    content = VaultCommand(password_file, vault_id).encrypt(TEXT)

    assert content.startswith(b"$ANSIBLE_VAULT;")
    assert AnsibleVault([("default", VaultSecret(b"password"))], None).decrypt(content) == TEXT


def test_what_the_controller_encrypts_the_command_decrypts(password_file):
    content = AnsibleVault([("default", VaultSecret(b"password"))], None).encrypt(TEXT)

    assert VaultCommand(password_file, None).decrypt(content) == TEXT


def test_a_wrong_password_is_a_fault(password_file):
    content = AnsibleVault([("default", VaultSecret(b"another"))], None).encrypt("s3cret")

    with pytest.raises(StoreError) as caught:
        VaultCommand(password_file, None).decrypt(content)

    assert "s3cret" not in caught.value.sentence("t")
    assert password_file in caught.value.next_step


@pytest.mark.parametrize(
    "use", [lambda cipher: cipher.encrypt(TEXT), lambda cipher: cipher.decrypt(b"$ANSIBLE_VAULT;1.1;AES256\n")]
)
def test_without_a_password_file_no_command_is_run(use):
    with pytest.raises(StoreError) as caught:
        use(VaultCommand(None, None))

    assert caught.value.code == "VaultPasswordMissing"
    assert "vault_password_file" in caught.value.next_step


@pytest.mark.parametrize("content", [b"", b"text", b"{}"])
def test_what_is_not_encrypted_is_refused(password_file, content):
    with pytest.raises(StoreError, match="not encrypted"):
        VaultCommand(password_file, None).decrypt(content)
