# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import NotFoundError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import (
    APPLICATION,
    FEDERATED,
    OWNER,
    SECRET,
    RemoveAccess,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.ways import WAYS, remove_way


def remove(graph: GraphClient, application_id: str, principal_id: str | None, step: RemoveAccess) -> None:
    """Somebody else may have removed it since our reading."""
    of_application = step.access.place == APPLICATION
    path = f"/applications/{application_id}" if of_application else f"/servicePrincipals/{principal_id}"
    action = step.describe()
    with contextlib.suppress(NotFoundError):
        if step.access.kind == OWNER:
            graph.delete(f"{path}/owners/{step.access.id}/$ref", action=action)
        elif step.access.kind == FEDERATED:
            graph.delete(f"{path}/federatedIdentityCredentials/{step.access.id}", action=action)
        elif step.access.kind in WAYS:
            remove_way(graph, path, step.access, action)
        elif step.access.kind == SECRET:
            graph.post_no_content(f"{path}/removePassword", {"keyId": step.access.id}, action=action)
        else:
            _remove_certificate(graph, path, step.access.id, action)


def _remove_certificate(graph: GraphClient, path: str, key_id: str, action: str) -> None:
    """Only the list as a whole can be written: what is in it now, without this one."""
    body: Json = graph.get(path, {"$select": "id,keyCredentials"}, action="read the certificates")
    rows = body.get("keyCredentials") or ()
    kept = [row for row in rows if row["keyId"].lower() != key_id.lower()]
    if len(kept) < len(rows):
        graph.patch(path, {"keyCredentials": kept}, action=action)
