# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/servicePrincipals`."""

from __future__ import annotations

from emulator.call import Answer, Body, Call
from emulator.graph.bodies import read_body
from emulator.graph.errors import bad_request
from emulator.graph.handlers.context import (
    directory_of,
    new_owner,
    no_content,
    object_location,
    require_owned,
    seen_of,
    target_of,
)
from emulator.graph.handlers.owners import expand_relations, known_owners
from emulator.graph.keys import parse_key
from emulator.graph.odata.entities import SERVICE_PRINCIPAL
from emulator.graph.odata.listing import count_answer, created_answer, entity_answer, list_answer
from emulator.graph.store import deleted_items, service_principals
from emulator.graph.store.key_credentials import take_keys
from emulator.graph.store.records import Kind


def list_all(call: Call) -> Answer:
    records = directory_of(call).records(Kind.SERVICE_PRINCIPAL)
    return list_answer(call, SERVICE_PRINCIPAL, records, expander=expand_relations(call))


def count(call: Call) -> Answer:
    return count_answer(call, SERVICE_PRINCIPAL, directory_of(call).records(Kind.SERVICE_PRINCIPAL))


def read(call: Call) -> Answer:
    return entity_answer(call, SERVICE_PRINCIPAL, seen_of(call), expand_relations(call))


def create(call: Call) -> Answer:
    return _create(call, read_body(call, "servicePrincipal", required=("appId",)))


def update(call: Call) -> Answer:
    """PATCH by any key; by appId with `Prefer: create-if-missing` it creates (serviceprincipal-upsert)."""
    name, value = parse_key(call.params["key"])
    own_id = call.target.id if call.target is not None else ""
    body = read_body(call, "servicePrincipal", fixed=() if name == "appId" else ("appId",), own_id=own_id)
    if body.pop("appId", value).lower() != value.lower():
        raise bad_request("Property 'appId' does not match the key.")
    if call.target is None or not call.target.true.live:
        return _create(call, {**body, "appId": value})
    directory, record = directory_of(call), target_of(call)
    if "keyCredentials" in body:
        service_principals.require_unlocked(directory, record, "keyCredentials")
    directory.change(record, take_keys(directory, record.true.body, body))
    return no_content()


def delete(call: Call) -> Answer:
    deleted_items.delete_service_principal(directory_of(call), target_of(call))
    return no_content()


def _create(call: Call, body: Body) -> Answer:
    directory, app_id = directory_of(call), body.pop("appId").lower()
    require_owned(call, directory.find_live(Kind.APPLICATION, "appId", app_id))
    created_by = call.claims.get("appid")
    body = take_keys(directory, {"keyCredentials": []}, body)
    owners = tuple(dict.fromkeys((*new_owner(call), *known_owners(call))))
    record = service_principals.create(directory, app_id, body, owners=owners, created_by=created_by)
    answer = created_answer(call, SERVICE_PRINCIPAL, record.true.body)
    answer.headers["location"] = object_location(call, record)
    return answer
