# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import json
import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_file import EncryptedFolder


def read(folder: EncryptedFolder, name: str) -> str | None:
    return folder.read(f"{name}.yml")


def parse(text: str | None) -> dict[str, t.Any]:
    """What we once wrote; a line that a person changed into something else counts as absent."""
    lines = [line.split(": ", 1) for line in (text or "").splitlines() if ": " in line]
    return {name: _value(value) for name, value in lines}


def _value(text: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
