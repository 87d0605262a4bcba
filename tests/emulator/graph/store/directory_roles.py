# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory roles of service principals: what Exchange asks for besides the app role in the token."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.graph.store.conflicts import Conflict, Reason
from emulator.graph.store.directory import Directory
from emulator.graph.store.ids import RANDOM
from emulator.graph.store.records import Kind, Record

# Template ids, the same in every tenant (Entra documentation, "Microsoft Entra built-in roles").
ROLES = {
    "Exchange Administrator": "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "Exchange Recipient Administrator": "31392ffb-586c-42d1-9346-e59415a2cc4e",
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
}


def assign(directory: Directory, principal_id: str, role_id: str, *, settled_id: str = "") -> Record:
    """For the whole directory; `settled_id` is for an assignment that everybody sees at once."""
    if role_id.lower() not in ROLES.values():
        raise Conflict(Reason.NO_SUCH_DIRECTORY_ROLE, role_id)
    if directory.find_live(Kind.SERVICE_PRINCIPAL, "id", principal_id) is None:
        raise Conflict(Reason.NO_SUCH_PRINCIPAL, principal_id)
    body = {
        "id": settled_id or RANDOM.grant_id(),
        "principalId": principal_id.lower(),
        "directoryScopeId": "/",
        "roleDefinitionId": role_id.lower(),
    }
    if any(_same(record, body) for record in directory.records(Kind.DIRECTORY_ROLE)):
        raise Conflict(Reason.DIRECTORY_ROLE_ASSIGNED)
    return directory.add(Kind.DIRECTORY_ROLE, body, settled=bool(settled_id))


def _same(record: Record, body: dict[str, str]) -> bool:
    known = record.true.body
    return record.true.live and all(known[name] == body[name] for name in ("principalId", "roleDefinitionId"))


def set_roles(directory: Directory, principal_id: str, names: list[str]) -> None:
    """What an administrator changes by hand; seen by everybody at once."""
    wanted = {ROLES[name] for name in names}
    for record in directory.records(Kind.DIRECTORY_ROLE):
        body = record.true.body
        if body["principalId"] != principal_id or not record.true.live:
            continue
        if body["roleDefinitionId"] in wanted:
            wanted.discard(body["roleDefinitionId"])
        else:
            directory.remove(record, settled=True)
    for role_id in sorted(wanted):
        assign(directory, principal_id, role_id, settled_id=RANDOM.grant_id())


def names_of(role_ids: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name, role_id in ROLES.items() if role_id in role_ids)


def held(directory: Directory, principal_id: str) -> frozenset[str]:
    """Names of the roles that the service principal holds, as far as readers see them yet."""
    names = {role_id: name for name, role_id in ROLES.items()}
    if directory.find_live(Kind.SERVICE_PRINCIPAL, "id", principal_id) is None:
        return frozenset()
    return frozenset(
        names[record.true.body["roleDefinitionId"]]
        for record in directory.records(Kind.DIRECTORY_ROLE)
        if record.true.body["principalId"] == principal_id and directory.read(record).live
    )
