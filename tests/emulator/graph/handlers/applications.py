# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/applications`."""

from __future__ import annotations

from secrets import randbelow

from emulator.call import Answer, Call
from emulator.graph.bodies import read_body
from emulator.graph.errors import bad_request
from emulator.graph.handlers.context import (
    directory_of,
    new_owner,
    no_content,
    object_location,
    seen_of,
    target_of,
)
from emulator.graph.handlers.owners import expand_relations, known_owners
from emulator.graph.keys import parse_key
from emulator.graph.odata.entities import APPLICATION
from emulator.graph.odata.listing import count_answer, created_answer, entity_answer, list_answer
from emulator.graph.store import applications, deleted_items
from emulator.graph.store.key_credentials import take_keys
from emulator.graph.store.records import Body, Kind


def list_all(call: Call) -> Answer:
    records = directory_of(call).records(Kind.APPLICATION)
    return list_answer(call, APPLICATION, records, expander=expand_relations(call))


def count(call: Call) -> Answer:
    return count_answer(call, APPLICATION, directory_of(call).records(Kind.APPLICATION))


def read(call: Call) -> Answer:
    return entity_answer(call, APPLICATION, seen_of(call), expand_relations(call))


def create(call: Call) -> Answer:
    """Whether POST takes a uniqueName is not documented; the emulator says no."""
    return _create(call, read_body(call, "application", required=("displayName",), fixed=("uniqueName",)))


def update(call: Call) -> Answer:
    """PATCH by any key; by uniqueName with `Prefer: create-if-missing` it creates (application-upsert)."""
    name, value = parse_key(call.params["key"])
    if call.target is None or not call.target.true.live:
        body = read_body(call, "application", required=("displayName",))
        _require_same_name(body, value)
        return _create(call, {**body, "uniqueName": value})
    body = read_body(call, "application", own_id=call.target.id)
    if name == "uniqueName":
        _require_same_name(body, value)
    body = take_keys(directory_of(call), target_of(call).true.body, body)
    applications.update(directory_of(call), target_of(call), body)
    return no_content()


def delete(call: Call) -> Answer:
    deleted_items.delete_application(directory_of(call), target_of(call))
    return no_content()


def _require_same_name(body: Body, key: str) -> None:
    if body.get("uniqueName", key) != key:
        raise bad_request("Property 'uniqueName' does not match the key.")


def _create(call: Call, body: Body) -> Answer:
    directory = directory_of(call)
    owners = tuple(dict.fromkeys((*new_owner(call), *known_owners(call))))
    body = take_keys(directory, {"keyCredentials": []}, body)
    record = applications.create(directory, body, owners=owners, created_by=call.claims.get("appid"))
    # Seven fractional digits here, none in later reads (recordings 01 and 04).
    created = f"{record.true.body['createdDateTime'].rstrip('Z')}.{randbelow(10**7):07d}Z"
    answer = created_answer(call, APPLICATION, {**record.true.body, "createdDateTime": created})
    answer.headers["location"] = object_location(call, record)
    return answer
