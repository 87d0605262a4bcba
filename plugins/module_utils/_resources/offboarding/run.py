# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._duration import parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ReplicationError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.apply import close, note
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.model import (
    Actual,
    Close,
    Desired,
    Step,
    view,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.read import read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.locate import (
    require_client_id,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    SecretStore,
    StoredOffboarding,
)


def run(call: Call) -> Outcome:
    """The work of connector_offboarding."""
    tenant, store = call.tenant(), open_store(call.params["store"], call.vault)
    unique_name, tenant_id = call.params["unique_name"], tenant.directory_id
    client_id = require_client_id(call.params["client_id"], store, tenant_id, unique_name)
    actual = read(tenant.graph, store, tenant_id, unique_name, client_id)
    desired = _desired(call)
    if call.check_mode and actual.noted is None and desired.state != "begun":
        # The beginning was not noted either.
        actual = replace(actual, noted=StoredOffboarding(actual.now, desired.by))
    change = plan(actual, desired)
    noted = actual.noted
    if not call.check_mode:
        for step in change.steps:
            noted = _write(call, tenant, store, actual, step)
    return Outcome(view(noted, tenant.graph.now), change)


def _write(call: Call, tenant: Tenant, store: SecretStore, actual: Actual, step: Step) -> StoredOffboarding:
    unique_name = call.params["unique_name"]
    if not isinstance(step, Close):
        return note(store, tenant.directory_id, unique_name, step)
    if actual.exists:
        raise ReplicationError(
            f"The application of {unique_name} is still there.",
            next_step="Run again in some minutes; the next run goes on where this one stopped.",
            code="NotClosed",
        )
    return close(tenant, store, unique_name, step.noted, parse_duration(call.params["sign_in_wait"], "sign_in_wait"))


def _desired(call: Call) -> Desired:
    params = call.params
    return Desired(
        state=params["state"],
        by=call.by,
        ids=params["ids"],
        removals=tuple(params["removals"]),
        kept=tuple(params["kept"]),
    )
