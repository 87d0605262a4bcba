# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where ids come from: at random, as Microsoft makes them, or derived, so that a seed always gives the same world."""

from __future__ import annotations

import base64
import secrets
from hashlib import sha256
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5


class Ids:
    """`origin` says what the id is for; random ids do not care."""

    def object_id(self, origin: str = "") -> str:
        return str(uuid4())

    def grant_id(self, origin: str = "") -> str:
        """Ids of grants are base64url of 32 bytes, not GUIDs (recording 12)."""
        return _opaque(secrets.token_bytes(32))


class DerivedIds(Ids):
    def __init__(self, *scope: str) -> None:
        self._scope = "/".join(("emulator", *scope)).lower()

    def object_id(self, origin: str = "") -> str:
        return str(uuid5(NAMESPACE_URL, f"{self._scope}/{origin}"))

    def grant_id(self, origin: str = "") -> str:
        return _opaque(sha256(f"{self._scope}/{origin}".encode()).digest())


RANDOM = Ids()


def scopes_id(client_id: str, resource_id: str, principal_id: str | None) -> str:
    """A delegated grant's id says what it is of: the same again after a re-grant (recordings of azure-cli)."""
    ends = (client_id, resource_id, *([principal_id] if principal_id else []))
    return _opaque(b"".join(UUID(end).bytes_le for end in ends))


def _opaque(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
