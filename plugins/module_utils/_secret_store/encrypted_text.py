# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from pathlib import Path

from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_file import (
    Cipher,
    EncryptedFolder,
)


class EncryptedText:
    """One encrypted file that holds one text."""

    def __init__(self, path: str, cipher: Cipher) -> None:
        place = Path(path).expanduser().absolute()
        self._name = place.name
        self._folder = EncryptedFolder(str(place.parent), cipher)

    def read(self) -> str | None:
        """None where there is no file. Raises StoreError, also where it could not be written again."""
        self._folder.check()
        return self._folder.read(self._name)

    def write(self, text: str) -> None:
        """Replaced at once, never half. Raises StoreError."""
        self._folder.write(self._name, text)
