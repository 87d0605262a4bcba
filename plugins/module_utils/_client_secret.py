# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._duration import in_words
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._graph.client import GraphClient, Json
from ansible_collections.totalview.exchange365.plugins.module_utils._graph.replication import (
    await_visible,
    is_young,
    parse_time,
    settle,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._registration.read import find_by_unique_name
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_policy import (
    SecretPolicy,
    lifetime_under,
    read_policy,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    RetiredSecret,
    SecretStore,
    StoredSecret,
)

#: Where valid_for is not given. Microsoft advises less than twelve months or so; the portal stops at 24.
DEFAULT_LIFETIME = timedelta(days=365)
_LABEL_PREFIX = "totalview-exchange365"
_FIELDS = "id,appId,createdDateTime,passwordCredentials"


@dataclass(frozen=True)
class Credential:
    """A passwordCredential of the application: everything but its value."""

    key_id: str
    label: str
    end: datetime


@dataclass(frozen=True)
class Desired:
    """`owner` marks the secrets that we may remove; `run` tells one run's secret from another's."""

    owner: str
    run: str
    valid_for: timedelta | None
    renew_before: timedelta
    overlap: timedelta

    @property
    def label_start(self) -> str:
        return f"{_LABEL_PREFIX}/{self.owner}/"

    @property
    def label(self) -> str:
        return f"{self.label_start}{self.run}"


@dataclass(frozen=True)
class Actual:
    """`stored`: what the store holds for this very application. `id`: None while there is no application."""

    now: datetime
    credentials: tuple[Credential, ...] = ()
    stored: StoredSecret | None = None
    policy: SecretPolicy | None = None
    id: str | None = None
    app_id: str | None = None
    young: bool = False

    @property
    def current(self) -> Credential | None:
        """The credential that the store holds the value of; None where either side has lost it."""
        if self.stored is None:
            return None
        return next((entry for entry in self.credentials if entry.key_id == self.stored.key_id), None)


@dataclass(frozen=True)
class RemoveSecret:
    key_id: str
    reason: str

    def describe(self) -> str:
        return f"remove {self.reason} secret {self.key_id}"


@dataclass(frozen=True)
class IssueSecret:
    label: str
    start: datetime
    end: datetime
    retired: tuple[RetiredSecret, ...]

    def describe(self) -> str:
        return f"issue client secret valid for {in_words(self.end - self.start)}"


Step: t.TypeAlias = "RemoveSecret | IssueSecret"


# --- read


def read(graph: GraphClient, store: SecretStore, tenant_id: str, unique_name: str, desired: Desired) -> Actual:
    """The policy is asked for only where a secret will be issued."""
    body = find_by_unique_name(graph, unique_name, _FIELDS)
    stored = store.read(tenant_id, unique_name)
    actual = Actual(graph.now)
    if body is not None:
        actual = _from_graph(body, stored, graph.now)
    if _issue_reason(actual, desired):
        store.check()
        actual = replace(actual, policy=read_policy(graph, (body or {}).get("createdDateTime")))
    return actual


def _from_graph(body: Json, stored: StoredSecret | None, now: datetime) -> Actual:
    return Actual(
        now=now,
        credentials=_credentials(body),
        # The secret of an application that was deleted and made anew is none of this one's.
        stored=stored if stored is not None and stored.client_id == body["appId"] else None,
        id=body["id"],
        app_id=body["appId"],
        young=is_young(body.get("createdDateTime"), now),
    )


def _credentials(body: Json) -> tuple[Credential, ...]:
    rows = body.get("passwordCredentials", ())
    return tuple(Credential(row["keyId"], row.get("displayName") or "", parse_time(row["endDateTime"])) for row in rows)


# --- plan


def plan(actual: Actual, desired: Desired) -> Change[Step]:
    """Raises InputError for lifetimes that cannot work, PolicyError for what the tenant forbids."""
    removals = (*_orphans(actual, desired), *_retired_for_good(actual))
    issue = _issue_reason(actual, desired)
    steps: tuple[Step, ...] = (*removals, _issue(actual, desired)) if issue else removals
    removed = {step.key_id for step in removals}
    kept = [_view(entry) for entry in actual.credentials if entry.key_id not in removed]
    new = [
        {"key_id": None, "label": step.label, "end": _day(step.end)} for step in steps if isinstance(step, IssueSecret)
    ]
    return Change(
        {"secrets": [_view(entry) for entry in actual.credentials]},
        {"secrets": kept + new},
        steps,
    )


def issues(change: Change[Step]) -> bool:
    return any(isinstance(step, IssueSecret) for step in change.steps)


def foreign(actual: Actual, desired: Desired) -> tuple[Credential, ...]:
    """Secrets that others put there: reported, never touched."""
    known = _known_key_ids(actual)
    return tuple(
        entry
        for entry in actual.credentials
        if entry.key_id not in known and not entry.label.startswith(desired.label_start)
    )


def _issue_reason(actual: Actual, desired: Desired) -> str:
    if actual.current is None:
        return "the application and the store do not agree on a secret"
    if actual.current.end - actual.now <= desired.renew_before:
        return "the secret is due for renewal"
    return ""


def _issue(actual: Actual, desired: Desired) -> IssueSecret:
    lifetime = lifetime_under(actual.policy, desired.valid_for, DEFAULT_LIFETIME)
    if desired.renew_before >= lifetime:
        raise InputError(
            f"A secret that lives {in_words(lifetime)} would be renewed in every run: "
            f"renew_before is {in_words(desired.renew_before)}.",
            next_step="Choose renew_before shorter than the secret's lifetime.",
        )
    start = actual.now.replace(microsecond=0)
    return IssueSecret(desired.label, start, start + lifetime, _retired(actual, desired))


def _retired(actual: Actual, desired: Desired) -> tuple[RetiredSecret, ...]:
    """What the new store record remembers: the secret it replaces stays for the overlap."""
    present = {entry.key_id for entry in actual.credentials} - {step.key_id for step in _retired_for_good(actual)}
    older = actual.stored.retired if actual.stored else ()
    replaced = (RetiredSecret(actual.current.key_id, actual.now + desired.overlap),) if actual.current else ()
    return tuple(secret for secret in older if secret.key_id in present) + replaced


def _orphans(actual: Actual, desired: Desired) -> tuple[RemoveSecret, ...]:
    """Ours by label, but without a value in the store: left by a run that was killed. Nobody can be using them."""
    known = _known_key_ids(actual)
    return tuple(
        RemoveSecret(entry.key_id, "orphaned")
        for entry in actual.credentials
        if entry.key_id not in known and entry.label.startswith(desired.label_start)
    )


def _retired_for_good(actual: Actual) -> tuple[RemoveSecret, ...]:
    """Replaced secrets past their overlap; never while the one that replaced them is missing or expired."""
    if actual.stored is None or actual.current is None or actual.current.end <= actual.now:
        return ()
    present = {entry.key_id for entry in actual.credentials}
    return tuple(
        RemoveSecret(secret.key_id, "replaced")
        for secret in actual.stored.retired
        if secret.key_id in present and secret.remove_after <= actual.now
    )


def _known_key_ids(actual: Actual) -> frozenset[str]:
    if actual.stored is None:
        return frozenset()
    return frozenset({actual.stored.key_id, *(secret.key_id for secret in actual.stored.retired)})


def _view(credential: Credential) -> dict[str, str | None]:
    return {"key_id": credential.key_id, "label": credential.label, "end": _day(credential.end)}


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


# --- apply


def apply(
    graph: GraphClient, store: SecretStore, tenant_id: str, unique_name: str, actual: Actual, change: Change[Step]
) -> StoredSecret | None:
    """One write after the other, each read back: two in quick succession can lose one (azure-cli issue 32467)."""
    stored = actual.stored
    for step in change.steps:
        match step:
            case RemoveSecret():
                _remove(graph, actual, step)
            case IssueSecret():
                stored = _issue_and_store(graph, store, tenant_id, unique_name, actual, step)
    return stored


def _remove(graph: GraphClient, actual: Actual, step: RemoveSecret) -> None:
    path = f"/applications/{actual.id}/removePassword"
    graph.post_no_content(path, {"keyId": step.key_id}, action=step.describe())
    await_visible(lambda: step.key_id not in _key_ids(graph, actual), what="The removal of a secret")


def _issue_and_store(
    graph: GraphClient, store: SecretStore, tenant_id: str, unique_name: str, actual: Actual, step: IssueSecret
) -> StoredSecret:
    answer = settle(lambda: _add_password(graph, actual, step), what="The client secret", young=actual.young)
    secret = StoredSecret(
        client_id=str(actual.app_id),
        key_id=answer["keyId"],
        label=step.label,
        end=parse_time(answer["endDateTime"]),
        value=answer["secretText"],
        retired=step.retired,
    )
    store.write(tenant_id, unique_name, secret)
    if store.read(tenant_id, unique_name) != secret:
        raise StoreError(
            "The secret store does not give back what was just written to it.",
            next_step="Check the store; the next run removes the secret that was issued and makes a new one.",
        )
    await_visible(lambda: secret.key_id in _key_ids(graph, actual), what="The client secret")
    return secret


def _add_password(graph: GraphClient, actual: Actual, step: IssueSecret) -> Json:
    credential = {
        "displayName": step.label,
        "startDateTime": _graph_time(step.start),
        "endDateTime": _graph_time(step.end),
    }
    path = f"/applications/{actual.id}/addPassword"
    return graph.post(path, {"passwordCredential": credential}, action="issue a client secret")


def _key_ids(graph: GraphClient, actual: Actual) -> set[str]:
    body = graph.get(f"/applications/{actual.id}", {"$select": _FIELDS}, action="read the client secrets")
    return {row["keyId"] for row in body.get("passwordCredentials", ())}


def _graph_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
