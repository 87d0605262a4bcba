# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import os
import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import (
    SECRET_VARIABLES,
    Variables,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.environment import with_environment
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.kinds import CREDENTIAL_OPTIONS
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import MICROSOFT_GRAPH
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import (
    is_mailbox_permission,
)

#: The options of one module, complete: what validation would fill in is there.
Options: t.TypeAlias = "dict[str, t.Any]"
#: One registration: the variables of either kind under the same names.
Registration: t.TypeAlias = "t.Mapping[str, t.Any]"

#: Who signs in, at a tenant or at a secret store.
_SIGN_IN = (
    "auth_kind",
    "auth_client_id",
    "auth_client_secret",
    "auth_certificate_path",
    "auth_certificate_password",
    "auth_send_certificate_chain",
    "auth_federated_token_file",
    "auth_service_connection_id",
    "auth_managed_identity_client_id",
)
_CONNECTION = (
    "tenant_id",
    *_SIGN_IN,
    "auth_refresh_token_file",
    "cloud",
    "authority_url",
    "graph_url",
    "exchange_url",
    "ca_path",
)
_STORE = (
    "folder",
    "url",
    "namespace",
    "engine_mount_point",
    "path",
    "ca_cert",
    "auth_method",
    "mount_point",
    "token",
    "role_id",
    "secret_id",
    "jwt",
    "cert_auth_public_key",
    "cert_auth_private_key",
    *_SIGN_IN,
)
_OF_EITHER_KIND = (
    "unique_name",
    "display_name",
    "permissions",
    "tags",
    "owners",
    "adopt",
    "adopt_client_id",
    "restriction",
    "group",
    "members",
    "members_exact",
    "adopt_group",
)


def connection(variables: Variables) -> Options:
    """The options that every module of the action group has, also from the environment."""
    return with_environment({name: variables.get(f"connector_{name}") for name in _CONNECTION}, os.environ)


def without_secrets(options: Options, prefix: str = "connector_") -> Options:
    """What a result may tell of them; only options that are set. `prefix`: of the variables that they come from."""
    secret = {name.removeprefix(prefix) for name in SECRET_VARIABLES if name.startswith(prefix)}
    return {name: value for name, value in options.items() if value is not None and name not in secret}


def for_tasks(variables: Variables) -> Options:
    """How a task reaches the tenant; of a credential no part that the environment gave: a task takes it from there once
    more, as a whole."""
    found = without_secrets(connection(variables))
    elsewhere = [name for name in ("auth_kind", *CREDENTIAL_OPTIONS) if variables.get(f"connector_{name}") is None]
    return {name: value for name, value in found.items() if name not in elsewhere}


def with_connection(variables: Variables) -> dict[str, t.Any]:
    """The variables and what the environment of this machine adds to them."""
    found = {f"connector_{name}": value for name, value in connection(variables).items()}
    return {**variables, **{name: value for name, value in found.items() if value is not None}}


def store(variables: Variables) -> Options:
    return {
        "type": variables["connector_store"],
        "vault_id": variables["connector_vault_id"],
        "vault_password_file": None,
        **{name: variables[f"connector_store_{name}"] for name in _STORE},
    }


def places(variables: Variables) -> dict[str, t.Any]:
    """Where the role's other tasks find the tenant and the store."""
    return {
        "connection": for_tasks(variables),
        "store": without_secrets(store(variables), "connector_store_"),
    }


def registrations(variables: Variables) -> list[Registration]:
    """The one for calendars and the one for e-mail, in the order of the connector's form."""
    calendar, mail = (
        {"name": kind, **{name: variables[f"connector_{kind}_{name}"] for name in _OF_EITHER_KIND}}
        for kind in ("calendar", "mail")
    )
    sender = variables["connector_mail_sender"]
    calendar |= {"sender": None, "mailbox": sender if calendar["restriction"] == "none" else None, "test_mail_to": None}
    mail |= {"sender": sender, "mailbox": sender, "test_mail_to": variables["connector_test_mail_to"]}
    calendar["adopt_sender"], mail["adopt_sender"] = None, variables["connector_mail_adopt_sender"]
    decisions = [variables[name] or {} for name in ("connector_adopt_credentials", "connector_adopt_owners")]
    for registration in (calendar, mail):
        for name in ("keep", "remove"):
            registration[name] = [id_ for decision in decisions for id_ in decision.get(name, ())]
        if registration["adopt"] is None:
            registration["adopt"] = variables["connector_adopt"]
    return [calendar, mail]


def settings(registration: Registration, *, pending: bool, client_id: str | None = None) -> Options:
    """What the role's tasks give to the modules for one registration, and how it is called.

    `client_id`: by which the secret store knows it.
    """
    mode = registration["restriction"]
    return {
        **registration,
        "declared": _declared(registration),
        "mailbox_permissions": [name for name in registration["permissions"] if is_mailbox_permission(name, mode)],
        "pending": pending,
        "client_id": client_id,
    }


def application(variables: Variables, registration: Registration) -> Options:
    same = ("unique_name", "display_name", "tags", "owners", "adopt", "adopt_client_id")
    return {
        **{name: registration[name] for name in same},
        "state": "present",
        "sign_in_audience": variables["connector_sign_in_audience"],
        "notes": variables["connector_notes"],
        "enable": variables["connector_enable"],
        "permissions": _declared(registration),
        "overlap": variables["connector_secret_overlap"],
        **_others(variables, registration),
    }


def _others(variables: Variables, registration: Registration) -> Options:
    """What was decided about other people's credentials and owners."""
    named = {name: registration[name] for name in ("keep", "remove")}
    return {**named, "foreign_credentials": variables["connector_foreign_credentials"]}


def permissions(registration: Registration) -> Options:
    return {"unique_name": registration["unique_name"], "permissions": _declared(registration), "exact": True}


def restriction(variables: Variables, registration: Registration, *, proven: bool = False) -> Options:
    same = ("unique_name", "group", "members", "members_exact", "sender", "adopt", "adopt_group", "adopt_sender")
    return {
        **{name: registration[name] for name in same},
        "state": "present",
        "mode": registration["restriction"],
        "permissions": settings(registration, pending=False)["mailbox_permissions"],
        "api": variables["connector_rbac_api"],
        "proven": proven,
        "enforcement_delay": variables["connector_enforcement_delay"],
        "wait": variables["connector_exchange_wait"],
    }


def consent(registration: Registration, hold: t.Sequence[str]) -> Options:
    return {
        "unique_name": registration["unique_name"],
        "permissions": _declared(registration),
        "hold": list(hold),
    }


def secret(variables: Variables, registration: Registration) -> Options:
    of_all = ("valid_for", "renew_before", "overlap", "owner")
    return {
        "unique_name": registration["unique_name"],
        "store": store(variables),
        **{name: variables[f"connector_secret_{name}"] for name in of_all},
        "lost_store": variables["connector_lost_store"],
        "delivered": variables["connector_delivered"],
        "revoke": variables["connector_revoke"],
        **_others(variables, registration),
        "rotate": registration["name"] in variables["connector_rotate_force"],
        "handed_off": False,
        "sign_in_reports": variables["connector_sign_in_reports"],
    }


def proof(variables: Variables, registration: Registration) -> Options:
    """What is proven stands in the result of the restriction: `fingerprint` and `since` come with it."""
    return {
        "unique_name": registration["unique_name"],
        "store": store(variables),
        "permissions": registration["permissions"],
        "mode": registration["restriction"],
        "group": registration["group"],
        "mailbox": registration["mailbox"],
        "enforcement_delay": variables["connector_enforcement_delay"],
        "sign_in_wait": variables["connector_sign_in_wait"],
        "exchange_wait": variables["connector_exchange_wait"],
        "again": variables["connector_prove_again"],
        "valid_for": variables["connector_proof_valid"],
        "test_mail_to": registration["test_mail_to"],
    }


def handoff(variables: Variables, tenant_id: str, pending: t.Sequence[str]) -> Options:
    return {
        "tenant_id": tenant_id,
        "store": store(variables),
        "folder": variables["connector_handoff_folder"],
        "name": variables["connector_handoff_name"],
        "calendar": variables["connector_calendar_unique_name"],
        "mail": variables["connector_mail_unique_name"],
        "sender": variables["connector_mail_sender"],
        "pending": list(pending),
        "sign_in_wait": variables["connector_sign_in_wait"],
    }


def _declared(registration: Registration) -> list[dict[str, t.Any]]:
    """Roles of Exchange and grants of Microsoft Entra add up: what Exchange gives, Entra must not."""
    mode = registration["restriction"]
    names = [name for name in registration["permissions"] if mode != "rbac" or not is_mailbox_permission(name, mode)]
    return [{"resource_app_id": MICROSOFT_GRAPH, "application": names, "delegated": []}]
