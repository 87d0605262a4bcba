# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._duration import in_words, parse_iso_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ForbiddenError, PolicyError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient, Read
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import parse_time

POLICY: Read = ("/policies/defaultAppManagementPolicy", None)


@dataclass(frozen=True)
class SecretPolicy:
    """What the tenant's default app management policy says of client secrets of one application.

    `max_lifetime`: None is no limit. Source: learn.microsoft.com/graph/api/resources/tenantappmanagementpolicy
    """

    secrets_allowed: bool = True
    max_lifetime: timedelta | None = None

    @classmethod
    def from_graph(cls, body: Json, created: datetime | None) -> t.Self:
        restrictions = (body.get("applicationRestrictions") or {}).get("passwordCredentials") or ()
        active = [row for row in restrictions if body.get("isEnabled") and _applies(row, created)]
        limits = [
            parse_iso_duration(row["maxLifetime"])
            for row in active
            if row.get("restrictionType") == "passwordLifetime" and row.get("maxLifetime")
        ]
        return cls(
            secrets_allowed=not any(row.get("restrictionType") == "passwordAddition" for row in active),
            max_lifetime=min(limits, default=None),
        )


def read_policy(graph: GraphClient, created: str | None) -> SecretPolicy | None:
    """None where the caller may not read it (Policy.Read.All): Graph then judges when a secret is asked for."""
    try:
        body = graph.get(*POLICY, action="read the app management policy")
    except ForbiddenError:
        return None
    return SecretPolicy.from_graph(body, parse_time(created) if created else None)


def lifetime_under(policy: SecretPolicy | None, wanted: timedelta | None, default: timedelta) -> timedelta:
    """The lifetime to ask for. One that nobody asked for bends to the policy; one that was asked for does not."""
    if policy is None:
        return default if wanted is None else wanted
    if not policy.secrets_allowed:
        raise PolicyError(
            "The tenant's app management policy forbids client secrets.",
            next_step="The tenant's administrator must except this application from it.",
            code="SecretsNotAllowed",
        )
    limit = policy.max_lifetime
    if limit is None:
        return default if wanted is None else wanted
    if wanted is None:
        return min(default, limit)
    if wanted > limit:
        raise PolicyError(
            f"The tenant's app management policy allows client secrets for {in_words(limit)}, "
            f"valid_for asks for {in_words(wanted)}.",
            next_step="Shorten valid_for for this tenant, or let it out to take what the policy allows.",
            code="LifetimeAbovePolicy",
        )
    return wanted


def _applies(restriction: Json, created: datetime | None) -> bool:
    if restriction.get("state", "enabled") != "enabled":
        return False
    since = restriction.get("restrictForAppsCreatedAfterDateTime")
    # An application yet to be made will be younger than any date in the policy.
    return not since or created is None or created >= parse_time(since)
