# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""App role assignments and delegated permission grants: what consent creates."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.clock import long_stamp
from emulator.graph.store.conflicts import Conflict, Reason
from emulator.graph.store.directory import Directory
from emulator.graph.store.ids import RANDOM, scopes_id
from emulator.graph.store.records import Body, Kind, Record

DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"


def assign(directory: Directory, principal: Record, *, resource: Record, role_id: str, settled_id: str = "") -> Record:
    """`settled_id` is for a grant that is there at once for everybody, as people's and seeded ones are."""
    role_id = role_id.lower()
    _require_role(resource.true.body, role_id)
    if find_assignment(directory, principal.id, resource.id, role_id) is not None:
        raise Conflict(Reason.ALREADY_ASSIGNED)
    body: Body = {
        "id": settled_id or RANDOM.grant_id(),
        "deletedDateTime": None,
        "appRoleId": role_id,
        "createdDateTime": long_stamp(directory.clock.now()),
        "principalDisplayName": principal.true.body["displayName"],
        "principalId": principal.id,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource.true.body["displayName"],
        "resourceId": resource.id,
    }
    return directory.add(Kind.ROLE_ASSIGNMENT, body, settled=bool(settled_id))


def _require_role(resource: Body, role_id: str) -> None:
    """An API without roles of its own can still be assigned with the all-zero role ("default access")."""
    roles = {role["id"] for role in resource["appRoles"] if role.get("isEnabled", True)}
    if role_id not in (roles or {DEFAULT_ACCESS}):
        raise Conflict(Reason.NO_SUCH_ROLE)


def find_assignment(directory: Directory, principal_id: str, resource_id: str, role_id: str) -> Record | None:
    wanted = (principal_id, resource_id, role_id)
    for record in directory.records(Kind.ROLE_ASSIGNMENT):
        body = record.true.body
        if record.true.live and (body["principalId"], body["resourceId"], body["appRoleId"]) == wanted:
            return record
    return None


def add_scopes(directory: Directory, fields: Body, *, settled: bool = False) -> Record:
    """A delegated grant: one row for each client, resource and kind of consent."""
    body: Body = {
        "clientId": fields["clientId"],
        "consentType": fields["consentType"],
        "id": scopes_id(fields["clientId"], fields["resourceId"], fields.get("principalId")),
        "principalId": fields.get("principalId"),
        "resourceId": fields["resourceId"],
        "scope": fields.get("scope"),
    }
    if find_scopes(directory, body) is not None:
        raise Conflict(Reason.GRANT_EXISTS)
    return directory.add(Kind.OAUTH_GRANT, body, settled=settled)


def find_scopes(directory: Directory, like: Body) -> Record | None:
    keys = ("clientId", "consentType", "principalId", "resourceId")
    for record in directory.records(Kind.OAUTH_GRANT):
        if record.true.live and all(record.true.body[key] == like.get(key) for key in keys):
            return record
    return None


def revoke(directory: Directory, record: Record, *, settled: bool = False) -> None:
    directory.remove(record, settled=settled)


def of_service_principal(directory: Directory, object_id: str) -> Iterator[Record]:
    """Everything that was granted to a service principal or on it."""
    ends = {Kind.ROLE_ASSIGNMENT: ("principalId", "resourceId"), Kind.OAUTH_GRANT: ("clientId", "resourceId")}
    for kind, keys in ends.items():
        for record in directory.records(kind):
            if record.true.live and object_id in (record.true.body[key] for key in keys):
                yield record
