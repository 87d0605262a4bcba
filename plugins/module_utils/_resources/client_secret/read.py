# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import (
    is_young,
    parse_time,
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

FIELDS = "id,appId,createdDateTime,passwordCredentials"


def read(graph: GraphClient, store: SecretStore, tenant_id: str, unique_name: str, desired: Desired) -> Actual:
    """The policy is asked for only where a secret will be issued."""
    body = find_application(graph, unique_name, desired.client_id)
    stored = store.read(tenant_id, unique_name)
    if stored is not None and desired.handed_off:
        stored = stored.handed_off_at(graph.now)
    actual = Actual(graph.now)
    if body is not None:
        actual = replace(
            _from_graph(body, stored, graph.now), announced=_announced(store, tenant_id, unique_name, graph.now)
        )
    if needs_secret(actual, desired):
        store.check()
        actual = replace(actual, policy=read_policy(graph, body))
    return actual


def _announced(store: SecretStore, tenant_id: str, unique_name: str, now: datetime) -> frozenset[str]:
    rows = store.announced(tenant_id, unique_name)
    return frozenset(row.label for row in rows if now - row.at < ANNOUNCED_FOR)


def _from_graph(body: Json, stored: StoredSecret | None, now: datetime) -> Actual:
    return Actual(
        now=now,
        credentials=_credentials(body),
        # The secret of an application that was deleted and made anew is none of this one's.
        stored=stored if stored is not None and stored.client_id == body["appId"] else None,
        id=body["id"],
        app_id=body["appId"],
        young=is_young(body.get("createdDateTime"), now),
    )


def _credentials(body: Json) -> tuple[Credential, ...]:
    rows = body.get("passwordCredentials", ())
    return tuple(Credential(row["keyId"], row.get("displayName") or "", parse_time(row["endDateTime"])) for row in rows)
