# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._duration import in_words
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import (
    not_removed,
    require_removal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.apply import apply
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.model import (
    Actual,
    Desired,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.plan import (
    ends_soon,
    foreign,
    held_back,
    issues,
    needs_secret,
    plan,
    plan_absent,
    still_used,
    type_in,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import POLICY, doubt
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.read import (
    read,
    read_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.locate import (
    locate,
    require_made_by_us,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
    located_reads,
    require,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredSecret
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.tenant_host import check_host


def run(call: Call) -> Outcome:
    return _absent(call) if call.params["state"] == "absent" else _present(call)


def _absent(call: Call) -> Outcome:
    tenant, store = call.tenant(), open_store(call.params["store"], call.vault)
    unique_name, tenant_id = call.params["unique_name"], tenant.directory_id
    client_id = locate(call.params["client_id"], store, tenant_id, unique_name)
    actual = read_absent(tenant.graph, store, tenant_id, unique_name, client_id)
    require_removal(tenant.clock.stops_removal)
    change = plan_absent(actual)
    if not call.check_mode:
        apply(tenant.graph, store, tenant_id, unique_name, actual, change)
    values = {"secret": None, "type_in": None, "foreign_secrets": [_view(entry) for entry in foreign(actual)]}
    return Outcome(values, change, tuple(_others(actual)))


def _present(call: Call) -> Outcome:
    tenant, store = call.tenant(), open_store(call.params["store"], call.vault)
    unique_name = call.params["unique_name"]
    desired = Desired.from_params(call.params, store.address)
    desired = replace(desired, client_id=locate(desired.client_id, store, tenant.directory_id, unique_name))
    tenant.graph.read_ahead([*located_reads(unique_name, desired.client_id)[:1], POLICY])
    found = find_application(tenant.graph, unique_name, desired.client_id)
    require_made_by_us(desired.client_id, found, unique_name, tenant.client_id)
    actual = read(tenant.graph, store, tenant.directory_id, unique_name, desired, tenant.sign_in_reports)
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
        "secret": stored and {**_view(stored), **_deliveries(stored)},
        "type_in": _type_in(actual, stored, change),
        "foreign_secrets": [_view(entry) for entry in foreign(actual)],
    }
    return Outcome(values, change, (*_others(actual), *findings(actual, desired)))


def _view(secret: t.Any) -> dict[str, str]:
    return {"key_id": secret.key_id, "label": secret.label, "end": secret.end.isoformat()}


def _deliveries(secret: StoredSecret) -> dict[str, str | None]:
    times = {"handed_off": secret.handed_off, "delivered": secret.delivered}
    return {name: moment.isoformat(timespec="seconds") if moment else None for name, moment in times.items()}


def _type_in(actual: Actual, stored: StoredSecret | None, change: Change[Step]) -> dict[str, t.Any] | None:
    awaited = type_in(actual, stored, change)
    return awaited.view() if awaited else None


def _others(actual: Actual) -> t.Iterator[str]:
    if keys := ", ".join(entry.key_id for entry in foreign(actual)):
        yield f"The application has client secrets of others: {keys}."


def findings(actual: Actual, desired: Desired) -> t.Iterator[str]:
    """What stops the connector, and what is not certain. Secrets of others are told where all credentials are."""
    if actual.reports_missing:
        yield (
            "Microsoft's sign-in reports exist in the cloud Global only: sign_in_reports is left out here, and "
            "deliveries are known only by what is named as delivered."
        )
    kept = held_back(actual, desired)
    if kept:
        yield not_removed(str(actual.stops_removal), (step.describe() for step in kept))
    for entry in actual.credentials:
        if entry.key_id in desired.revoked and not kept:
            yield f"Secret {entry.key_id} is revoked: whoever uses it stops until the newest one is typed in."
    for key_id, moment in still_used(actual).items():
        yield (
            f"Secret {key_id} was used at {moment:%Y-%m-%dT%H:%M:%SZ}, after a newer one was delivered. It is not "
            "removed: type the newer one in wherever the older one is."
        )
    current, soon = actual.current, ends_soon(actual.stored, actual.now)
    if current and soon and soon[0] == current.key_id and not needs_secret(actual, desired):
        yield (
            f"Secret {current.key_id} ends on {current.end:%Y-%m-%d} and is renewed only in its last "
            f"{in_words(desired.renew_before)}: that is how long somebody has to type in the next one."
        )
    if doubtful := doubt(actual.policy):
        yield doubtful
