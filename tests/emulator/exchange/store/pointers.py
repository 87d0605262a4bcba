# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of Exchange's pointers to service principals of Entra."""

from __future__ import annotations

from emulator.clock import parse_stamp
from emulator.exchange.store.conflicts import ExchangeConflict, Reason
from emulator.exchange.store.model import Pointer, Rules
from emulator.exchange.store.organisation import Organisation
from emulator.graph.store.records import Body, Kind


def create(org: Organisation, app_id: str, object_id: str, display_name: str) -> Pointer:
    app_id, object_id = app_id.lower(), object_id.lower()
    if app_id in org.rules.pointers:
        raise ExchangeConflict(Reason.POINTER_EXISTS, app_id)
    principal = _in_entra(org, app_id, object_id)
    pointer = Pointer(app_id, object_id, display_name or principal["displayName"], org.clock.now())
    org.change(org.rules.with_pointer(pointer))
    return pointer


def _in_entra(org: Organisation, app_id: str, object_id: str) -> Body:
    """The object id is the service principal's; the registration's own is unknown here, and so is a fresh one."""
    record = org.directory.find_live(Kind.SERVICE_PRINCIPAL, "id", object_id)
    if record is None or record.true.body["appId"] != app_id or not org.directory.read(record).live:
        raise ExchangeConflict(Reason.ENTRA_SERVICE_PRINCIPAL_NOT_FOUND, object_id)
    body = record.true.body
    if body["createdDateTime"] and not org.knows_from_entra(object_id, parse_stamp(body["createdDateTime"])):
        raise ExchangeConflict(Reason.ENTRA_SERVICE_PRINCIPAL_NOT_FOUND, object_id)
    return body


def require(rules: Rules, identity: str) -> Pointer:
    """By object id, app id or display name; a display name may belong to several."""
    wanted = identity.casefold()
    found = [
        pointer
        for pointer in rules.pointers.values()
        if wanted in (pointer.object_id, pointer.app_id, pointer.display_name.casefold())
    ]
    if not found:
        raise ExchangeConflict(Reason.NOT_FOUND, identity)
    if len(found) > 1:
        raise ExchangeConflict(Reason.AMBIGUOUS, identity)
    return found[0]


def remove(org: Organisation, pointer: Pointer) -> None:
    """Not while roles are assigned to it; Microsoft does not say, so the stricter reading holds."""
    if any(assignment.pointer_app_id == pointer.app_id for assignment in org.rules.assignments.values()):
        raise ExchangeConflict(Reason.POINTER_IN_USE, pointer.display_name)
    org.change(org.rules.without_pointers([pointer.app_id]))
