# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin door's share of the faults."""

from __future__ import annotations

from emulator.admin.errors import AdminError
from emulator.call import Answer, Call
from emulator.faults.kinds import parse_faults
from emulator.faults.model import BadFault
from emulator.seed import BadSeed, check_part
from emulator.world import Tenant


def shown(call: Call) -> Answer:
    return Answer(200, {"faults": call.world.faults.shown()})


def add(call: Call) -> Answer:
    wanted = call.json()
    try:
        check_part("fault_list", wanted)
        planned = parse_faults(wanted["faults"], seed=wanted.get("seed", 0))
    except (BadSeed, BadFault) as error:
        raise AdminError(400, str(error)) from error
    for one in planned:
        if one.filter.tenant:
            _tenant(call, one.filter.tenant)
    call.world.faults.add(planned)
    return shown(call)


def clear(call: Call) -> Answer:
    name = call.query.get("tenant", "")
    if name:
        call.world.faults.clear_tenant(_tenant(call, name))
    else:
        call.world.faults.clear()
    return Answer(204)


def _tenant(call: Call, name: str) -> Tenant:
    tenant = call.world.tenant(name)
    if tenant is None:
        raise AdminError(404, f"no tenant {name}")
    return tenant
