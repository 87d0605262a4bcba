# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    client_id_read,
    service_principal_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.model import Actual

_ACTION = "read whether the registration may sign in"


def read(graph: GraphClient, client_id: str) -> Actual:
    """In one batch."""
    wanted = [service_principal_read(client_id), client_id_read(client_id)]
    graph.read_ahead(wanted)
    principal, application = (graph.find(*one, action=_ACTION) for one in wanted)
    return Actual(
        client_id,
        object_id=str(application["id"]) if application else None,
        principal_id=str(principal["id"]) if principal else None,
        principal_enabled=principal.get("accountEnabled") if principal else None,
        application_disabled=application.get("isDisabled") if application else None,
    )
