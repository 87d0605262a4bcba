# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._duration import parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff.apply import (
    apply,
    note_handed_off,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff.model import Desired
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff.plan import (
    check_tenant,
    checked_address,
    handed_off,
    plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.sign_in import (
    await_sign_in,
    note_sign_in,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import Document
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_handoff, open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore, StoredSecret


def run(call: Call) -> Outcome:
    params = call.params
    store = open_store(params["store"], call.vault)
    documents = open_handoff(params["folder"], params["store"], call.vault)
    desired = _desired(call, store)
    present = documents.read(params["name"])
    check_tenant(present, desired.tenant_id, documents.where(params["name"]))
    change = plan(present, desired, params["name"])
    if change.changed:
        documents.check()
    _await_usable(call, store, present, desired)
    if not call.check_mode:
        _require_complete(desired)
        # Before it is written: who is killed in between has told too much, never too little.
        note_handed_off(store, desired.tenant_id, _by_registration(params, desired.secrets), _now(call))
        apply(documents, desired, change)
    return Outcome({"file": documents.where(params["name"])}, change)


def _by_registration(params: t.Mapping[str, t.Any], secrets: t.Mapping[str, StoredSecret]) -> dict[str, StoredSecret]:
    return {params[kind]: secret for kind, secret in secrets.items()}


def _await_usable(call: Call, store: SecretStore, present: Document | None, desired: Desired) -> None:
    """What is typed in must work at once. A proof has shown it, and so has whoever got the secret before."""
    known = handed_off(present, desired)
    for kind, secret in desired.secrets.items():
        if secret.proof is None and secret.handed_off is None and kind not in known:
            wait = timedelta() if call.check_mode else parse_duration(call.params["sign_in_wait"], "sign_in_wait")
            if not call.check_mode:
                note_sign_in(store, desired.tenant_id, call.params[kind], secret, _now(call))
            await_sign_in(call.tenant(), secret, call.params[kind], wait)


def _now(call: Call) -> datetime:
    return ServerClock(call.session.clock_offset if call.session is not None else None).now


def _desired(call: Call, store: SecretStore) -> Desired:
    tenant_id, pending = call.directory_id(), call.params["pending"]
    calendar, mail = (
        None if call.params[name] in pending else store.read(tenant_id, call.params[name])
        for name in ("calendar", "mail")
    )
    return Desired(tenant_id, calendar, mail, checked_address(call.params["sender"]))


def _require_complete(desired: Desired) -> None:
    if desired.missing:
        raise StoreError(
            f"The store holds no secret of this tenant's registration for {' and '.join(desired.missing)}.",
            next_step="Issue it first with client_secret; nothing was handed off.",
            code="HandoffIncomplete",
        )
