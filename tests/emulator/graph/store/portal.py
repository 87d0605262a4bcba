# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering an application the way the Entra admin centre does, quite unlike `POST /applications`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.graph.store import applications, consent, federated, passwords
from emulator.graph.store.directory import Directory
from emulator.graph.store.ids import RANDOM, Ids
from emulator.graph.store.key_credentials import take_keys
from emulator.graph.store.policy import add_policy, assign_policy
from emulator.graph.store.records import Body, Kind, Record
from emulator.graph.store.resources import GRAPH, resources
from emulator.graph.store.templates import FEDERATED

STATES = ("isDisabled", "disabledByMicrosoftStatus", "accountEnabled", "createdDateTime")
KEY: Body = {"type": "AsymmetricX509Cert", "usage": "Verify"}
AUDIENCE = "api://AzureADTokenExchange"


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
    principal = consent.ensure_service_principal(directory, record, ids)
    _set_up(directory, record, wish, ids)
    _set_up(directory, principal, wish.get("servicePrincipal", {}), ids)
    if wish.get("adminConsent"):
        consent.consent(directory, record, ids=ids)
    return record


def _set_up(directory: Directory, record: Record, wish: Mapping[str, Any], ids: Ids) -> None:
    """What people have put on the object since, and whether anybody may sign in with it."""
    states = {name: wish[name] for name in STATES if name in wish}
    if states:
        applications.update(directory, record, states, settled=True)
    for number, password in enumerate(wish.get("passwordCredentials", ())):
        key_id = ids.object_id(f"{record.id}/passwordCredentials/{number}")
        passwords.put(directory, record, password, key_id)
    keys = [
        {**KEY, "endDateTime": passwords.NEVER, **key, "keyId": ids.object_id(f"{record.id}/keyCredentials/{number}")}
        for number, key in enumerate(wish.get("keyCredentials", ()))
    ]
    if keys:
        directory.change(record, take_keys(directory, record.true.body, {"keyCredentials": keys}), settled=True)
    if "appManagementPolicy" in wish:
        policy_id = ids.object_id(f"{record.id}/appManagementPolicy")
        policy = add_policy(directory, wish["appManagementPolicy"], settled_id=policy_id)
        assign_policy(directory, record, policy.id, settled=True)
    for credential in wish.get(FEDERATED, ()):
        federate(directory, record, credential, ids.object_id(f"{record.id}/{FEDERATED}/{credential['name']}"))


def federate(directory: Directory, record: Record, credential: Mapping[str, Any], new_id: str) -> None:
    federated.add(directory, record, {"audiences": [AUDIENCE], **credential}, settled_id=new_id)


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
