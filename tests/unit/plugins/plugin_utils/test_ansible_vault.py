# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.parsing.vault import VaultSecret

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import (
    AnsibleVault,
    secrets_from_file,
)


def vault(*passwords, vault_id=None):
    """Passwords as Ansible keeps them: `id@password`, or the default id."""
    pairs = [entry.split("@", 1) if "@" in entry else ("default", entry) for entry in passwords]
    return AnsibleVault([(name, VaultSecret(password.encode())) for name, password in pairs], vault_id)


@pytest.mark.parametrize("text", ["", "text", "ü€\n", "x" * 10000])
def test_what_is_encrypted_is_decrypted_again(text):
    content = vault("password").encrypt(text)

    assert text.encode() not in content or not text
    assert vault("password").decrypt(content) == text


def test_any_of_the_runs_passwords_decrypts():
    content = vault("second").encrypt("text")

    assert vault("a@first", "b@second").decrypt(content) == "text"


@pytest.mark.parametrize(("vault_id", "password"), [(None, "first"), ("a", "first"), ("b", "second")])
def test_the_vault_id_picks_the_password_to_encrypt_with(vault_id, password):
    content = vault("a@first", "b@second", vault_id=vault_id).encrypt("text")

    assert vault(password).decrypt(content) == "text"


def test_a_vault_id_without_a_password_is_a_fault_that_names_the_known_ones():
    with pytest.raises(StoreError) as caught:
        vault("a@first", "b@second", vault_id="c").encrypt("text")

    assert caught.value.code == "VaultPasswordMissing"
    assert "'c'" in caught.value.message
    assert "a, b" in caught.value.next_step


@pytest.mark.parametrize(
    "use", [lambda cipher: cipher.encrypt("text"), lambda cipher: cipher.decrypt(b"$ANSIBLE_VAULT;1.1;AES256\n")]
)
def test_without_a_password_nothing_is_encrypted_or_decrypted(use):
    with pytest.raises(StoreError) as caught:
        use(vault())

    assert caught.value.code == "VaultPasswordMissing"


def test_a_wrong_password_is_a_fault_that_shows_neither_text_nor_password():
    content = vault("password").encrypt("s3cret")

    with pytest.raises(StoreError) as caught:
        vault("another").decrypt(content)

    assert caught.value.code == "VaultPasswordWrong"
    assert not {"s3cret", "password1", "another"} & set(caught.value.sentence("t").split())


@pytest.mark.parametrize("content", [b"", b"text", b"{}", b"\x00\xff"])
def test_what_is_not_encrypted_is_refused(content):
    with pytest.raises(StoreError, match="not encrypted"):
        vault("password").decrypt(content)


# --- a vault password file


def test_a_password_file_is_read(tmp_path):
    path = tmp_path / "password"
    path.write_text("from the file\n")

    content = AnsibleVault(secrets_from_file(str(path), None), None).encrypt("text")

    assert vault("from the file").decrypt(content) == "text"


def test_a_password_script_is_run(tmp_path):
    path = tmp_path / "password.sh"
    path.write_text("#!/bin/sh\necho from the script\n")
    path.chmod(0o700)

    content = AnsibleVault(secrets_from_file(str(path), "ours"), "ours").encrypt("text")

    assert vault("from the script").decrypt(content) == "text"


@pytest.mark.parametrize("content", [None, ""], ids=["missing", "empty"])
def test_a_password_file_without_a_password_is_a_fault(tmp_path, content):
    path = tmp_path / "password"
    if content is not None:
        path.write_text(content)

    with pytest.raises(StoreError) as caught:
        secrets_from_file(str(path), None)

    assert str(path) in caught.value.message
    assert "vault_password_file" in caught.value.next_step
