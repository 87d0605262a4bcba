# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.
"""Variables that name client secrets by their key ids: a wrong one decides nothing, and nobody would notice.

A list that several hosts share names secrets of all of them; what none of them has, the table tells. One that a single
host has names its own.
"""

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Planned
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import Variables

#: Lists of key ids.
NAMING = ("connector_delivered", "connector_revoke")


def unknown(own: t.Iterable[str], planned: t.Sequence[Planned], variables: Variables) -> dict[str, list[str]]:
    """By variable, what neither registration has. `own`: of NAMING those that name secrets of this tenant alone.

    Empty where a registration could not be read: nobody knows what it has.
    """
    if any(entry.refused for entry in planned):
        return {}
    known = frozenset().union(*(entry.named_keys for entry in planned))
    found = {name: [id_ for id_ in dict.fromkeys(variables[name]) if id_.lower() not in known] for name in own}
    return {name: ids for name, ids in found.items() if ids}


def told(found: t.Mapping[str, t.Sequence[str]]) -> t.Iterator[str]:
    for name, ids in found.items():
        yield (
            f"{name} names {', '.join(ids)}, which is no client secret of this tenant: a wrong key id, one of another "
            "tenant, or one that is gone. It decides nothing: correct it, or take it out."
        )
