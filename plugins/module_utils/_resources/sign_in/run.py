# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ConnectorError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.check import Gate
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.locate import (
    require_client_id,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.apply import apply
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.model import (
    OLD_TOKENS,
    Actual,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.read import read
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore, StoredSwitch


def run(call: Call) -> Outcome:
    """The work of azure_app_sign_in."""
    tenant, unique_name, enabled = call.tenant(), call.params["unique_name"], call.params["enabled"]
    store = open_store(call.params["store"], call.vault) if call.params["store"] else None
    try:
        client_id = require_client_id(call.params["client_id"], store, tenant.directory_id, unique_name)
        if enabled:
            _check_wanted(store, tenant.directory_id, unique_name)
        actual = read(tenant.graph, client_id)
        if not actual.exists:
            raise _not_there(actual)
        if enabled:
            _check_gate(call, tenant, store, actual)
        change = plan(actual, enabled=enabled)
        if not call.check_mode:
            _switch(call, tenant, store, actual, change)
    except ConnectorError as error:
        error.message = f"{unique_name} is NOT {_word(enabled=enabled)}, as far as is known: {error.message}"
        raise
    planned_only = call.check_mode and change.changed
    follows = "You run again without check mode." if planned_only else _next(enabled=enabled)
    values = {"client_id": actual.client_id, "enabled": enabled, "next": follows, **change.after}
    return Outcome(values, change)


def _switch(call: Call, tenant: Tenant, store: SecretStore | None, actual: Actual, change: Change[Step]) -> None:
    """The note that keeps every other playbook from undoing it is there before, and goes after."""
    unique_name, enabled = call.params["unique_name"], call.params["enabled"]
    if store is not None and not enabled:
        noted = store.switched_off(tenant.directory_id, unique_name)
        since = noted.since if noted else tenant.graph.now
        store.note_switched_off(tenant.directory_id, unique_name, noted or StoredSwitch(since, call.by))
    apply(tenant.graph, actual, change, enabled=enabled)
    if store is not None and enabled:
        store.note_switched_off(tenant.directory_id, unique_name, None)


def _not_there(actual: Actual) -> InputError:
    return InputError(
        f"There is no application with client id {actual.client_id} in the tenant.",
        next_step="Look among the deleted applications (Microsoft Entra admin center, App registrations); a deleted "
        "one signs in no more.",
        code="RegistrationMissing",
    )


def _check_wanted(store: SecretStore | None, tenant_id: str, unique_name: str) -> None:
    """What is being offboarded is not enabled."""
    noted = store.offboarding(tenant_id, unique_name) if store is not None else None
    if noted is not None:
        raise InputError(
            f"It is being offboarded since {noted.since:%Y-%m-%d %H:%M} UTC by {noted.by}.",
            next_step="Where the customer comes back, name the host in connector_onboard_again and run the onboarding.",
            code="BeingOffboarded",
        )


def _check_gate(call: Call, tenant: Tenant, store: SecretStore | None, actual: Actual) -> None:
    """To enable is to consent anew to what is granted."""
    others = Gate.from_params(tenant, store, call.params).look(actual.client_id, note=not call.check_mode)
    if others.foreign:
        raise InputError(
            f"Somebody else can sign in with it: {'; '.join(others.told)}.",
            next_step="Remove these, or name what may stay (keep; of the role: connector_adopt_credentials and "
            "connector_calendar_owners or connector_mail_owners).",
            code="ForeignCredentials",
        )


def _word(*, enabled: bool) -> str:
    return "enabled" if enabled else "disabled"


def _next(*, enabled: bool) -> str:
    return "Run the onboarding: it proves what the registration reaches." if enabled else OLD_TOKENS
