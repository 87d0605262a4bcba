# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._duration import parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.binding import Bound
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.model import (
    Judgement,
    RecordProof,
    Task,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.prove import prove
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.sign_in import note_sign_in
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    SecretStore,
    StoredProof,
    StoredSecret,
)


def run(call: Call) -> Outcome:
    tenant, store, params = call.tenant(), open_store(call.params["store"], call.vault), call.params
    step = RecordProof(params["unique_name"])
    to_come = Outcome(_values("pending"), Change({"proven": False}, {"proven": True}, (step,)))
    if not params["fingerprint"]:
        return to_come
    secret = _stored(store, tenant, params["unique_name"])
    known = None if params["again"] else _bound(params).proof_of(secret, tenant.graph.now)
    if known is None and params["pending"]:
        return to_come
    if known is not None:
        return Outcome(_values("proven", proven_at=known.at), _unchanged(proven=True))
    if not call.check_mode:
        note_sign_in(store, tenant.directory_id, params["unique_name"], secret, tenant.graph.now)
    task = Task.from_params(params, sends=not call.check_mode)
    judgement, now = prove(tenant, secret, task.at_once() if call.check_mode else task)
    if judgement.state != "proven":
        return Outcome(_values(judgement.state, judgement), _unchanged(proven=False))
    if not call.check_mode:
        proof = StoredProof(params["fingerprint"], now)
        store.revise(
            tenant.directory_id, params["unique_name"], secret.key_id, lambda stored: replace(stored, proof=proof)
        )
    change = Change({"proven": False}, {"proven": True}, (step,))
    return Outcome(_values("proven", judgement, proven_at=now), change)


def _bound(params: t.Mapping[str, t.Any]) -> Bound:
    since = params.get("since")
    return Bound(
        params["fingerprint"],
        datetime.fromisoformat(since) if since else None,
        parse_duration(params["valid_for"], "valid_for"),
    )


def _stored(store: SecretStore, tenant: Tenant, unique_name: str) -> StoredSecret:
    secret = store.read(tenant.directory_id, unique_name)
    if secret is None:
        raise InputError(
            f"The store holds no secret of {unique_name}.", next_step="Issue one with client_secret.", code="NoSecret"
        )
    return secret


def _unchanged(*, proven: bool) -> Change[RecordProof]:
    return Change({"proven": proven}, {"proven": proven})


def _values(state: str, judgement: Judgement | None = None, *, proven_at: datetime | None = None) -> dict[str, t.Any]:
    waiting = judgement if state == "waiting_for_exchange" else None
    return {
        "state": state,
        "checks": [check.view() for check in judgement.checks] if judgement else [],
        "since": judgement and judgement.since.isoformat(timespec="seconds"),
        "try_again_at": waiting and waiting.try_again_at.isoformat(timespec="seconds"),
        "proven_at": proven_at and proven_at.isoformat(timespec="seconds"),
    }
