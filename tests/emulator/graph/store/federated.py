# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Federated identity credentials of applications: whose tokens stand in for a secret."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.graph.store.conflicts import Conflict, Reason
from emulator.graph.store.directory import Directory
from emulator.graph.store.ids import RANDOM
from emulator.graph.store.records import Body, Record
from emulator.graph.store.templates import FEDERATED

# learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
MOST = 20


def of_body(application: Body) -> Sequence[Body]:
    found: Sequence[Body] = application.get(FEDERATED, ())
    return found


def find(application: Body, key: str) -> Body | None:
    """By id or by name."""
    return next((entry for entry in of_body(application) if key in (entry["id"], entry["name"])), None)


def add(directory: Directory, record: Record, wanted: Body, *, settled_id: str = "") -> Body:
    existing = of_body(record.true.body)
    if len(existing) >= MOST:
        raise Conflict(Reason.TOO_MANY_FEDERATED)
    entry = {"id": settled_id or RANDOM.object_id(), "description": None, **wanted}
    _require_free(existing, entry)
    directory.change(record, {FEDERATED: [*existing, entry]}, settled=bool(settled_id))
    return entry


def update(directory: Directory, record: Record, entry: Body, changes: Body) -> None:
    if changes.get("name", entry["name"]) != entry["name"]:
        raise Conflict(Reason.FEDERATED_NAME_FIXED)
    others = _without(record, entry)
    changed = {**entry, **changes}
    _require_free(others, changed)
    directory.change(record, {FEDERATED: [*others, changed]})


def remove(directory: Directory, record: Record, entry: Body) -> None:
    directory.change(record, {FEDERATED: _without(record, entry)})


def _without(record: Record, entry: Body) -> list[Body]:
    return [other for other in of_body(record.true.body) if other["id"] != entry["id"]]


def _require_free(existing: Sequence[Body], entry: Body) -> None:
    """Both the name, and issuer and subject together, are unique on an application."""
    for other in existing:
        same_token = (other["issuer"], other["subject"]) == (entry["issuer"], entry["subject"])
        if same_token or other["name"] == entry["name"]:
            raise Conflict(Reason.FEDERATED_TAKEN, entry["name"])
