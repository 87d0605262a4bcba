# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.model import Actual
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore


def read(graph: GraphClient, store: SecretStore, tenant_id: str, unique_name: str, client_id: str) -> Actual:
    noted = store.offboarding(tenant_id, unique_name)
    return Actual(graph.now, noted, exists=find_application(graph, unique_name, client_id) is not None)
