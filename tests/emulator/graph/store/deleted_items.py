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
    """What was granted vanishes; restoring does not bring it back (Microsoft does not say: the stricter reading)."""
    for grant in grants.of_service_principal(directory, record.id):
        grants.revoke(directory, grant)
    _soft_delete(directory, record)


def _soft_delete(directory: Directory, record: Record) -> None:
    body = {**record.true.body, "deletedDateTime": stamp(directory.clock.now())}
    directory.put(record, record.true._replace(place=Place.DELETED, body=body))


def restore(directory: Directory, record: Record) -> None:
    """An application comes back without its service principal, which is restored by a call of its own."""
    body = {**record.true.body, "deletedDateTime": None}
    if record.kind is Kind.SERVICE_PRINCIPAL:
        application = directory.find(Kind.APPLICATION, "appId", body["appId"])
        if application is not None and not application.true.live:
            raise Conflict(Reason.NO_SUCH_APPLICATION, body["appId"])
    directory.put(record, record.true._replace(place=Place.LIVE, body=body))


def purge(directory: Directory, record: Record) -> None:
    for credential in record.true.body["passwordCredentials"]:
        directory.secrets.pop(credential["keyId"], None)
    directory.put(record, record.true._replace(place=Place.GONE))
