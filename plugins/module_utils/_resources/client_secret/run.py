# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.apply import apply
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.model import (
    Actual,
    Desired,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.plan import (
    foreign,
    issues,
    plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import POLICY
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.read import read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    located_reads,
    require,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.tenant_host import check_host


def run(call: Call) -> Outcome:
    tenant, store = call.tenant(), open_store(call.params["store"], call.vault)
    unique_name = call.params["unique_name"]
    desired = Desired.from_params(call.params, store.address)
    tenant.graph.read_ahead([*located_reads(unique_name, desired.client_id)[:1], POLICY])
    actual = read(tenant.graph, store, tenant.directory_id, unique_name, desired)
    change = plan(actual, desired)
    stored = None if issues(change) else actual.stored
    if call.params["host"]:
        check_host(store.host(tenant.directory_id), call.params["host"], call.params["host_renamed"])
    if not call.check_mode:
        require(actual.id, unique_name)
        if call.params["host"]:
            store.note_host(tenant.directory_id, call.params["host"], call.params["host_renamed"])
        stored = apply(tenant.graph, store, tenant.directory_id, unique_name, actual, change)
    values = {
        "secret": stored and _view(stored),
        "foreign_secrets": [_view(entry) for entry in foreign(actual)],
    }
    return Outcome(values, change, findings(actual))


def _view(secret: t.Any) -> dict[str, str]:
    return {"key_id": secret.key_id, "label": secret.label, "end": secret.end.isoformat()}


def findings(actual: Actual) -> tuple[str, ...]:
    """What is not as it should be, and not ours to change."""
    keys = ", ".join(entry.key_id for entry in foreign(actual))
    return (f"The application has client secrets of others: {keys}.",) if keys else ()
