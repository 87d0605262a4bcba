# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Soft deletion, restoring and purging."""

from __future__ import annotations

from emulator.clock import stamp
from emulator.graph.store import grants
from emulator.graph.store.conflicts import Conflict, Reason
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Kind, Place, Record


def delete_application(directory: Directory, record: Record) -> None:
    """Takes the service principal of the same tenant along."""
    _soft_delete(directory, record)
    principal = directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", record.true.body["appId"])
    if principal is not None:
        delete_service_principal(directory, principal)


def delete_service_principal(directory: Directory, record: Record) -> None:
    """What was granted vanishes. Whether it comes back Microsoft does not say: as the tenant's seed has it."""
    held = [grant for grant in grants.of_service_principal(directory, record.id) if _is_held_by(record.id, grant)]
    for grant in list(grants.of_service_principal(directory, record.id)):
        grants.revoke(directory, grant)
    directory.gone_with[record.id] = held
    _soft_delete(directory, record)


def _is_held_by(principal_id: str, grant: Record) -> bool:
    body = grant.true.body
    return principal_id in (body.get("principalId"), body.get("clientId"))


def _soft_delete(directory: Directory, record: Record) -> None:
    body = {**record.true.body, "deletedDateTime": stamp(directory.clock.now())}
    directory.put(record, record.true._replace(place=Place.DELETED, body=body))


def restore(directory: Directory, record: Record) -> None:
    """An application comes back without its service principal, which is restored by a call of its own, but for tenants
    whose seed says otherwise: Graph's documentation and the admin center's differ."""
    body = {**record.true.body, "deletedDateTime": None}
    if record.kind is Kind.SERVICE_PRINCIPAL:
        application = directory.find(Kind.APPLICATION, "appId", body["appId"])
        if application is not None and not application.true.live:
            raise Conflict(Reason.NO_SUCH_APPLICATION, body["appId"])
    directory.put(record, record.true._replace(place=Place.LIVE, body=body))
    if record.kind is Kind.SERVICE_PRINCIPAL:
        _give_back(directory, record)
    elif directory.restoring.principal:
        principal = directory.find(Kind.SERVICE_PRINCIPAL, "appId", body["appId"])
        if principal is not None and principal.true.place is Place.DELETED:
            restore(directory, principal)


def _give_back(directory: Directory, principal: Record) -> None:
    for grant in directory.gone_with.pop(principal.id, []) if directory.restoring.grants else []:
        directory.put(grant, grant.true._replace(place=Place.LIVE))


def purge(directory: Directory, record: Record) -> None:
    for credential in record.true.body["passwordCredentials"]:
        directory.secrets.pop(credential["keyId"], None)
    directory.put(record, record.true._replace(place=Place.GONE))
