# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.
"""What a report tells of a tenant beside its state."""

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector import messages
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Planned
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.result import (
    item_result,
    typed_in,
    unchanged_result,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore

Json: t.TypeAlias = "t.Mapping[str, t.Any]"


def of_plan(host: str, tenant_id: str, planned: t.Sequence[Planned], store: SecretStore) -> dict[str, t.Any]:
    """As connector_plan has read it."""
    return {
        "tenant": host,
        "tenant_id": tenant_id,
        "registrations": [_registration(tenant_id, entry, store) for entry in planned],
        "steps": [
            {"registration": entry.name, "part": part, "changes": entry.changes[part].describe()}
            for entry in planned
            for part in entry.parts
        ],
        "warnings": [finding for entry in planned for finding in entry.findings],
        "named_keys": sorted({key_id for entry in planned for key_id in entry.named_keys}),
    }


def deliveries(registrations: t.Sequence[Json]) -> dict[str, str]:
    """What is still to be typed in, where nothing that ends presses anybody: the table tells that of a run's own
    hand-off, and a report until somebody has named it as delivered."""
    awaited = messages.to_type_in(registrations, [None] * len(registrations))
    return {"deliveries": typed_in(awaited)} if awaited else {}


def of_nothing(host: str, tenant_id: str | None) -> dict[str, t.Any]:
    """Of a tenant that was not looked into."""
    return {"tenant": host, "tenant_id": tenant_id, "registrations": [], "steps": [], "warnings": []}


def closed(host: str, tenant_id: str, state: str, follows: str) -> dict[str, t.Any]:
    """What connector_plan returns of a tenant that somebody has closed: there is nothing to do, and why."""
    result, told = unchanged_result(host, state, follows), of_nothing(host, tenant_id)
    return {"tenant_id": tenant_id, "planned": [], "plan": [], "result": result, "details": told}


def after(planned: Json, steps: Json) -> dict[str, t.Any]:
    """As the role's tasks have left it. `planned`: by connector_plan. `steps`: by part, those that have run."""
    registrations = [_changed(entry, index, steps) for index, entry in enumerate(planned.get("registrations", ()))]
    done = [step for part, registered in steps.items() for step in _done(part, registered)]
    told = messages.after(planned, registrations, steps)
    others = {name: value for name, value in planned.items() if name != "deliveries"}
    return {**others, "registrations": registrations, "steps": done, **told, **deliveries(registrations)}


def _registration(tenant_id: str, entry: Planned, store: SecretStore) -> dict[str, t.Any]:
    secret = store.read(tenant_id, entry.wanted.unique_name)
    return {
        "name": entry.name,
        "client_id": entry.wanted.client_id,
        "restriction": entry.wanted.restriction.mode,
        "secret_key_id": secret.key_id if secret else None,
        "secret_ends": secret.end.isoformat() if secret else None,
        "delivered_at": secret.delivered.isoformat(timespec="seconds") if secret and secret.delivered else None,
        "handed_off": bool(secret and secret.handed_off),
        "proven_at": secret.proof.at.isoformat(timespec="seconds") if secret and secret.proof else None,
    }


def _changed(entry: Json, index: int, steps: Json) -> dict[str, t.Any]:
    application, issued, proof = (item_result(steps, part, index) for part in ("application", "secret", "proof"))
    found = dict(entry)
    if application.get("registration"):
        found["client_id"] = application["registration"]["client_id"]
    secret = issued.get("secret")
    if secret and secret["key_id"] != entry["secret_key_id"]:
        found |= {
            "secret_key_id": secret["key_id"],
            "secret_ends": secret["end"],
            "proven_at": None,
            "handed_off": False,
        }
    if secret:
        found["delivered_at"] = secret["delivered"]
    if "file" in steps.get("hand-off", {}):
        found["handed_off"] = True
    if proof.get("state") not in (None, "pending"):
        found["proven_at"] = proof["proven_at"]
    return found


def _done(part: str, registered: Json) -> t.Iterator[dict[str, t.Any]]:
    for result in registered.get("results", [registered]):
        if result.get("changed"):
            name = result.get("__registration", {}).get("name")
            yield {"registration": name, "part": part, "changes": result.get("changes", [])}
