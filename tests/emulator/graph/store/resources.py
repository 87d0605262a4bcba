# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service principals of Microsoft's own APIs that every tenant has, with their real permission ids."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from emulator.graph.store import templates
from emulator.graph.store.ids import DerivedIds
from emulator.graph.store.records import Body

GRAPH = "00000003-0000-0000-c000-000000000000"
EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
ARM = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
KEY_VAULT = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"


class Resource(NamedTuple):
    app_id: str
    names: frozenset[str]
    roles: dict[str, str]
    scopes: dict[str, str]
    body: Body


def _role(value: str, role_id: str) -> Body:
    return {
        "allowedMemberTypes": ["Application"],
        "description": f"Allows the app to use {value} without a signed-in user.",
        "displayName": f"{value} (application)",
        "id": role_id,
        "isEnabled": True,
        "origin": "Application",
        "value": value,
    }


def _scope(value: str, scope: Body) -> Body:
    text = f"{value} on behalf of the signed-in user"
    return {
        "adminConsentDescription": f"Allows {text}.",
        "adminConsentDisplayName": value,
        "id": scope["id"],
        "isEnabled": True,
        "type": scope["type"],
        "userConsentDescription": f"Allows {text}.",
        "userConsentDisplayName": value,
        "value": value,
    }


def _resource(entry: Body) -> Resource:
    body = {
        **templates.SERVICE_PRINCIPAL,
        "appDisplayName": entry["displayName"],
        "appId": entry["appId"],
        "appOwnerOrganizationId": MICROSOFT_TENANT,
        "displayName": entry["displayName"],
        "servicePrincipalNames": entry["servicePrincipalNames"],
        "signInAudience": "AzureADMultipleOrgs",
        "appRoles": [_role(*item) for item in entry["applicationRoles"].items()],
        "oauth2PermissionScopes": [_scope(*item) for item in entry["delegatedScopes"].items()],
    }
    scopes = {value: scope["id"] for value, scope in entry["delegatedScopes"].items()}
    names = frozenset(name.rstrip("/").lower() for name in entry["servicePrincipalNames"])
    return Resource(entry["appId"], names, entry["applicationRoles"], scopes, body)


@cache
def resources() -> dict[str, Resource]:
    """By app id. Read once and shared: the roles are the same in every tenant of the public cloud."""
    document = json.loads(files("emulator.graph").joinpath("resources.json").read_text("utf-8"))
    return {entry["appId"]: _resource(entry) for entry in document["resources"]}


def resource_body(tenant_id: str, app_id: str) -> Body:
    object_id = DerivedIds(tenant_id, app_id).object_id("servicePrincipal")
    return {**resources()[app_id].body, "id": object_id}


def permission_name(app_id: str, permission_id: str) -> str | None:
    resource = resources().get(app_id)
    if resource is None:
        return None
    known = (*resource.roles.items(), *resource.scopes.items())
    return next((name for name, known_id in known if known_id == permission_id), None)
