# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_file import EncryptedFolder


class Reversed:
    """A cipher that can be read backwards, and can be made to fail."""

    def __init__(self):
        self.faults = []

    def check(self):
        if self.faults:
            raise self.faults[0]

    def encrypt(self, text):
        self.check()
        return text[::-1].encode()

    def decrypt(self, content):
        return content.decode()[::-1]


@pytest.fixture
def cipher():
    return Reversed()


@pytest.fixture
def folder(tmp_path, cipher):
    return EncryptedFolder(str(tmp_path / "store" / "secrets"), cipher)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def names(folder):
    return sorted(path.name for path in folder.path.iterdir())


def test_what_is_written_is_read_again(folder):
    folder.write("a.json", "text with ünïcode\n")
    folder.write("b.json", "")

    assert folder.read("a.json") == "text with ünïcode\n"
    assert folder.read("b.json") == ""


def test_a_file_that_is_not_there_is_none(folder):
    assert folder.read("a.json") is None
    folder.write("b.json", "b")
    assert folder.read("a.json") is None


def test_on_disk_there_is_only_what_the_cipher_made(folder):
    folder.write("a.json", "secret")

    assert (folder.path / "a.json").read_bytes() == b"terces"
    assert names(folder) == ["a.json"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_files_and_folder_are_the_owners_alone_whatever_the_umask(folder, umask):
    before = os.umask(umask)
    try:
        folder.write("a.json", "first")
        folder.write("a.json", "second")
    finally:
        os.umask(before)

    assert mode(folder.path / "a.json") == 0o600
    assert mode(folder.path) == 0o700


def test_a_file_with_wider_rights_gets_the_narrow_ones_when_it_is_replaced(folder):
    folder.write("a.json", "first")
    (folder.path / "a.json").chmod(0o644)

    folder.write("a.json", "second")

    assert mode(folder.path / "a.json") == 0o600


def test_a_file_is_replaced_and_not_rewritten(folder):
    folder.write("a.json", "first")
    before = os.open(folder.path / "a.json", os.O_RDONLY)
    try:
        folder.write("a.json", "second")
        assert os.read(before, 100) == b"tsrif", "who had it open still reads the old one whole"
    finally:
        os.close(before)
    assert folder.read("a.json") == "second"


def failing(function, fault):
    def fail(*_args, **_kwargs):
        raise fault

    return (*function, fail)


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("function", [(os, "fsync"), (os, "fdopen"), (Path, "replace"), (os, "replace")])
def test_a_write_that_fails_keeps_the_old_file_and_leaves_nothing_behind(folder, monkeypatch, function):
    folder.write("a.json", "first")

    with monkeypatch.context() as patch:
        patch.setattr(*failing(function, FULL))
        with pytest.raises(StoreError, match="No space left") as caught:
            folder.write("a.json", "second")

    assert str(folder.path / "a.json") in caught.value.message
    assert folder.read("a.json") == "first"
    assert names(folder) == ["a.json"]


def test_a_run_that_is_interrupted_keeps_the_old_file_and_leaves_nothing_behind(folder, monkeypatch):
    folder.write("a.json", "first")

    with monkeypatch.context() as patch:
        patch.setattr(*failing((os, "fsync"), KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            folder.write("a.json", "second")

    assert folder.read("a.json") == "first"
    assert names(folder) == ["a.json"]


def test_a_text_that_cannot_be_encrypted_is_not_written(folder, cipher):
    folder.write("a.json", "first")
    cipher.faults.append(StoreError("no password"))

    with pytest.raises(StoreError, match="no password"):
        folder.write("a.json", "second")

    assert folder.read("a.json") == "first"
    assert names(folder) == ["a.json"]


def test_a_first_text_that_cannot_be_encrypted_makes_not_even_the_folder(folder, cipher):
    cipher.faults.append(StoreError("no password"))

    with pytest.raises(StoreError):
        folder.write("a.json", "first")

    assert not folder.path.parent.exists()


def test_a_folder_in_the_files_place_is_a_fault(folder):
    (folder.path / "a.json").mkdir(parents=True)

    with pytest.raises(StoreError):
        folder.write("a.json", "first")
    with pytest.raises(StoreError):
        folder.read("a.json")

    assert names(folder) == ["a.json"]


@pytest.mark.parametrize("use", [lambda folder: folder.write("a.json", "text"), lambda folder: folder.check()])
def test_a_file_in_the_folders_place_is_a_fault(folder, use):
    folder.path.parent.mkdir(parents=True)
    folder.path.write_text("a file")

    with pytest.raises(StoreError) as caught:
        use(folder)

    assert caught.value.next_step


GOOD = ["a", "A.json", "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21.json", "contoso.com.yml", "a_b@c-d", "a" * 128]
BAD = [
    "",
    ".",
    "..",
    ".hidden",
    "../x",
    "a/b",
    "/etc/passwd",
    "a\\b",
    "-a",
    "_a",
    "a b",
    "a\n",
    "a\nb",
    "a\0b",
    "ä",
    "a*",
    "a" * 129,
]


@pytest.mark.parametrize("name", GOOD, ids=repr)
def test_names_of_files(folder, name):
    folder.write(name, "text")

    assert folder.read(name) == "text"
    assert names(folder) == [name]


@pytest.mark.parametrize("name", BAD, ids=repr)
def test_other_names_are_refused_for_reading_and_writing(folder, name, tmp_path):
    with pytest.raises(StoreError) as reading:
        folder.read(name)
    with pytest.raises(StoreError) as writing:
        folder.write(name, "text")

    assert reading.value.code == writing.value.code == "InvalidName"
    assert list(tmp_path.rglob("*")) == []


# --- the check beforehand


def test_the_check_passes_where_the_folder_is_there_or_can_be_made(folder):
    folder.check()
    assert not folder.path.exists(), "it makes nothing"
    folder.write("a.json", "text")
    folder.check()
    assert names(folder) == ["a.json"]


def test_the_check_fails_where_nothing_can_be_encrypted(folder, cipher):
    cipher.faults.append(StoreError("no password"))

    with pytest.raises(StoreError, match="no password"):
        folder.check()


def test_the_check_asks_for_the_right_to_write(folder, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(os, "access", lambda path, rights: asked.append((Path(path), rights)))

    with pytest.raises(StoreError, match="cannot be written to"):
        folder.check()

    assert asked == [(tmp_path, os.W_OK | os.X_OK)]


def test_a_rehearsal_takes_as_much_room_as_ansible_vault_would_and_leaves_nothing(folder, monkeypatch):
    text = "secret " * 400
    vault = VaultLib([("default", VaultSecret(b"password"))])
    written = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: written.append(os.fstat(descriptor).st_size))

    folder.rehearse("a.json", text)

    assert written[0] >= len(vault.encrypt(text, vault.secrets[0][1]))
    assert names(folder) == []


def test_a_rehearsal_fails_where_nothing_can_be_encrypted(folder, cipher):
    cipher.faults.append(StoreError("no password"))

    with pytest.raises(StoreError, match="no password"):
        folder.rehearse("a.json", "text")


def test_tilde_and_relative_paths_become_absolute(tmp_path, monkeypatch, cipher):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    assert EncryptedFolder("~/store", cipher).path == tmp_path / "store"
    assert EncryptedFolder("store", cipher).path == tmp_path / "store"


@pytest.mark.parametrize("rights", [0o770, 0o707, 0o777, 0o1777, 0o720])
def test_the_check_refuses_a_folder_that_others_may_write_in(folder, rights):
    folder.path.mkdir(parents=True)
    folder.path.chmod(rights)

    with pytest.raises(StoreError) as caught:
        folder.check()

    assert caught.value.code == "UnsafeStore"
    assert "chmod 700" in caught.value.next_step


@pytest.mark.parametrize("rights", [0o700, 0o750, 0o755])
def test_the_check_passes_where_others_may_only_look(folder, rights):
    folder.path.mkdir(parents=True)
    folder.path.chmod(rights)

    folder.check()


def test_the_check_refuses_a_link_to_nothing(tmp_path, cipher):
    """A disk that is not mounted: what is there is neither lost nor to be made anew."""
    link = tmp_path / "secrets"
    link.symlink_to(tmp_path / "not mounted")

    with pytest.raises(StoreError, match="where there is nothing"):
        EncryptedFolder(str(link), cipher).check()


@pytest.mark.parametrize(("owner", "refused"), [("ours", False), ("another's", True)])
def test_the_check_follows_a_link_of_our_own_only(tmp_path, cipher, monkeypatch, owner, refused):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    if owner != "ours":
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
        real = Path.lstat
        monkeypatch.setattr(Path, "lstat", lambda path: os.stat_result((*real(path)[:4], 4712, *real(path)[5:])))
    folder = EncryptedFolder(str(tmp_path / "link"), cipher)

    if refused:
        with pytest.raises(StoreError, match="a link that another user has made"):
            folder.check()
    else:
        folder.check()
