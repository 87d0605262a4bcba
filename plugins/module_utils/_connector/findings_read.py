# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import (
    GraphClient,
    Read,
    odata_string,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import optional
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.ways import FIELDS


@dataclass(frozen=True)
class Surroundings:
    """What only an audit looks at. `application`: its settings that let somebody in or out; empty where there is none.

    `sign_ins_read`: whether Microsoft told of sign-ins; `last_sign_in` None is then: none that is known.
    `namesakes`: other applications of its name; None where they may not be listed.
    """

    application: Json
    namesakes: t.Sequence[Json] | None = ()
    sign_ins_read: bool = False
    last_sign_in: datetime | None = None


def read(
    graph: GraphClient, beta: GraphClient | None, registrations: t.Sequence[tuple[str | None, str]]
) -> list[Surroundings]:
    """Of each registration, by client id (None: it is not there) and display name; all in one batch, and one of `beta`,
    where the last sign-ins are told; None: they are not asked for."""
    client_ids = [client_id for client_id, _name in registrations if client_id]
    graph.read_ahead([*map(_settings, client_ids), *(_namesakes(name) for _client_id, name in registrations)])
    if beta is not None:
        beta.read_ahead(map(_sign_ins, client_ids))
    return [_of(graph, beta, client_id, name) for client_id, name in registrations]


def _of(graph: GraphClient, beta: GraphClient | None, client_id: str | None, name: str) -> Surroundings:
    found = graph.find(*_settings(client_id), action="read an application's settings") if client_id else None
    rows = optional(lambda: graph.list(*_namesakes(name), action="search applications of one name"))
    namesakes = None if rows is None else [row for row in rows if row["appId"] != client_id]
    used = None
    if beta is not None and client_id:
        used = optional(lambda: beta.list(*_sign_ins(client_id), action="read when a registration last signed in"))
    return Surroundings(found or {}, namesakes, used is not None, _last_sign_in(used or ()))


def _last_sign_in(rows: t.Iterable[Json]) -> datetime | None:
    """As a client that signs in by itself, which is all that the connector does."""
    activities = (row.get("applicationAuthenticationClientSignInActivity") or {} for row in rows)
    times = [activity.get("lastSignInDateTime") for activity in activities]
    return max((parse_time(moment) for moment in times if moment), default=None)


def _sign_ins(client_id: str) -> Read:
    return "/reports/servicePrincipalSignInActivities", {"$filter": f"appId eq {odata_string(client_id)}"}


def _settings(client_id: str) -> Read:
    return f"/applications(appId={odata_string(client_id)})", {"$select": FIELDS}


def _namesakes(name: str) -> Read:
    query = {"$filter": f"displayName eq {odata_string(name)}", "$select": "id,appId,displayName,createdDateTime"}
    return "/applications", query
