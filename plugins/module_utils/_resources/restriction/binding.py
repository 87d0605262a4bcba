# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.
"""What a restriction means for the grants that it confines, and for the proof that was made of it."""

from __future__ import annotations

import hashlib
import json
import typing as t
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import access_policy, rbac
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.members import (
    members_after,
    reached,
    sender_of,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    Actual,
    Desired,
)


def since(actual: Actual, desired: Desired) -> datetime | None:
    """The newest of what makes the restriction."""
    if desired.mode == "none" or actual.group is None:
        return None
    moments = rbac.moments(actual) if desired.mode == "rbac" else access_policy.moments(actual)
    return max([actual.group.changed, *moments])


def hold(actual: Actual, desired: Desired, since: datetime | None) -> tuple[str, ...]:
    """Grants of these permissions stay as they are while Exchange may not enforce the restriction yet.

    Where nobody holds a credential there is nobody to be kept out. Otherwise a new grant would open every mailbox until
    the policy takes effect, and a revoked one would shut the connector out until the roles do.
    """
    if since is None or not (actual.live or desired.live) or actual.now - since >= desired.delay:
        return ()
    return desired.permissions


def fingerprint(actual: Actual, desired: Desired) -> str:
    """Tells whether a proof was of this very restriction."""
    group = actual.group
    parts: dict[str, t.Any] = {
        "mode": desired.mode,
        "app": [actual.app_id, actual.principal_id],
        "permissions": sorted(desired.permissions),
    }
    if desired.mode != "none" and group is not None:
        members = members_after(actual, desired)
        inside = sorted(mailbox.guid for mailbox in reached(actual, desired, members))
        parts["group"] = [group.guid, group.kind, inside]
        # Of this mode only: what the other one has left goes after the proof, and changes nothing in it.
        parts |= rbac.meaning(actual) if desired.mode == "rbac" else access_policy.meaning(actual)
        sender = sender_of(actual, desired)
        parts["sender"] = sender and sender.guid
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
