# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredProof, StoredSecret


def bound_to(restriction: str | None, grants: str | None) -> str | None:
    """What a proof is of: a restriction and the grants that it confines, each by its fingerprint.

    The secret needs no mention: its proof is stored with it. None while either is about to change.
    """
    return f"{restriction}/{grants}" if restriction and grants else None


def proof_of(secret: StoredSecret, fingerprint: str, now: datetime, valid_for: timedelta) -> StoredProof | None:
    """The recorded proof, as long as it was of this very state and is not too old.

    What nobody can read (an access policy taken away and put back just as it was) would else hold for ever.
    """
    proof = secret.proof
    if proof is None or proof.restriction != fingerprint or now - proof.at >= valid_for:
        return None
    return proof
