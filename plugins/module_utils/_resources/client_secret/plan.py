# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._duration import in_words
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.model import (
    Actual,
    Credential,
    Desired,
    IssueSecret,
    RemoveSecret,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import (
    lifetime_under,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import RetiredSecret

#: Where valid_for is not given. Microsoft advises less than twelve months or so; the portal stops at 24.
DEFAULT_LIFETIME = timedelta(days=365)


def plan(actual: Actual, desired: Desired) -> Change[Step]:
    """Raises InputError for lifetimes that cannot work, PolicyError for what the tenant forbids."""
    removals = (*_orphans(actual, desired), *_retired_for_good(actual))
    # The new one first: should it be refused, nothing has been taken away.
    steps: tuple[Step, ...] = (_issue(actual, desired), *removals) if needs_secret(actual, desired) else removals
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


def needs_secret(actual: Actual, desired: Desired) -> bool:
    """Application and store do not agree on a secret, or the one they agree on expires soon."""
    return actual.current is None or actual.current.end - actual.now <= desired.renew_before


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
