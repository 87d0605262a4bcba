# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`InvokeCommand`: one cmdlet by name, its results page by page."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from emulator.call import Answer, Body, Call
from emulator.exchange.cmdlets.base import Admission, Caller
from emulator.exchange.cmdlets.catalogue import run
from emulator.exchange.errors import ExchangeError
from emulator.exchange.store.organisation import Organisation

# The system mailbox that every organisation has; whose request it is decides which server answers.
ANCHOR = "APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{tenant}"
LARGEST_PAGE = 1000
FULL_ROLES = frozenset({"Exchange Administrator", "Global Administrator"})

_PAGE_SIZE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)", re.IGNORECASE)


class Command(NamedTuple):
    cmdlet: str
    parameters: Body


def invoke(call: Call) -> Answer:
    org = organisation_of(call)
    _check_anchor(call, org)
    if org.too_busy():
        raise ExchangeError("too_busy")
    command = _command(call.json())
    result = run(org, _caller(call), command.cmdlet, command.parameters)
    body = _envelope(org, result.warnings)
    pages = command.cmdlet.lower().startswith("get-")
    start = _start(call, command) if pages else 0
    end = start + _page_size(call) if pages else len(result.value)
    body["value"] = [_selected(call, item) for item in result.value[start:end]]
    if end < len(result.value):
        body["@odata.nextLink"] = _next_link(call, command, end)
    return Answer(200, body)


def organisation_of(call: Call) -> Organisation:
    assert call.tenant is not None
    assert call.tenant.exchange is not None
    return call.tenant.exchange


def _check_anchor(call: Call, org: Organisation) -> None:
    wanted = ANCHOR.format(tenant=org.tenant_id)
    if call.headers.get("x-anchormailbox", "").lower() != wanted.lower():
        raise ExchangeError("bad_request", f"The header X-AnchorMailbox must be {wanted}.")


def _caller(call: Call) -> Caller:
    assert call.tenant is not None
    full = FULL_ROLES & call.tenant.directory_roles_of(call.claims)
    return Caller(frozenset(Admission) if full else frozenset({Admission.RECIPIENTS}))


def _command(body: Body) -> Command:
    given = body.get("CmdletInput")
    if not isinstance(given, dict) or not isinstance(given.get("CmdletName"), str):
        raise ExchangeError("bad_request", "The body must hold CmdletInput with CmdletName.")
    parameters = given.get("Parameters") or {}
    if not isinstance(parameters, dict):
        raise ExchangeError("bad_request", "Parameters must be an object.")
    return Command(given["CmdletName"], parameters)


def _envelope(org: Organisation, warnings: list[str]) -> Body:
    service = f"https://outlook.office365.com/adminapi/beta/{org.tenant_id}"
    return {
        "@odata.context": f"{service}/$metadata#Collection(Exchange.GenericHashTable)",
        "adminapi.warnings@odata.type": "#Collection(String)",
        "@adminapi.warnings": warnings,
    }


def _selected(call: Call, item: Body) -> Body:
    wanted = {name.strip().lower() for name in call.query.get("$select", "").split(",") if name.strip()}
    shown = {name: value for name, value in item.items() if not wanted or name.lower() in wanted}
    return {"@odata.id": "", **shown}


# --- pages ---------------------------------------------------------------------------------------------------------


def _page_size(call: Call) -> int:
    found = _PAGE_SIZE.search(call.headers.get("prefer", ""))
    asked = int(found[1]) if found is not None else LARGEST_PAGE
    return min(max(asked, 1), LARGEST_PAGE)


def _next_link(call: Call, command: Command, start: int) -> str:
    query = {**call.query, "$skiptoken": _token(command, start)}
    return f"{call.origin}{quote(call.path)}?{urlencode(query, safe='$,')}"


def _start(call: Call, command: Command) -> int:
    """The link goes on with the command that it came from, which must be sent again."""
    token = call.query.get("$skiptoken")
    if token is None:
        return 0
    try:
        start = int(json.loads(base64.urlsafe_b64decode(token))["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise ExchangeError("bad_request", "The skip token is invalid.") from error
    if token != _token(command, start):
        raise ExchangeError("bad_request", "The skip token belongs to another command.")
    return start


def _token(command: Command, start: int) -> str:
    digest = sha256(_canonical([command.cmdlet.lower(), command.parameters])).hexdigest()
    return base64.urlsafe_b64encode(_canonical({"command": digest, "start": start})).decode()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()
