# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import NotFoundError, ReplicationError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient, Read
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import (
    DEADLINE,
    is_young,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import (
    APPLICATION,
    CERTIFICATE,
    FEDERATED,
    OWNER,
    SECRET,
    SERVICE_PRINCIPAL,
    Access,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
    owners_read,
    service_principal_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tries


class Found(t.NamedTuple):
    """Object ids of application and service principal, None where there is none, and who can sign in."""

    application_id: str | None = None
    principal_id: str | None = None
    entries: tuple[Access, ...] = ()


def reads(application_id: str, principal_id: str | None) -> list[Read]:
    """What `read` asks besides application and service principal, which carry their secrets and certificates."""
    of_principal = [owners_read("servicePrincipals", principal_id)] if principal_id else []
    return [owners_read("applications", application_id), _federated_read(application_id), *of_principal]


def _federated_read(application_id: str) -> Read:
    return f"/applications/{application_id}/federatedIdentityCredentials", None


def read(
    graph: GraphClient,
    unique_name: str,
    client_id: str | None,
    also: t.Callable[[str], t.Iterable[Read]] = lambda _principal_id: (),
) -> Found:
    """All credentials and owners of application and service principal.

    `also`: what is read of the service principal in the same batch.
    """
    application = find_application(graph, unique_name, client_id)
    if application is None:
        return Found()
    principal = graph.find(*service_principal_read(application["appId"]), action="read the service principal")
    principal_id = principal["id"] if principal else None
    wanted = reads(application["id"], principal_id)
    graph.read_missing([*wanted, *(also(principal_id) if principal_id else ())])
    for _turn in tries("owners and credentials to be readable", DEADLINE):
        try:
            return Found(application["id"], principal_id, tuple(_all(graph, application, principal)))
        except NotFoundError:
            # The lists of a new object are as late as the object itself.
            if not is_young(application.get("createdDateTime"), graph.now):
                raise
            graph.read_ahead(wanted)
    raise ReplicationError(
        f"Owners and credentials of {unique_name} cannot be read after {DEADLINE.total_seconds():.0f} s.",
        next_step="Run again in some minutes; the next run goes on where this one stopped.",
    )


def _all(graph: GraphClient, application: Json, principal: Json | None) -> t.Iterator[Access]:
    yield from _keys(application, APPLICATION)
    action = "read the federated credentials"
    for row in graph.list(*_federated_read(application["id"]), action=action):
        yield Access(FEDERATED, APPLICATION, row["id"], f"{row.get('issuer') or ''} {row.get('subject') or ''}".strip())
    yield from _owners(graph, owners_read("applications", application["id"]), APPLICATION)
    if principal is not None:
        yield from _keys(principal, SERVICE_PRINCIPAL)
        yield from _owners(graph, owners_read("servicePrincipals", principal["id"]), SERVICE_PRINCIPAL)


def _keys(body: Json, place: str) -> t.Iterator[Access]:
    for kind, field in ((SECRET, "passwordCredentials"), (CERTIFICATE, "keyCredentials")):
        for row in body.get(field) or ():
            end = row.get("endDateTime")
            name, start = row.get("displayName") or "", row.get("startDateTime")
            yield Access(kind, place, row["keyId"], name, start, parse_time(end) if end else None)


def _owners(graph: GraphClient, wanted: Read, place: str) -> t.Iterator[Access]:
    for row in graph.list(*wanted, action=f"read the owners of the {place}"):
        yield Access(OWNER, place, row["id"], row.get("displayName") or "")
