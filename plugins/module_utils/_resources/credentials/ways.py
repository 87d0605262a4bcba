# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.
"""What else of an application lets somebody in or out: where sign-ins are sent, and what it offers to others.

Nobody signs in as the registration with it, so that it withholds nothing; whoever takes an application over decides on
it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import (
    APPLICATION,
    Access,
)

REDIRECT = "redirect URI"
PUBLIC = "public client flow"
SCOPE = "scope"
ROLE = "app role"
IDENTIFIER = "identifier URI"
WAYS = frozenset({REDIRECT, PUBLIC, SCOPE, ROLE, IDENTIFIER})

#: Of the application, to be selected.
FIELDS = "id,web,spa,publicClient,isFallbackPublicClient,api,appRoles,identifierUris"
_PUBLIC = "isFallbackPublicClient"
_SCOPES, _ROLES, _URIS = "oauth2PermissionScopes", "appRoles", "identifierUris"


def ways(application: Json) -> tuple[Access, ...]:
    """Of its body. A redirect URI's name is the kind of client that it is for."""
    redirects = [
        Access(REDIRECT, APPLICATION, uri, client)
        for client in ("web", "spa", "publicClient")
        for uri in _rows(application.get(client), "redirectUris")
    ]
    public = [Access(PUBLIC, APPLICATION, _PUBLIC)] if application.get(_PUBLIC) else []
    offered = [
        Access(kind, APPLICATION, str(row.get("id")), str(row.get("value") or ""))
        for kind, rows in ((SCOPE, _rows(application.get("api"), _SCOPES)), (ROLE, _rows(application, _ROLES)))
        for row in rows
    ]
    return (
        *redirects,
        *public,
        *offered,
        *(Access(IDENTIFIER, APPLICATION, uri) for uri in _rows(application, _URIS)),
    )


def undecided_ways(graph: GraphClient, application_id: str, keep: t.Iterable[str]) -> tuple[Access, ...]:
    """But for what is kept. `keep`: in lower case."""
    body = graph.find(f"/applications/{application_id}", {"$select": FIELDS}, action="read an application's settings")
    kept = frozenset(keep)
    return tuple(way for way in ways(body or {}) if way.id.lower() not in kept)


def remove_way(graph: GraphClient, path: str, way: Access, action: str) -> None:
    """Lists are written as a whole: what is in them now, without this one. `path`: of the application."""
    body = graph.get(path, {"$select": FIELDS}, action="read an application's settings")
    for patch in _patches(body, way):
        graph.patch(path, patch, action=action)


def _patches(body: Json, way: Access) -> t.Iterator[Json]:
    if way.kind == PUBLIC:
        yield {_PUBLIC: False}
    elif way.kind == REDIRECT:
        yield {way.name: {"redirectUris": [uri for uri in _rows(body.get(way.name), "redirectUris") if uri != way.id]}}
    elif way.kind == IDENTIFIER:
        yield {_URIS: [uri for uri in _rows(body, _URIS) if uri != way.id]}
    elif way.kind == SCOPE:
        yield from ({"api": {_SCOPES: rows}} for rows in _without(_rows(body.get("api"), _SCOPES), way))
    else:
        yield from ({_ROLES: rows} for rows in _without(_rows(body, _ROLES), way))


def _without(rows: list[t.Any], way: Access) -> t.Iterator[list[Json]]:
    """What is enabled cannot be removed (CannotDeleteOrUpdateEnabledEntitlement)."""
    if any(row.get("id") == way.id and row.get("isEnabled", True) for row in rows):
        yield [{**row, "isEnabled": False} if row.get("id") == way.id else row for row in rows]
    yield [row for row in rows if row.get("id") != way.id]


def _rows(body: t.Any, name: str) -> list[t.Any]:
    return list((body or {}).get(name) or ())
