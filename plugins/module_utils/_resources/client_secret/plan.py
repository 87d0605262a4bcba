# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._duration import in_words
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.model import (
    LABEL_PREFIX,
    Actual,
    Credential,
    Desired,
    IssueSecret,
    NoteDelivered,
    RemoveSecret,
    Step,
    TypeIn,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import (
    lifetime_under,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    RetiredSecret,
    StoredSecret,
)

#: Where valid_for is not given. Microsoft advises less than twelve months or so; the portal stops at 24.
DEFAULT_LIFETIME = timedelta(days=365)
#: So long before a secret ends it is told, whatever else there is to tell.
ANNOUNCED_BEFORE = timedelta(days=30)
#: A use of a secret within this time of our own may be our own: Microsoft's report is not exact.
_OURS = timedelta(days=1)


def plan(actual: Actual, desired: Desired) -> Change[Step]:
    """Raises InputError for lifetimes that cannot work, PolicyError for what the tenant forbids, StoreError for a store
    that is not what it was."""
    notes = _deliveries(actual, desired)
    noted = {"delivered": [note.key_id for note in notes]} if notes else {}
    actual = _noted(actual, notes)
    removals = () if actual.stops_removal else _removals(actual, desired)
    _check_store(actual, desired)
    # The new one first: should it be refused, nothing has been taken away.
    issued = (_issue(actual, desired, removals),) if needs_secret(actual, desired) else ()
    removed = {step.key_id for step in removals}
    kept = [_view(entry) for entry in actual.credentials if entry.key_id not in removed]
    new = [{"key_id": None, "label": step.label, "end": _day(step.end)} for step in issued]
    return Change(
        {"secrets": [_view(entry) for entry in actual.credentials], **{name: [] for name in noted}},
        {"secrets": kept + new, **noted},
        (*notes, *issued, *removals),
    )


def plan_absent(actual: Actual) -> Change[Step]:
    """Without those that the store knows, or announced. All others are somebody else's, and stay."""
    others = foreign(actual)
    return Change(
        {"secrets": [_view(entry) for entry in actual.credentials]},
        {"secrets": [_view(entry) for entry in others]},
        tuple(RemoveSecret(entry.key_id, "our") for entry in actual.credentials if entry not in others),
    )


def held_back(actual: Actual, desired: Desired) -> tuple[RemoveSecret, ...]:
    """What would be removed, were it not for a clock that is wrong."""
    return _removals(_noted(actual, _deliveries(actual, desired)), desired) if actual.stops_removal else ()


def issues(change: Change[Step]) -> bool:
    return any(isinstance(step, IssueSecret) for step in change.steps)


def was_handed_off(actual: Actual) -> bool:
    """Whether somebody outside of the store holds, or held, a secret of this very application."""
    return actual.stored is not None and any(map(_was_handed_off, actual.stored.known))


def known(actual: Actual) -> frozenset[str]:
    """Key ids of all secrets that the application has or the store remembers."""
    return _known_key_ids(actual) | {entry.key_id for entry in actual.credentials}


def lives_outside(actual: Actual) -> bool:
    """Whether one that was handed off is still there to sign in with."""
    living = {entry.key_id for entry in actual.credentials if entry.end > actual.now}
    known = actual.stored.known if actual.stored is not None else ()
    return any(_was_handed_off(secret) and secret.key_id in living for secret in known)


def foreign(actual: Actual) -> tuple[Credential, ...]:
    """Secrets that the store does not know: reported, never touched. The connector may be using one."""
    ours = _known_key_ids(actual)
    return tuple(
        entry for entry in actual.credentials if entry.key_id not in ours and entry.label not in actual.announced
    )


def needs_secret(actual: Actual, desired: Desired) -> bool:
    """Application and store do not agree on a secret, or the one they agree on expires soon, or shall be replaced."""
    current = actual.current
    if current is None or current.key_id in desired.revoked or current.end - actual.now <= desired.renew_before:
        return True
    # One that is not typed in yet is not replaced: the person who is to do it would never be done.
    return desired.rotates and actual.stored is not None and _is_in_use(actual.stored)


def type_in(actual: Actual, stored: StoredSecret | None, change: Change[Step]) -> TypeIn | None:
    """The secret that somebody must type in, since the connector may be using an older one that ends.

    `stored`: after the change. None where the connector has the newest, and where there never was another.
    """
    if stored is None or _last_delivered(stored) == stored.as_retired:
        return None
    in_use = _in_use(stored)
    gone = {step.key_id for step in change.steps if isinstance(step, RemoveSecret)}
    ends = {entry.key_id: entry.end for entry in actual.credentials if entry.end > actual.now}
    living = [ends[old.key_id] for old in in_use if old.key_id in ends and old.key_id not in gone]
    return TypeIn(stored.key_id, min(living, default=None)) if in_use else None


def ends_soon(stored: StoredSecret | None, now: datetime) -> tuple[str, datetime] | None:
    """Of the secrets that the connector may be using the one that ends next, where that is within ANNOUNCED_BEFORE.

    As the store knows it, for a run that got no further. None also for one that has ended.
    """
    held = (*_in_use(stored), stored.as_retired) if stored else ()
    ends = [(secret.end, secret.key_id) for secret in held if secret.end and secret.end > now]
    end, key_id = min(ends, default=(None, ""))
    return (key_id, end) if end is not None and end - now <= ANNOUNCED_BEFORE else None


def _issue(actual: Actual, desired: Desired, removals: tuple[RemoveSecret, ...]) -> IssueSecret:
    lifetime = lifetime_under(actual.policy, desired.valid_for, DEFAULT_LIFETIME)
    if desired.renew_before >= lifetime:
        raise InputError(
            f"A secret that lives {in_words(lifetime)}{_as_wanted(actual, desired)} would be renewed in every run: "
            f"renew_before is {in_words(desired.renew_before)}.",
            next_step="Choose renew_before shorter than the secret's lifetime.",
        )
    start = actual.now.replace(microsecond=0)
    # One that has leaked is remembered: the connector may have no other.
    forgotten = {step.key_id for step in removals} - desired.revoked
    remembered = {entry.key_id for entry in actual.credentials} - forgotten
    stored = actual.stored.known if actual.stored else ()
    retired = tuple(secret for secret in stored if secret.key_id in remembered)
    return IssueSecret(desired.label, start, start + lifetime, retired)


def _as_wanted(actual: Actual, desired: Desired) -> str:
    """By whom, where it is not the task itself that asks for it."""
    limits = actual.policy.limits if actual.policy and desired.valid_for is None else None
    return f", as the {limits.policy} wants," if limits else ""


def _deliveries(actual: Actual, desired: Desired) -> tuple[NoteDelivered, ...]:
    """Of those named or seen in use, what was handed off and is not noted yet. Any other name decides nothing."""
    stored = actual.stored.known if actual.stored else ()
    delivered = desired.delivered | _seen_in_use(actual)
    return tuple(
        NoteDelivered(secret.key_id)
        for secret in stored
        if secret.key_id in delivered and secret.delivered is None and _was_handed_off(secret)
    )


def _seen_in_use(actual: Actual) -> frozenset[str]:
    """The newest secret, where it was used by somebody else: well after we used it ourselves, for the proof."""
    stored = actual.stored
    used = actual.used.get(stored.key_id) if stored else None
    if stored is None or stored.signed_in is None or used is None or used <= stored.signed_in + _OURS:
        return frozenset()
    return frozenset({stored.key_id})


def still_used(actual: Actual) -> dict[str, datetime]:
    """Older secrets that were used after a newer one was delivered, and when."""
    last = _last_delivered(actual.stored) if actual.stored else None
    if actual.stored is None or last is None or last.delivered is None:
        return {}
    older = {secret.key_id for secret in actual.stored.known[: actual.stored.known.index(last)]}
    present = {entry.key_id for entry in actual.credentials} & older
    return {
        key_id: actual.used[key_id] for key_id in present & actual.used.keys() if actual.used[key_id] > last.delivered
    }


def _noted(actual: Actual, notes: tuple[NoteDelivered, ...]) -> Actual:
    stored = actual.stored
    for note in notes:
        stored = stored and stored.delivered_at(note.key_id, actual.now)
    return replace(actual, stored=stored)


def _check_store(actual: Actual, desired: Desired) -> None:
    """Raises StoreError where a secret is due although one of ours lives that the store knows nothing of.

    It was lost, moved or restored from an older copy, and the connector may be using that secret: a new one alone would
    make nobody type it in.
    """
    lost = [
        entry
        for entry in foreign(actual)
        if entry.label.startswith(desired.label_start)
        and entry.end > actual.now
        and entry.key_id not in desired.revoked
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


def _removals(actual: Actual, desired: Desired) -> tuple[RemoveSecret, ...]:
    reasons = {
        **dict.fromkeys(_orphans(actual), "orphaned"),
        **dict.fromkeys(_expired(actual), "expired"),
        **dict.fromkeys(_superseded(actual, desired), "replaced"),
        **dict.fromkeys(_others_to_go(actual, desired), "somebody else's"),
        **dict.fromkeys(desired.revoked, "revoked"),
    }
    present = [entry.key_id for entry in actual.credentials]
    return tuple(RemoveSecret(key_id, reasons[key_id]) for key_id in present if key_id in reasons)


def _orphans(actual: Actual) -> t.Iterator[str]:
    """Announced, but without a value in the store: left by a run that was killed. Nobody can be using them."""
    ours = _known_key_ids(actual)
    for entry in actual.credentials:
        if entry.key_id not in ours and entry.label in actual.announced - actual.underway:
            yield entry.key_id


def _expired(actual: Actual) -> t.Iterator[str]:
    """What was replaced and is of no use any more, delivered or not."""
    retired = {secret.key_id for secret in actual.stored.retired} if actual.stored else set()
    for entry in actual.credentials:
        if entry.key_id in retired and entry.end <= actual.now and actual.current is not None:
            yield entry.key_id


def _others_to_go(actual: Actual, desired: Desired) -> t.Iterator[str]:
    """The connector may be using one of them until ours was typed in, and for the overlap.

    One that is labelled as a store's goes only by name: this store may be older than it was.
    """
    stored, current = actual.stored, actual.current
    if stored is None or current is None or stored.delivered is None or stored.delivered + desired.overlap > actual.now:
        return
    for entry in foreign(actual):
        id_ = entry.key_id.lower()
        unmarked = not entry.label.startswith(f"{LABEL_PREFIX}/")
        if id_ in desired.remove or (desired.removes_others and unmarked and id_ not in desired.keep):
            yield entry.key_id


def _superseded(actual: Actual, desired: Desired) -> t.Iterator[str]:
    """Secrets older than the one that was delivered last, once that was the overlap ago.

    Never the newest that was handed off: it may be typed in at any moment.
    """
    stored, living = actual.stored, {entry.key_id for entry in actual.credentials if entry.end > actual.now}
    last = _last_delivered(stored) if stored else None
    if stored is None or last is None or last.delivered is None or last.key_id not in living:
        return
    if last.delivered + desired.overlap <= actual.now:
        newest = [secret.key_id for secret in stored.known if secret.handed_off][-1:]
        older = stored.known[: stored.known.index(last)]
        kept = {*newest, *still_used(actual)}
        yield from (secret.key_id for secret in older if secret.key_id not in kept)


def _last_delivered(stored: StoredSecret) -> RetiredSecret | None:
    """By the time of its note: somebody may have gone back to an older one. Of two at once the newer."""
    delivered = [(secret.delivered, place) for place, secret in enumerate(stored.known) if secret.delivered]
    return stored.known[max(delivered)[1]] if delivered else None


def _in_use(stored: StoredSecret) -> list[RetiredSecret]:
    """Replaced secrets that the connector may be using, as far as deliveries are known."""
    last = _last_delivered(stored)
    since = stored.known.index(last) if last else 0
    return [secret for secret in stored.retired[since:] if _was_handed_off(secret)]


def _is_in_use(stored: StoredSecret) -> bool:
    """Typed in, or the first that there is to type in."""
    if _last_delivered(stored) == stored.as_retired:
        return True
    return stored.handed_off is not None and not _in_use(stored)


def _was_handed_off(secret: RetiredSecret) -> bool:
    """Or may have been: what has no end was retired before that was noted."""
    return secret.handed_off is not None or secret.end is None


def _known_key_ids(actual: Actual) -> frozenset[str]:
    if actual.stored is None:
        return frozenset()
    return frozenset({actual.stored.key_id, *(secret.key_id for secret in actual.stored.retired)})


def _view(credential: Credential) -> dict[str, str | None]:
    return {"key_id": credential.key_id, "label": credential.label, "end": _day(credential.end)}


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
