# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_secret import ClientSecret
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.probe import Registration
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredSecret


def sign_in_as(tenant: Tenant, secret: StoredSecret, unique_name: str, client_id: str | None = None) -> Registration:
    """The registration with the secret that the store holds of it. Raises InputError where it has lost that secret."""
    body = find_application(tenant.graph, unique_name, client_id) or {}
    rows = [row for row in body.get("passwordCredentials", ()) if row["keyId"] == secret.key_id]
    if not rows or body["appId"] != secret.client_id:
        raise InputError(
            f"The stored secret of {unique_name} is not among the application's.",
            next_step="Issue a new one with client_secret.",
            code="SecretGone",
        )
    tokens = tenant.tokens_of(ClientSecret(secret.client_id, secret.value, unique_name))
    return Registration(tenant.graph_api_as(tokens), tokens, parse_time(rows[0]["startDateTime"]))
