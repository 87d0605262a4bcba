# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import hashlib
import itertools
import re
import typing as t
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.model import (
    CLOUD,
    RELATIONSHIP,
    RELATIONSHIP_ENDS,
    RELATIONSHIP_RENEWS,
    STATE,
    TENANT_ID,
    WAVE,
    Host,
)

_PERCENT = 100
#: Finer than a tenant in a hundred thousand.
_STEPS = 1_000_000


def check_waves(shares: t.Sequence[int]) -> None:
    """Raises InputError."""
    if shares and (sum(shares) != _PERCENT or min(shares) < 1):
        raise InputError(
            f"waves: {', '.join(map(str, shares))} do not add up to 100.",
            next_step="Give the share of each wave in percent, the first one first.",
        )


def wave(tenant_id: str, shares: t.Sequence[int]) -> int:
    """Number of the tenant's wave, from 1. It depends on the tenant id alone, whoever comes or goes.

    The first waves hold their tenants when they grow at the cost of the last.
    """
    drawn = int.from_bytes(hashlib.sha256(tenant_id.encode()).digest()[:8]) % _STEPS
    limits = itertools.accumulate(share * _STEPS // _PERCENT for share in shares)
    return next(number for number, limit in enumerate(limits, 1) if drawn < limit)


def of(host: Host, now: datetime, expires_within: t.Iterable[int]) -> list[str]:
    """Names of the groups that the host is in, from its variables."""
    told = host.variables
    groups = [f"cloud_{told[CLOUD]}"]
    groups += [f"{kind}_{told[name]}" for kind, name in _KINDS.items() if told.get(name) is not None]
    ends = told.get(RELATIONSHIP_ENDS)
    if ends and not told.get(RELATIONSHIP_RENEWS):
        left = datetime.fromisoformat(ends) - now
        groups += [f"expires_within_{days}_days" for days in expires_within if left <= timedelta(days=days)]
    return [_safe(group) for group in groups]


def with_wave(host: Host, shares: t.Sequence[int]) -> Host:
    """Of a host whose source tells no wave."""
    if not shares or WAVE in host.variables:
        return host
    return Host(host.name, {**host.variables, WAVE: wave(host.variables[TENANT_ID], shares)})


def check_names(hosts: t.Iterable[Host], groups: t.Collection[str]) -> None:
    """A name for both makes each pattern mean both. Raises InputError."""
    for host in hosts:
        if host.name in groups:
            raise InputError(
                f"{host.name} is the name of a host and of a group.",
                next_step="Give the host another name.",
            )


def _safe(group: str) -> str:
    return re.sub(r"\W", "_", group.lower(), flags=re.ASCII)


#: relationship_active, state_complete, wave_1.
_KINDS = {"relationship": RELATIONSHIP, "state": STATE, "wave": WAVE}
