# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import (
    GraphClient,
    Read,
    odata_string,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import optional
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import (
    is_young,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.model import (
    Actual,
    Credential,
    Desired,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.plan import needs_secret
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import read_policy
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    ANNOUNCED_FOR,
    SecretStore,
    StoredSecret,
)

_SIGN_INS = "/reports/appCredentialSignInActivities"

FIELDS = "id,appId,createdDateTime,passwordCredentials"


def read(
    graph: GraphClient,
    store: SecretStore,
    tenant_id: str,
    unique_name: str,
    desired: Desired,
    beta: GraphClient | None = None,
) -> Actual:
    """The policy is asked for only where a secret will be issued. `beta`: where the use of secrets is told; None in a
    cloud that does not tell it."""
    body = find_application(graph, unique_name, desired.client_id)
    actual = _held(graph, store, tenant_id, unique_name, body, handed_off=desired.handed_off)
    if desired.reads_reports:
        actual = replace(actual, reports_missing=beta is None)
        if beta is not None and actual.stored is not None:
            actual = replace(actual, used=_used(beta, actual.stored.client_id))
    if needs_secret(actual, desired):
        store.check()
        actual = replace(actual, policy=read_policy(graph, body))
    return actual


def read_absent(
    graph: GraphClient, store: SecretStore, tenant_id: str, unique_name: str, client_id: str | None
) -> Actual:
    """As much as `plan_absent` needs."""
    body = find_application(graph, unique_name, client_id)
    return _held(graph, store, tenant_id, unique_name, body, handed_off=False)


def _held(
    graph: GraphClient, store: SecretStore, tenant_id: str, unique_name: str, body: Json | None, *, handed_off: bool
) -> Actual:
    """What the application has, and what the store knows of it."""
    if body is None:
        return Actual(graph.now)
    # Asked for first, and after the application: what another run has issued is in the store by now, or announced.
    announced = store.announced(tenant_id, unique_name)
    stored = store.read(tenant_id, unique_name)
    if stored is not None and handed_off:
        stored = stored.handed_off_at(graph.now)
    notes = [row for row in announced if graph.now - row.at < ANNOUNCED_FOR]
    return replace(
        _from_graph(body, stored, graph.now, graph.stops_removal),
        announced=frozenset(row.label for row in notes),
        underway=frozenset(row.label for row in notes if graph.now - row.at < store.orphan_age),
    )


def _used(beta: GraphClient, client_id: str) -> dict[str, datetime]:
    """Empty where it cannot be had: beta, in the global cloud only, and for AuditLog.Read.All."""
    path, query = used_read(client_id)
    rows = optional(lambda: beta.list(path, query, action="read when client secrets were used"))
    times = ((row.get("keyId"), (row.get("signInActivity") or {}).get("lastSignInDateTime")) for row in rows or ())
    return {str(key_id): parse_time(moment) for key_id, moment in times if key_id and moment}


def used_read(client_id: str) -> Read:
    """When the application's client secrets were used; of Graph beta."""
    return _SIGN_INS, {"$filter": f"appId eq {odata_string(client_id)}"}


def _from_graph(body: Json, stored: StoredSecret | None, now: datetime, stops_removal: str | None) -> Actual:
    return Actual(
        now=now,
        credentials=_credentials(body),
        # The secret of an application that was deleted and made anew is none of this one's.
        stored=stored if stored is not None and stored.client_id == body["appId"] else None,
        id=body["id"],
        app_id=body["appId"],
        stops_removal=stops_removal,
        young=is_young(body.get("createdDateTime"), now),
    )


def _credentials(body: Json) -> tuple[Credential, ...]:
    rows = body.get("passwordCredentials", ())
    return tuple(Credential(row["keyId"], row.get("displayName") or "", parse_time(row["endDateTime"])) for row in rows)
