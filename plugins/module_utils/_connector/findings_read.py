# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import (
    GraphClient,
    Read,
    odata_string,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import optional

_FIELDS = "id,web,spa,publicClient,isFallbackPublicClient,api,appRoles,identifierUris"


@dataclass(frozen=True)
class Surroundings:
    """What only an audit looks at. `application`: its settings that let somebody in or out; empty where there is none.

    `namesakes`: other applications of its name; None where they may not be listed.
    """

    application: Json
    namesakes: t.Sequence[Json] | None = ()


def read(graph: GraphClient, registrations: t.Sequence[tuple[str | None, str]]) -> list[Surroundings]:
    """Of each registration, by client id (None: it is not there) and display name; all in one batch."""
    settings = [_settings(client_id) for client_id, _name in registrations if client_id]
    graph.read_ahead([*settings, *(_namesakes(name) for _client_id, name in registrations)])
    return [_of(graph, client_id, name) for client_id, name in registrations]


def _of(graph: GraphClient, client_id: str | None, name: str) -> Surroundings:
    found = graph.find(*_settings(client_id), action="read an application's settings") if client_id else None
    rows = optional(lambda: graph.list(*_namesakes(name), action="search applications of one name"))
    return Surroundings(found or {}, None if rows is None else [row for row in rows if row["appId"] != client_id])


def _settings(client_id: str) -> Read:
    return f"/applications(appId={odata_string(client_id)})", {"$select": _FIELDS}


def _namesakes(name: str) -> Read:
    query = {"$filter": f"displayName eq {odata_string(name)}", "$select": "id,appId,displayName,createdDateTime"}
    return "/applications", query
