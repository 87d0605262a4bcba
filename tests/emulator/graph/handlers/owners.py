# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners of applications and service principals, and what expands beside them."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.call import Answer, Call
from emulator.graph.bodies import bound_owners, reference_id
from emulator.graph.errors import not_found
from emulator.graph.handlers.context import directory_of, no_content, seen_of, target_of
from emulator.graph.odata.entities import APPLICATION, DIRECTORY_OBJECT, SERVICE_PRINCIPAL, USER, Entity
from emulator.graph.odata.listing import Expander
from emulator.graph.odata.options import Expand, read_options
from emulator.graph.store import applications, federated
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Body, Kind, Record, Version
from emulator.graph.store.templates import FEDERATED

ENTITIES: dict[Kind, Entity] = {
    Kind.APPLICATION: APPLICATION,
    Kind.SERVICE_PRINCIPAL: SERVICE_PRINCIPAL,
    Kind.USER: USER,
}


#: By relation, what it lists and which end of it the service principal is.
GRANTS = {
    "appRoleAssignments": (Kind.ROLE_ASSIGNMENT, "principalId"),
    "appRoleAssignedTo": (Kind.ROLE_ASSIGNMENT, "resourceId"),
    "oauth2PermissionGrants": (Kind.OAUTH_GRANT, "clientId"),
}
#: query-parameters, $expand: no more of what belongs to an object of the directory, and no link to the rest.
MOST_EXPANDED = 20


def typed_body(record: Record, select: tuple[str, ...] = ()) -> Body:
    """An object in a list of mixed types names its type."""
    entity, body = ENTITIES[record.kind], record.true.body
    shown = {name: body.get(name) for name in (select or entity.fields)}
    return {"@odata.type": f"#microsoft.graph.{entity.name}", **shown}


def list_owners(call: Call) -> Answer:
    options = read_options(call, DIRECTORY_OBJECT)
    found = _owners(directory_of(call), seen_of(call))
    context = f"{call.origin}/v1.0/$metadata#directoryObjects"
    return Answer(200, {"@odata.context": context, "value": [typed_body(record, options.select) for record in found]})


def list_owned(call: Call) -> Answer:
    """What the addressed service principal is an owner of, as far as readers see it."""
    options, directory, owner = read_options(call, DIRECTORY_OBJECT), directory_of(call), target_of(call).id
    records = (record for kind in (Kind.APPLICATION, Kind.SERVICE_PRINCIPAL) for record in directory.records(kind))
    found = [record for record in records if owner in (seen := directory.peek(record)).owners and seen.live]
    context = f"{call.origin}/v1.0/$metadata#directoryObjects"
    return Answer(200, {"@odata.context": context, "value": [typed_body(record, options.select) for record in found]})


def known_owners(call: Call) -> list[str]:
    """Ids of the owners that a new object is bound to; each must be there."""
    owner_ids = bound_owners(call)
    for owner_id in owner_ids:
        if applications.find_owner(directory_of(call), owner_id) is None:
            raise not_found(owner_id)
    return owner_ids


def add_owner(call: Call) -> Answer:
    owner_id = reference_id(call.json().get("@odata.id"))
    if applications.find_owner(directory_of(call), owner_id) is None:
        raise not_found(owner_id)
    applications.add_owner(directory_of(call), target_of(call), owner_id)
    return no_content()


def remove_owner(call: Call) -> Answer:
    owner_id = call.params["owner"].lower()
    if not applications.remove_owner(directory_of(call), target_of(call), owner_id):
        raise not_found(owner_id)
    return no_content()


def expand_relations(call: Call) -> Expander:
    """Owners, what an application is trusted with from elsewhere, and grants of a service principal or on it."""
    directory = directory_of(call)

    def expand(seen: Version, wish: Expand) -> list[Body]:
        if wish.name in GRANTS:
            return [{name: row[name] for name in wish.select or row} for row in _grants(directory, seen, wish.name)]
        if wish.name == FEDERATED:
            return [{name: entry[name] for name in wish.select or entry} for entry in federated.of_body(seen.body)]
        return [typed_body(record, wish.select) for record in _owners(directory, seen)]

    return expand


def _grants(directory: Directory, seen: Version, relation: str) -> list[Body]:
    kind, end = GRANTS[relation]
    rows = (directory.peek(record) for record in directory.records(kind))
    return [row.body for row in rows if row.live and row.body[end] == seen.body["id"]][:MOST_EXPANDED]


def _owners(directory: Directory, seen: Version) -> Iterator[Record]:
    for owner_id in seen.owners:
        record = applications.find_owner(directory, owner_id)
        if record is not None:
            yield record
