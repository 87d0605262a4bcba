# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All cmdlets by name, and the way to run one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.call import Body
from emulator.exchange.cmdlets import access_policies, groups, organization, rbac, recipients
from emulator.exchange.cmdlets.base import Caller, Cmdlet, Invocation
from emulator.exchange.errors import ExchangeError
from emulator.exchange.store.conflicts import ExchangeConflict
from emulator.exchange.store.organisation import Organisation

CMDLETS: Mapping[str, Cmdlet] = {
    cmdlet.name.lower(): cmdlet
    for family in (recipients, groups, access_policies, rbac, organization)
    for cmdlet in family.CMDLETS
}


@dataclass(frozen=True, slots=True)
class Result:
    value: list[Body]
    warnings: list[str]


def run(org: Organisation, caller: Caller, name: str, parameters: Mapping[str, Any]) -> Result:
    """A cmdlet that the caller may not run is answered as one that does not exist."""
    cmdlet = CMDLETS.get(name.lower())
    if cmdlet is None:
        raise ExchangeError("unknown_cmdlet", name)
    if cmdlet.admission not in caller.admissions:
        raise ExchangeError("cmdlet_without_role", name)
    invocation = Invocation(org, caller, cmdlet.bind(parameters))
    try:
        return Result(list(cmdlet.run(invocation)), invocation.warnings)
    except ExchangeConflict as conflict:
        raise ExchangeError.of_conflict(conflict) from conflict
