# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`appRoleAssignments` of the client's service principal and `appRoleAssignedTo` of the resource's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from emulator.call import Answer, Call
from emulator.graph.bodies import read_body
from emulator.graph.errors import bad_request, not_found
from emulator.graph.handlers.context import directory_of, no_content, target_of
from emulator.graph.odata.entities import ROLE_ASSIGNMENT, Entity
from emulator.graph.odata.listing import created_answer, entity_answer, list_answer
from emulator.graph.store import grants, service_principals
from emulator.graph.store.records import Kind, Record

# Which end of an assignment the service principal in the path is.
ENDS = {"appRoleAssignments": "principalId", "appRoleAssignedTo": "resourceId"}


def list_all(call: Call) -> Answer:
    return list_answer(call, _entity(call), _of_target(call))


def create(call: Call) -> Answer:
    body = read_body(call, "appRoleAssignment", required=("principalId", "resourceId", "appRoleId"))
    end = ENDS[_collection(call)]
    if body[end].lower() != target_of(call).id:
        raise bad_request(f"The {end} does not match the service principal in the URL.")
    directory = directory_of(call)
    principal = service_principals.reference(directory, body["principalId"])
    resource = service_principals.reference(directory, body["resourceId"])
    record = grants.assign(directory, principal, resource=resource, role_id=body["appRoleId"])
    return created_answer(call, _entity(call), record.true.body)


def read(call: Call) -> Answer:
    directory = directory_of(call)
    record = next((item for item in _of_target(call) if item.id == call.params["assignment"]), None)
    seen = directory.read(record) if record is not None else None
    if seen is None or not seen.live:
        raise not_found(call.params["assignment"])
    return entity_answer(call, _entity(call), seen)


def delete(call: Call) -> Answer:
    directory = directory_of(call)
    record = next((item for item in _of_target(call) if item.id == call.params["assignment"]), None)
    if record is None or not record.true.live:
        raise not_found(call.params["assignment"])
    if not directory.peek(record).live:
        record.state.refuse()
        raise not_found(record.id)
    grants.revoke(directory, record)
    return no_content()


def _of_target(call: Call) -> Iterator[Record]:
    end, target = ENDS[_collection(call)], target_of(call)
    records = directory_of(call).records(Kind.ROLE_ASSIGNMENT)
    return (record for record in records if record.true.body[end] == target.id)


def _collection(call: Call) -> str:
    return call.path.split("/")[3]


def _entity(call: Call) -> Entity:
    return replace(ROLE_ASSIGNMENT, set_name=f"servicePrincipals('{target_of(call).id}')/{_collection(call)}")
