# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.clouds import CLOUDS
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.kinds import KINDS
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.key_vault_client import AUTH_KINDS
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_server import AUTH_METHODS

#: Of an application or identity, at a tenant or at a secret store.
_CREDENTIAL: dict[str, dict[str, t.Any]] = {
    "auth_client_id": {"type": "str"},
    "auth_client_secret": {"type": "str", "no_log": True},
    "auth_certificate_path": {"type": "path"},
    "auth_certificate_password": {"type": "str", "no_log": True},
    "auth_send_certificate_chain": {"type": "bool"},
    "auth_federated_token_file": {"type": "path", "no_log": False},
    "auth_service_connection_id": {"type": "str"},
    "auth_managed_identity_client_id": {"type": "str"},
}

#: Documented in the doc fragment totalview.exchange365.tenant.sign_in.
SIGN_IN: dict[str, dict[str, t.Any]] = {
    "tenant_id": {"type": "str"},
    "auth_kind": {"type": "str", "choices": list(KINDS)},
    **_CREDENTIAL,
    "auth_refresh_token_file": {"type": "path", "no_log": False},
    "cloud": {"type": "str", "choices": list(CLOUDS), "default": "Global"},
    "authority_url": {"type": "str"},
    "graph_url": {"type": "str"},
    "ca_path": {"type": "path"},
}

#: Documented in the doc fragment totalview.exchange365.tenant.
TENANT: dict[str, dict[str, t.Any]] = {
    **SIGN_IN,
    "exchange_url": {"type": "str"},
    "session": {"type": "str", "no_log": True},
}

#: Documented in the doc fragment totalview.exchange365.registration.
REGISTRATION: dict[str, dict[str, t.Any]] = {"unique_name": {"type": "str", "required": True}}

#: Documented in the doc fragment totalview.exchange365.registration.located.
LOCATED: dict[str, dict[str, t.Any]] = {"client_id": {"type": "str"}}

#: Documented in the doc fragment totalview.exchange365.store.
STORE: dict[str, dict[str, t.Any]] = {
    "store": {
        "type": "dict",
        "required": True,
        "options": {
            "type": {"type": "str", "choices": ["vault_file", "vault_kv2", "azure_key_vault"], "default": "vault_file"},
            "folder": {"type": "path"},
            "vault_id": {"type": "str"},
            "vault_password_file": {"type": "path"},
            "url": {"type": "str"},
            "namespace": {"type": "str"},
            "engine_mount_point": {"type": "str", "default": "secret"},
            "path": {"type": "str", "default": "totalview-exchange365"},
            "ca_cert": {"type": "path"},
            "auth_method": {"type": "str", "choices": list(AUTH_METHODS)},
            "mount_point": {"type": "str"},
            "token": {"type": "str", "no_log": True},
            "role_id": {"type": "str"},
            "secret_id": {"type": "str", "no_log": True},
            "jwt": {"type": "str", "no_log": True},
            "cert_auth_public_key": {"type": "path"},
            "cert_auth_private_key": {"type": "path", "no_log": False},
            "auth_kind": {"type": "str", "choices": list(AUTH_KINDS)},
            **_CREDENTIAL,
        },
        "required_if": [("type", "vault_file", ["folder"])],
    },
}
#: Of modules that keep no secret.
OPTIONAL_STORE: dict[str, dict[str, t.Any]] = {"store": {**STORE["store"], "required": False}}

#: Documented in the doc fragment totalview.exchange365.access.
ACCESS: dict[str, dict[str, t.Any]] = {
    "owners": {"type": "list", "elements": "str", "default": []},
    "keep": {"type": "list", "elements": "str", "default": []},
}

#: Of connector_plan. The secret variables may come by themselves, so that a module on another machine hides them.
VARIABLES: dict[str, dict[str, t.Any]] = {
    "variables": {"type": "dict", "required": True},
    "host": {"type": "str", "required": True},
    "inventory_dir": {"type": "str"},
    "connector_auth_client_secret": {"type": "str", "no_log": True},
    "connector_auth_certificate_password": {"type": "str", "no_log": True},
    "connector_store_token": {"type": "str", "no_log": True},
    "connector_store_secret_id": {"type": "str", "no_log": True},
    "connector_store_jwt": {"type": "str", "no_log": True},
    "connector_store_auth_client_secret": {"type": "str", "no_log": True},
    "connector_store_auth_certificate_password": {"type": "str", "no_log": True},
}

PERMISSIONS: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "resource_app_id": {"type": "str", "default": "00000003-0000-0000-c000-000000000000"},
        "application": {"type": "list", "elements": "str", "default": []},
        "delegated": {"type": "list", "elements": "str", "default": []},
    },
}
