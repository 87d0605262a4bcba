# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stages before a handler have found out, as the handlers want it."""

from __future__ import annotations

from emulator.call import Answer, Call
from emulator.graph.errors import denied
from emulator.graph.keys import parse_key
from emulator.graph.odata.preferences import preferences
from emulator.graph.rights import OWNED_BY, Scope
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Record, Version

CREATE_IF_MISSING = "create-if-missing"


def directory_of(call: Call) -> Directory:
    assert call.tenant is not None
    return call.tenant.directory


def target_of(call: Call) -> Record:
    assert call.target is not None
    return call.target


def seen_of(call: Call) -> Version:
    assert call.seen is not None
    return call.seen


def caller_id(call: Call) -> str:
    return str(call.claims.get("oid", ""))


def new_owner(call: Call) -> tuple[str, ...]:
    """An application made with OwnedBy belongs to its maker (permissions-reference)."""
    return (caller_id(call),) if OWNED_BY in call.claims.get("roles", ()) else ()


def require_owned(call: Call, record: Record | None) -> None:
    """For what a body names; what the path names was checked before the handler."""
    if call.scope is Scope.OWNED and record is not None and caller_id(call) not in record.true.owners:
        raise denied()


def is_upsert(call: Call, upsert_key: str) -> bool:
    """A PATCH by that alternate key whose Prefer header allows it to create."""
    if call.method != "PATCH" or not upsert_key or parse_key(call.params["key"])[0] != upsert_key:
        return False
    return CREATE_IF_MISSING in preferences(call)


def no_content() -> Answer:
    return Answer(204)


def object_location(call: Call, record: Record) -> str:
    """Points to another, older API, as recorded (01, 03): not for following."""
    kind = record.kind.value[0].upper() + record.kind.value[1:]
    path = f"{directory_of(call).tenant_id}/directoryObjects/{record.id}/Microsoft.DirectoryServices.{kind}"
    return f"{call.origin}/v2/{path}"
