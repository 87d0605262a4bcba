# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of applications."""

from __future__ import annotations

from uuid import uuid4

from emulator.clock import stamp
from emulator.graph.store import templates
from emulator.graph.store.conflicts import Conflict, Reason
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Body, Kind, Record

# Objects inside an application of which a PATCH changes only the members that it names; everything else is replaced.
MERGED = ("api", "info", "parentalControlSettings", "publicClient", "spa", "web")


def create(
    directory: Directory,
    fields: Body,
    *,
    owners: tuple[str, ...] = (),
    created_by: str | None = None,
    settled: bool = False,
) -> Record:
    """Presets of `id`, `appId` and `createdDateTime` among the fields come from seeds only."""
    require_free(directory, fields.get("uniqueName"))
    body: Body = {
        **templates.APPLICATION,
        "id": str(uuid4()),
        "appId": str(uuid4()),
        "createdDateTime": stamp(directory.clock.now()),
        "publisherDomain": directory.default_domain,
        **merged(templates.APPLICATION, fields),
    }
    body["createdByAppId"] = created_by
    return directory.add(Kind.APPLICATION, body, owners=owners, settled=settled)


def update(directory: Directory, record: Record, changes: Body, *, settled: bool = False) -> None:
    current = record.true.body
    if "uniqueName" in changes and changes["uniqueName"] != current["uniqueName"]:
        # Microsoft calls the name immutable, yet sets it once on an application that has none.
        if current["uniqueName"] is not None:
            raise Conflict(Reason.UNIQUE_NAME_FIXED)
        require_free(directory, changes["uniqueName"])
    directory.change(record, merged(current, changes), settled=settled)
    principal = directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", current["appId"])
    if "isDisabled" in changes and principal is not None:
        # Set on the registration, shown on its service principal too ("Deactivate an app registration").
        directory.change(principal, {"isDisabled": changes["isDisabled"]}, settled=settled)


def require_free(directory: Directory, unique_name: str | None) -> None:
    """A soft-deleted application keeps its name; Microsoft does not say, so the stricter reading holds."""
    if unique_name is not None and directory.find(Kind.APPLICATION, "uniqueName", unique_name) is not None:
        raise Conflict(Reason.UNIQUE_NAME_TAKEN)


def merged(current: Body, changes: Body) -> Body:
    return {
        name: {**current[name], **value} if name in MERGED and isinstance(value, dict) else value
        for name, value in changes.items()
    }


def add_owner(directory: Directory, record: Record, owner_id: str) -> None:
    if owner_id in record.true.owners:
        raise Conflict(Reason.OWNER_EXISTS)
    directory.put(record, record.true._replace(owners=(*record.true.owners, owner_id)))


def remove_owner(directory: Directory, record: Record, owner_id: str) -> bool:
    if owner_id not in record.true.owners:
        return False
    remaining = tuple(owner for owner in record.true.owners if owner != owner_id)
    directory.put(record, record.true._replace(owners=remaining))
    return True


def find_owner(directory: Directory, object_id: str) -> Record | None:
    """Owners are people or service principals of the same tenant."""
    user = directory.find_live(Kind.USER, "id", object_id)
    return user or directory.find_live(Kind.SERVICE_PRINCIPAL, "id", object_id)
