# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess

import pytest
from ansible.parsing.vault import VaultSecret

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_command import VaultCommand
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import AnsibleVault

TEXT = "text with ünïcode\n"
ENCRYPTED = "$ANSIBLE_VAULT;1.1;AES256\n00\n"


class Machine:
    """Stands in for a module's run_command: runs the command as it is, or answers what it is told to."""

    def __init__(self, answer=None):
        self.answer = answer
        self.calls = []

    def __call__(self, args, *, data, binary_data, environ_update):
        assert binary_data, "no line ending may be added"
        self.calls.append((args, data, environ_update))
        if self.answer is not None:
            return self.answer
        environment = os.environ | environ_update
        done = subprocess.run(args, input=data, capture_output=True, check=False, env=environment, encoding="utf-8")
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def password_file(tmp_path, monkeypatch):
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "ansible"))
    path = tmp_path / "password"
    path.write_text("password\n")
    return str(path)


def on_the_controller(password):
    return AnsibleVault([("default", VaultSecret(password.encode()))], None)


@pytest.mark.parametrize("vault_id", [None, "ours"])
def test_what_the_command_encrypts_the_controller_decrypts(password_file, vault_id):
    content = VaultCommand(Machine(), password_file, vault_id).encrypt(TEXT)

    assert content.startswith(b"$ANSIBLE_VAULT;")
    assert on_the_controller("password").decrypt(content) == TEXT


def test_what_the_controller_encrypts_the_command_decrypts(password_file):
    content = on_the_controller("password").encrypt(TEXT)

    assert VaultCommand(Machine(), password_file, None).decrypt(content) == TEXT


def test_a_talkative_machine_puts_nothing_into_the_text(password_file, monkeypatch):
    monkeypatch.setenv("ANSIBLE_DEBUG", "true")
    monkeypatch.setenv("ANSIBLE_VERBOSITY", "4")
    command = VaultCommand(Machine(), password_file, None)

    assert command.decrypt(command.encrypt(TEXT)) == TEXT


def test_what_the_command_did_not_encrypt_is_not_stored():
    with pytest.raises(StoreError, match="not encrypted"):
        VaultCommand(Machine((0, TEXT, "")), "/password-file", None).encrypt(TEXT)


def test_a_wrong_password_is_a_fault(password_file):
    content = on_the_controller("another").encrypt("s3cret")

    with pytest.raises(StoreError) as caught:
        VaultCommand(Machine(), password_file, None).decrypt(content)

    assert "s3cret" not in caught.value.sentence("t")
    assert password_file in caught.value.next_step


def test_the_text_is_no_argument_of_the_command_and_not_in_its_environment():
    machine = Machine((0, ENCRYPTED, ""))

    VaultCommand(machine, "/password-file", "ours").encrypt("s3cret")

    ((args, data, environment),) = machine.calls
    assert data == "s3cret"
    assert "s3cret" not in f"{args} {environment}"


def test_the_commands_complaint_is_told_in_one_line():
    machine = Machine((1, "", "[WARNING]: something\nERROR! Decryption failed\n"))

    with pytest.raises(StoreError) as caught:
        VaultCommand(machine, "/password-file", None).decrypt(ENCRYPTED.encode())

    assert "ERROR! Decryption failed" in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "use", [lambda cipher: cipher.encrypt(TEXT), lambda cipher: cipher.decrypt(ENCRYPTED.encode())]
)
def test_without_a_password_file_no_command_is_run(use):
    machine = Machine()

    with pytest.raises(StoreError) as caught:
        use(VaultCommand(machine, None, None))

    assert caught.value.code == "VaultPasswordMissing"
    assert "vault_password_file" in caught.value.next_step
    assert machine.calls == []


@pytest.mark.parametrize("content", [b"", b"text", b"{}", b"\xff\x00"])
def test_what_is_not_encrypted_is_refused(content):
    machine = Machine()

    with pytest.raises(StoreError, match="not encrypted"):
        VaultCommand(machine, "/password-file", None).decrypt(content)

    assert machine.calls == []
