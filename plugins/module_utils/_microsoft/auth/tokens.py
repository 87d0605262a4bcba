# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import base64
import binascii
import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import RUN_AGAIN, SignInError


@dataclass(frozen=True)
class Token:
    """An access token; `expires_at` in seconds since the epoch, by Microsoft's clock."""

    value: str = field(repr=False)
    expires_at: float

    def usable(self, now: float) -> bool:
        # A task may last minutes (replication waits): a token in its last five minutes counts as spent.
        return self.expires_at - now > 300

    @property
    def claims(self) -> dict[str, t.Any]:
        """The payload, read for information only: whoever receives the token checks its signature, we do not."""
        try:
            payload = self.value.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (IndexError, ValueError, binascii.Error) as exc:
            raise SignInError("Microsoft Entra gave an access token in an unknown form.", next_step=RUN_AGAIN) from exc
        return t.cast("dict[str, t.Any]", claims)

    @property
    def roles(self) -> frozenset[str]:
        """Names of the permissions: roles of an application, scopes of a person."""
        claims = self.claims
        return frozenset(claims.get("roles", ())) | frozenset(str(claims.get("scp") or "").split())
