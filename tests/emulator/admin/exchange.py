# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin door's way into Exchange: a pretend administrator's cmdlets, settings, and the truth."""

from __future__ import annotations

from emulator.admin.errors import AdminError
from emulator.admin.handlers import checked, find_tenant
from emulator.call import Answer, Body, Call
from emulator.exchange.cmdlets.base import ADMINISTRATOR
from emulator.exchange.cmdlets.catalogue import run
from emulator.exchange.errors import ExchangeError


def command(call: Call) -> Answer:
    """No token, no paging: to cause drift as a person does."""
    org, wanted = find_tenant(call).exchange, checked("exchange_command", call.json())
    if org is None:
        raise AdminError(400, "the tenant has no Exchange")
    try:
        result = run(org, ADMINISTRATOR, wanted["cmdlet"], wanted.get("parameters", {}))
    except ExchangeError as error:
        raise AdminError(400, f"{error.type}: {error.text(org.language)}") from error
    body: Body = {"value": result.value, "warnings": result.warnings}
    return Answer(200, body)
