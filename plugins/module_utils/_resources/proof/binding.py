# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredProof, StoredSecret


def bound_to(restriction: str | None, grants: str | None) -> str | None:
    """What a proof is of: a restriction and the grants that it confines, each by its fingerprint.

    The secret needs no mention: its proof is stored with it. None while either is about to change.
    """
    return f"{restriction}/{grants}" if restriction and grants else None


#: Each directory server keeps its own date of an object's last change; they may differ by seconds ([MS-ADA3] 2.370).
_SERVERS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Bound:
    """What a proof must be of. `fingerprint`: of `bound_to`. `since`: when the restriction was last touched.

    Of whom a stranger let in for an hour nothing is left to be seen but that date; and what cannot be read at all (an
    access policy taken away and put back just as it was) would hold for ever without `valid_for`.
    """

    fingerprint: str
    since: datetime | None
    valid_for: timedelta

    def proof_of(self, secret: StoredSecret, now: datetime) -> StoredProof | None:
        """The recorded proof, as long as it holds."""
        proof = secret.proof
        if proof is None or proof.restriction != self.fingerprint or now - proof.at >= self.valid_for:
            return None
        touched = self.since is not None and self.since > proof.at + _SERVERS_DIFFER
        return None if touched else proof
