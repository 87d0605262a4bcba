# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The true state of a tenant, without lag and without secret texts."""

from __future__ import annotations

from emulator.call import Body
from emulator.exchange import snapshots as exchange_snapshots
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Kind, Place
from emulator.graph.store.resources import resources
from emulator.graph.store.templates import APP_POLICIES, FEDERATED
from emulator.world import Tenant

_DEFAULTS: dict[Kind, Body] = {
    Kind.APPLICATION: {FEDERATED: [], APP_POLICIES: []},
    Kind.SERVICE_PRINCIPAL: {APP_POLICIES: []},
}


def snapshot_of(tenant: Tenant) -> Body:
    directory = tenant.directory
    return {
        "tenant": {
            "id": tenant.id,
            "displayName": tenant.display_name,
            "domains": tenant.domains,
            "cloud": tenant.cloud,
        },
        "applications": _with_owners(directory, Kind.APPLICATION),
        "servicePrincipals": [_without_api(body) for body in _with_owners(directory, Kind.SERVICE_PRINCIPAL)],
        "appRoleAssignments": [_named(directory, body) for body in directory.live(Kind.ROLE_ASSIGNMENT)],
        "directoryRoleAssignments": list(directory.live(Kind.DIRECTORY_ROLE)),
        "oauth2PermissionGrants": list(directory.live(Kind.OAUTH_GRANT)),
        "deletedItems": _deleted(directory),
        "users": list(directory.live(Kind.USER)),
        "policy": directory.policy,
        "appManagementPolicies": list(directory.live(Kind.APP_POLICY)),
        "exchange": exchange_snapshots.snapshot_of(tenant.exchange) if tenant.exchange is not None else None,
    }


def _with_owners(directory: Directory, kind: Kind) -> list[Body]:
    return [
        {**_DEFAULTS[kind], **record.true.body, "owners": list(record.true.owners)}
        for record in directory.records(kind)
        if record.true.live
    ]


def _without_api(body: Body) -> Body:
    if body["appId"] not in resources():
        return body
    return {name: value for name, value in body.items() if name not in ("appRoles", "oauth2PermissionScopes")}


def _named(directory: Directory, assignment: Body) -> Body:
    resource = directory.find(Kind.SERVICE_PRINCIPAL, "id", assignment["resourceId"])
    body = resource.true.body if resource else {}
    names = {role["id"]: role["value"] for role in body.get("appRoles", ())}
    return {**assignment, "value": names.get(assignment["appRoleId"]), "resourceAppId": body.get("appId")}


def _deleted(directory: Directory) -> list[Body]:
    return [
        {"@odata.type": f"#microsoft.graph.{kind.value}", **record.true.body}
        for kind in (Kind.APPLICATION, Kind.SERVICE_PRINCIPAL)
        for record in directory.records(kind)
        if record.true.place is Place.DELETED
    ]
