# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import typing as t
import zlib
from pathlib import Path

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._files import draft
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import checked_name

_LOCKS = ".locks"
_MODE = 0o600
#: Ansible Vault writes each byte as hexadecimal digits, and those once more, in lines of 80; with salt and digest.
_GROWTH, _OVERHEAD = 5, 1024


class Cipher(t.Protocol):
    """Encrypts and decrypts text, in whichever way the entry point of the module gives. Raises StoreError."""

    def check(self) -> None:
        """Raises StoreError where there is nothing to encrypt with."""

    def encrypt(self, text: str) -> bytes: ...

    def decrypt(self, content: bytes) -> str: ...


class EncryptedFolder:
    """A folder of files that are encrypted or not there at all: mode 0600, replaced atomically."""

    def __init__(self, folder: str, cipher: Cipher) -> None:
        self.path = Path(folder).expanduser().absolute()
        self._cipher = cipher
        # To decrypt costs milliseconds by intent: a file that has not changed is decrypted once.
        self._read: dict[tuple[str, int, int, int], str] = {}

    def check(self) -> None:
        """Raises StoreError where nothing could be written; makes nothing."""
        self._cipher.check()
        existing = next(path for path in (self.path, *self.path.parents) if path.exists())
        self._check_safe()
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            raise StoreError(
                f"The folder {self.path} cannot be written to.", next_step="Correct its path or its rights."
            )

    def _check_safe(self) -> None:
        """Who may write in the folder may put another file in the place of ours, or an older one."""
        if not self.path.exists():
            if self.path.is_symlink():
                raise StoreError(
                    f"The folder {self.path} is a link to {self.path.readlink()}, where there is nothing.",
                    next_step="Make that folder, mount what it is on, or remove the link.",
                    code="UnsafeStore",
                )
            return
        ours = {os.geteuid(), 0}
        if self.path.is_symlink() and self.path.lstat().st_uid not in ours:
            raise StoreError(
                f"The folder {self.path} is a link that another user has made.",
                next_step="Remove it, or give the folder that is meant.",
                code="UnsafeStore",
            )
        state = self.path.stat()
        if state.st_uid not in ours or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise StoreError(
                f"Others than this user may write in the folder {self.path}.",
                next_step=f"Make it yours alone: chmod 700 {self.path}.",
                code="UnsafeStore",
            )

    def read(self, name: str) -> str | None:
        path = self._file(name)
        try:
            state = path.stat()
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise _unusable(path, exc) from exc
        version = (name, state.st_ino, state.st_mtime_ns, state.st_size)
        if version not in self._read:
            self._read[version] = self._cipher.decrypt(content)
        return self._read[version]

    def write(self, name: str, text: str) -> None:
        path = self._file(name)
        with self._draft(path, self._cipher.encrypt(text)) as made:
            made.replace(path)
            self._sync_folder()

    def remove(self, name: str) -> None:
        """For good; also where it is not there."""
        path = self._file(name)
        with _told(path):
            path.unlink(missing_ok=True)
            self._sync_folder()

    def rehearse(self, name: str, text: str) -> None:
        """All of `write` but its effect. Raises StoreError where the text could not be written now.

        Nothing is encrypted, which costs milliseconds by intent: noise takes as much room, also where a file system
        compresses.
        """
        self._cipher.check()
        with self._draft(self._file(name), os.urandom(_GROWTH * len(text.encode()) + _OVERHEAD)):
            pass

    @contextlib.contextmanager
    def locked(self, name: str) -> t.Iterator[None]:
        """No other process is in such a block for the same file. One byte of a file that stays empty is locked for it.

        POSIX locks, since they also hold on network file systems and end with the process.
        """
        byte = zlib.crc32(self._file(name).name.encode())
        locks = self.path / _LOCKS
        with contextlib.ExitStack() as held:
            with _told(locks):
                self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
                file = held.enter_context(locks.open("ab"))
                fcntl.lockf(file, fcntl.LOCK_EX, 1, byte)
            yield

    @contextlib.contextmanager
    def _draft(self, path: Path, content: bytes) -> t.Iterator[Path]:
        with _told(path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with draft(path, content, _MODE) as made:
                yield made

    def _sync_folder(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _file(self, name: str) -> Path:
        return self.path / checked_name(name, str(self.path))


@contextlib.contextmanager
def _told(path: Path) -> t.Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise _unusable(path, exc) from exc


def _unusable(path: Path, exc: OSError) -> StoreError:
    return StoreError(f"{path} cannot be used: {exc.strerror}.", next_step="Correct its path or its rights.")
