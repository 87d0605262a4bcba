# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering an application the way the Entra admin centre does, quite unlike `POST /applications`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.graph.store import applications, consent
from emulator.graph.store.directory import Directory
from emulator.graph.store.ids import RANDOM, Ids
from emulator.graph.store.records import Body, Kind, Record
from emulator.graph.store.resources import GRAPH, resources


class UnknownName(ValueError):
    """A permission or a person that the wish names and nobody knows."""


def register(directory: Directory, wish: Mapping[str, Any], ids: Ids = RANDOM) -> Record:
    """The portal adds a delegated User.Read, a service principal, and the signed-in person as owner."""
    name = wish["displayName"]
    fields = {
        "id": ids.object_id(f"{name}/application"),
        "appId": ids.object_id(f"{name}/appId"),
        "displayName": name,
        "requiredResourceAccess": [graph_permissions(wish.get("applicationPermissions", ()), ("User.Read",))],
    }
    record = applications.create(directory, fields, owners=_owners(directory, wish.get("owners")), settled=True)
    consent.ensure_service_principal(directory, record, ids)
    if wish.get("adminConsent"):
        consent.consent(directory, record, ids=ids)
    return record


def graph_permissions(roles: Sequence[str], scopes: Sequence[str] = ()) -> Body:
    graph = resources()[GRAPH]
    access = [{"id": _id(graph.scopes, name), "type": "Scope"} for name in scopes]
    access += [{"id": _id(graph.roles, name), "type": "Role"} for name in roles]
    return {"resourceAppId": GRAPH, "resourceAccess": access}


def _id(known: Mapping[str, str], name: str) -> str:
    if name not in known:
        raise UnknownName(f"Microsoft Graph has no permission {name!r} here; known: {', '.join(sorted(known))}")
    return known[name]


def _owners(directory: Directory, names: Sequence[str] | None) -> tuple[str, ...]:
    if names is None:
        first = next(directory.live(Kind.USER), None)
        return (first["id"],) if first else ()
    found = {name: directory.find_live(Kind.USER, "userPrincipalName", name) for name in names}
    missing = [name for name, record in found.items() if record is None]
    if missing:
        raise UnknownName(f"no such user: {', '.join(missing)}")
    return tuple(record.id for record in found.values() if record is not None)
