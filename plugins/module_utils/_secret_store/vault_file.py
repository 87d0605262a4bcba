# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import json
import os
import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import (
    Document,
    Revision,
    unknown_content,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_file import EncryptedFolder
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.lasting import check_lasting


class Form(t.NamedTuple):
    """How a document is written down. `parse` raises ValueError for what it cannot have written."""

    suffix: str
    text: t.Callable[[Document], str]
    parse: t.Callable[[str], t.Any]


def _fields(document: Document) -> str:
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in document.items())


def _parsed_fields(text: str) -> Document:
    """A line that a person changed into something else counts as absent."""
    lines = [line.split(": ", 1) for line in text.splitlines() if ": " in line]
    return {name: _value(value) for name, value in lines}


def _value(text: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


JSON = Form(".json", lambda document: json.dumps(document, indent=2, sort_keys=True) + "\n", json.loads)
#: One field a line, for a person; JSON's quoting is valid in YAML and keeps any value whole.
YAML = Form(".yml", _fields, _parsed_fields)


class VaultFiles:
    """Documents as files of Ansible Vault, readable with `ansible-vault view`. There are no earlier versions.

    `alone`: nobody else revises these files at the same time, as those that only the host of a tenant writes.
    """

    has_locks = True

    def __init__(self, folder: EncryptedFolder, form: Form, *, alone: bool = False) -> None:
        self._folder, self._form, self._alone = folder, form, alone
        self._parsed: tuple[str | None, Document] = (None, {})

    @property
    def address(self) -> str:
        return f"vault_file:{self._folder.path}"

    def where(self, name: str) -> str:
        return str(self._folder.path / self._file(name))

    def check(self) -> None:
        self._folder.check()
        check_lasting(self._folder.path, os.environ)

    def read(self, name: str) -> Document | None:
        text = self._folder.read(self._file(name))
        if text is None:
            return None
        if text is not self._parsed[0]:  # a plan looks dozens of times into what has not changed
            self._parsed = (text, self._parse(name, text))
        return self._parsed[1]

    def _parse(self, name: str, text: str) -> Document:
        try:
            document = self._form.parse(text)
        except ValueError as exc:
            raise unknown_content(self.where(name)) from exc
        if not isinstance(document, dict):
            raise unknown_content(self.where(name))
        return document

    def rehearse(self, name: str, revision: Revision) -> None:
        with self._locked(name):
            self._folder.rehearse(self._file(name), self._form.text(revision(self.read(name))))

    def revise(self, name: str, revision: Revision) -> None:
        with self._locked(name):
            self._folder.write(self._file(name), self._form.text(revision(self.read(name))))

    def forget(self, name: str, which: t.Callable[[Document], bool]) -> None:
        """Each version takes the place of the one before."""

    def remove(self, name: str) -> None:
        with self._locked(name):
            self._folder.remove(self._file(name))

    def _locked(self, name: str) -> t.ContextManager[None]:
        return contextlib.nullcontext() if self._alone else self._folder.locked(self._file(name))

    def _file(self, name: str) -> str:
        return f"{name}{self._form.suffix}"
