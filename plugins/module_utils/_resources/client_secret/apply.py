# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError, UnexpectedAnswerError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import (
    await_visible,
    settle,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.model import (
    Actual,
    IssueSecret,
    NoteDelivered,
    RemoveSecret,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.read import FIELDS
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    Announcement,
    SecretStore,
    StoredSecret,
)

#: Generously; Microsoft's are 40 characters long today, and once they were 32.
_VALUE_LENGTH = 128


def apply(
    graph: GraphClient, store: SecretStore, tenant_id: str, unique_name: str, actual: Actual, change: Change[Step]
) -> StoredSecret | None:
    """One write after the other, each read back: two in quick succession can lose one (azure-cli issue 32467)."""
    stored = actual.stored
    for step in change.steps:
        match step:
            case NoteDelivered():
                stored = _note_delivered(store, tenant_id, unique_name, actual, step)
            case RemoveSecret():
                _remove(graph, actual, step)
                store.forget(tenant_id, unique_name, step.key_id)
            case IssueSecret():
                stored = _issue_and_store(graph, store, tenant_id, unique_name, actual, step)
    return stored


def _note_delivered(
    store: SecretStore, tenant_id: str, unique_name: str, actual: Actual, step: NoteDelivered
) -> StoredSecret | None:
    if actual.stored is not None:
        noted = partial(StoredSecret.delivered_at, key_id=step.key_id, at=actual.now)
        store.revise(tenant_id, unique_name, actual.stored.key_id, noted)
    return store.read(tenant_id, unique_name)


def _remove(graph: GraphClient, actual: Actual, step: RemoveSecret) -> None:
    path = f"/applications/{actual.id}/removePassword"
    graph.post_no_content(path, {"keyId": step.key_id}, action=step.describe())
    await_visible(lambda: step.key_id not in _key_ids(graph, actual), what="The removal of a secret")


def _issue_and_store(
    graph: GraphClient, store: SecretStore, tenant_id: str, unique_name: str, actual: Actual, step: IssueSecret
) -> StoredSecret:
    store.rehearse(tenant_id, unique_name, _like(actual, step))
    store.announce(tenant_id, unique_name, Announcement(step.label, graph.now))
    answer = settle(lambda: _add_password(graph, actual, step), what="The client secret", young=actual.young)
    secret = StoredSecret(
        client_id=str(actual.app_id),
        key_id=answer["keyId"],
        label=step.label,
        end=parse_time(answer["endDateTime"]),
        value=answer["secretText"],
        retired=step.retired,
        # The run that issues it also tries it.
        signed_in=step.start,
    )
    try:
        store.write(tenant_id, unique_name, secret, actual.stored.key_id if actual.stored else None)
        kept = store.read(tenant_id, unique_name)
    except StoreError as error:
        error.message += (
            f" The client secret {secret.key_id} was issued just before: if it is not in the store, nobody has it, and "
            "the next run removes it and issues another."
        )
        raise
    # Another run may have replaced it at once; then it is known as such.
    if kept is None or secret.key_id not in {known.key_id for known in kept.known}:
        raise StoreError(
            "The secret store does not give back what was just written to it.",
            next_step="Check the store; the next run removes the secret that was issued and makes a new one.",
        )
    await_visible(lambda: secret.key_id in _key_ids(graph, actual), what="The client secret")
    return kept


def _like(actual: Actual, step: IssueSecret) -> StoredSecret:
    """As large as the secret that is to come."""
    return StoredSecret(
        client_id=str(actual.app_id),
        key_id=str(UUID(int=0)),
        label=step.label,
        end=step.end,
        value="-" * _VALUE_LENGTH,
        retired=step.retired,
    )


def _add_password(graph: GraphClient, actual: Actual, step: IssueSecret) -> Json:
    credential = {
        "displayName": step.label,
        "startDateTime": _graph_time(step.start),
        "endDateTime": _graph_time(step.end),
    }
    path = f"/applications/{actual.id}/addPassword"
    answer = graph.post(path, {"passwordCredential": credential}, action="issue a client secret")
    if not answer["secretText"]:  # as it is in every other answer
        raise UnexpectedAnswerError(
            "Microsoft's answer to the issue of a client secret has no secret in it.",
            next_step="Run again; the next run removes what was issued and makes a new one.",
        )
    return answer


def _key_ids(graph: GraphClient, actual: Actual) -> set[str]:
    body = graph.get(f"/applications/{actual.id}", {"$select": FIELDS}, action="read the client secrets")
    return {row["keyId"] for row in body.get("passwordCredentials", ())}


def _graph_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
