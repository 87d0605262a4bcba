# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import Desired
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore


def known_client_id(store: SecretStore, tenant_id: str, unique_name: str) -> str | None:
    """By which the store knows the registration: by its secret, or by what it noted when the registration was made."""
    noted = store.registration(tenant_id, unique_name)
    if noted is not None and noted.client_id is not None:
        return noted.client_id
    secret = store.read(tenant_id, unique_name)
    return secret.client_id if secret is not None else None


def with_store(desired: Desired, store: SecretStore, tenant_id: str) -> Desired:
    """With what the store knows of the registration."""
    noted = store.registration(tenant_id, desired.unique_name)
    return replace(
        desired,
        client_id=desired.client_id or known_client_id(store, tenant_id, desired.unique_name),
        by_store=True,
        announced=noted.announced if noted else None,
        restoring=noted is not None and noted.restoring,
    )


def locate(given: str | None, store: SecretStore | None, tenant_id: str, unique_name: str) -> str | None:
    """The client id of a registration that is there already, where it is given or known."""
    if given is not None or store is None:
        return given
    return known_client_id(store, tenant_id, unique_name)


def require_client_id(given: str | None, store: SecretStore | None, tenant_id: str, unique_name: str) -> str:
    """Never by the key, which may sit on somebody else's application. Raises InputError where it is not known."""
    found = locate(given, store, tenant_id, unique_name)
    if found is None:
        raise InputError(
            "The store does not know it, and its key alone may be on another application.",
            next_step="Give its client_id, or the store that it was made with.",
            code="RegistrationUnknown",
        )
    return found


def require_made_by_us(client_id: str | None, found: Json | None, unique_name: str, automation: str) -> None:
    """Raises InputError for an application that was found by its key alone, and was made with another client than ours.

    Without an earlier note of it there is nothing better to go by, as for azure_app_registration.
    """
    if found is not None and (found.get("createdByAppId") or "").lower() != automation:
        require_located(client_id, found, unique_name)


def require_located(client_id: str | None, found: Json | None, unique_name: str) -> None:
    """Raises InputError for an application that was found by its key alone: everybody may give theirs that key."""
    if client_id is None and found is not None:
        raise InputError(
            f"The application with client id {found['appId']} has the key {unique_name}, which proves nothing: whoever "
            "owns an application can give it that key.",
            next_step="Give client_id, as azure_app_registration returned it, or a store that knows the registration.",
            code="ClientIdMissing",
        )
