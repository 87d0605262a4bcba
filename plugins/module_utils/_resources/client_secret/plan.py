# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._duration import in_words
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, StoreError
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
    """Raises InputError for lifetimes that cannot work, PolicyError for what the tenant forbids, StoreError for a store
    that is not what it was."""
    removals = (*_orphans(actual), *_retired_for_good(actual))
    _check_store(actual, desired)
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


def foreign(actual: Actual) -> tuple[Credential, ...]:
    """Secrets that the store does not know: reported, never touched. The connector may be using one."""
    known = _known_key_ids(actual)
    return tuple(
        entry for entry in actual.credentials if entry.key_id not in known and entry.label not in actual.announced
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


def _check_store(actual: Actual, desired: Desired) -> None:
    """Raises StoreError where a secret is due although one of ours lives that the store knows nothing of.

    It was lost, moved or restored from an older copy, and the connector may be using that secret: a new one alone would
    make nobody type it in.
    """
    lost = [
        entry for entry in foreign(actual) if entry.label.startswith(desired.label_start) and entry.end > actual.now
    ]
    if actual.current is not None or not lost or desired.replaces_lost:
        return
    keys = ", ".join(entry.key_id for entry in lost)
    raise StoreError(
        f"The application has client secrets that this store has issued and does not hold: {keys}. The store is empty, "
        "another one, or older than it was, and the connector may be using one of them.",
        next_step="Bring the store back, or correct its place. If it is lost for good, set lost_store to replace for "
        "one run: it issues a new secret and hands it off. The secrets named stay until somebody removes them at the "
        "application, once the new one is typed in.",
        code="LostStore",
    )


def _orphans(actual: Actual) -> tuple[RemoveSecret, ...]:
    """Announced, but without a value in the store: left by a run that was killed. Nobody can be using them."""
    known = _known_key_ids(actual)
    return tuple(
        RemoveSecret(entry.key_id, "orphaned")
        for entry in actual.credentials
        if entry.key_id not in known and entry.label in actual.announced
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
