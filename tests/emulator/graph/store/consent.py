# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Granting what an application declares, as a person does with "Grant admin consent"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from emulator.graph.store import grants, service_principals
from emulator.graph.store.directory import Directory
from emulator.graph.store.ids import RANDOM, Ids
from emulator.graph.store.records import Body, Kind, Record


class Declared(NamedTuple):
    resource: Record
    roles: list[str]
    scopes: list[str]


def declared(directory: Directory, application: Record) -> Iterator[Declared]:
    """What the application asks for, resource by resource; unknown resources and ids are passed over."""
    for entry in application.true.body["requiredResourceAccess"]:
        resource = directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", entry["resourceAppId"])
        if resource is not None:
            wanted = {(item["type"], item["id"]) for item in entry["resourceAccess"]}
            yield Declared(resource, _roles(resource.true.body, wanted), _scopes(resource.true.body, wanted))


def _roles(resource: Body, wanted: set[tuple[str, str]]) -> list[str]:
    return [role["id"] for role in resource["appRoles"] if ("Role", role["id"]) in wanted]


def _scopes(resource: Body, wanted: set[tuple[str, str]]) -> list[str]:
    return [scope["value"] for scope in resource["oauth2PermissionScopes"] if ("Scope", scope["id"]) in wanted]


def ensure_service_principal(directory: Directory, application: Record, ids: Ids = RANDOM) -> Record:
    existing = directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", application.true.body["appId"])
    if existing is not None:
        return existing
    object_id = ids.object_id(f"{application.id}/servicePrincipal")
    return service_principals.create_settled(directory, application, object_id)


def consent(
    directory: Directory,
    application: Record,
    *,
    resource_app_id: str | None = None,
    ids: Ids = RANDOM,
) -> None:
    """Writes role assignments and one delegated grant for all people, for every declared resource or only for one."""
    principal = ensure_service_principal(directory, application)
    for entry in declared(directory, application):
        if resource_app_id in (None, entry.resource.true.body["appId"]):
            _grant(directory, principal, entry, ids)


def _grant(directory: Directory, principal: Record, entry: Declared, ids: Ids) -> None:
    for role_id in entry.roles:
        if grants.find_assignment(directory, principal.id, entry.resource.id, role_id) is None:
            new_id = ids.grant_id(f"{principal.id}/{entry.resource.id}/{role_id}")
            grants.assign(directory, principal, resource=entry.resource, role_id=role_id, settled_id=new_id)
    if entry.scopes:
        _grant_scopes(directory, principal, entry)


def _grant_scopes(directory: Directory, principal: Record, entry: Declared) -> None:
    row: Body = {
        "clientId": principal.id,
        "consentType": "AllPrincipals",
        "principalId": None,
        "resourceId": entry.resource.id,
        "scope": " ".join(entry.scopes),
    }
    existing = grants.find_scopes(directory, row)
    if existing is None:
        grants.add_scopes(directory, row, settled=True)
    else:
        directory.change(existing, {"scope": row["scope"]}, settled=True)
