# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.
"""Variables that name inventory hosts: a name that none of them has would choose nobody, and nobody would notice."""

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.suggestion import with_suggestion
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError


def check(variable: str, variables: t.Mapping[str, t.Any], hosts: t.Sequence[str] | None) -> None:
    """`hosts`: all of the inventory; None where they are not known. Raises InputError."""
    found = unknown(variables[variable], hosts)
    if found:
        raise InputError(
            told(variable, found), next_step="Correct the name; nothing was written.", code="InventoryMistake"
        )


def unknown(named: t.Sequence[str], hosts: t.Sequence[str] | None) -> list[str]:
    """Each with the host that may be meant."""
    if not named or hosts is None:
        return []
    known = frozenset(hosts)
    return [with_suggestion(name, hosts) for name in dict.fromkeys(named) if name not in known]


def told(variable: str, found: t.Sequence[str]) -> str:
    return f"{variable} names what is no host of the inventory: {', '.join(found)}."
