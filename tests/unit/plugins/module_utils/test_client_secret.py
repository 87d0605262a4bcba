# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import json
import typing as t
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    GraphError,
    InputError,
    PolicyError,
    ReplicationError,
    StoreError,
    UnexpectedAnswerError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.apply import apply
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.model import (
    Actual,
    Credential,
    Desired,
    IssueSecret,
    NoteDelivered,
    RemoveSecret,
    Step,
    TypeIn,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.plan import (
    DEFAULT_LIFETIME,
    ends_soon,
    foreign,
    plan,
    plan_absent,
    type_in,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import (
    Restriction,
    SecretPolicy,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.read import read
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    Announcement,
    RetiredSecret,
    StoredSecret,
)

DAY = timedelta(days=1)
NOW = datetime(2026, 5, 1, 12, 0, 0, 654321, tzinfo=UTC)
VALUE = "the-value-that-nobody-may-see"
DESIRED = Desired(owner="us", run="run-2", valid_for=None, renew_before=30 * DAY, overlap=7 * DAY)
CURRENT = Credential("key-current", "totalview-exchange365/us/run-1", NOW + 200 * DAY)
ORPHAN = Credential("key-orphan", "totalview-exchange365/us/run-killed", NOW + 300 * DAY)
#: Not ours: another operator's, one whose owner begins like ours, a person's, one without any label.
FOREIGN = (
    Credential("key-foreign-1", "totalview-exchange365/them/run-1", NOW + 300 * DAY),
    Credential("key-foreign-2", "totalview-exchange365/us-too/run-1", NOW + 300 * DAY),
    Credential("key-foreign-3", "made by Ann in the portal", NOW - DAY),
    Credential("key-foreign-4", "", NOW + DAY),
)
OVER = Credential("key-over", "totalview-exchange365/us/run-0", NOW + 10 * DAY)
OVERLAPPING = Credential("key-overlapping", "totalview-exchange365/us/run-00", NOW + 20 * DAY)
#: When the current secret was delivered: never, lately, or so long ago that what it replaced may go.
DELIVERED = (None, NOW - 7 * DAY + timedelta(seconds=1), NOW - 7 * DAY)


def retired(entry: Credential, *, handed_off: bool = True, delivered: datetime | None = None) -> RetiredSecret:
    return RetiredSecret(entry.key_id, entry.end, NOW - 300 * DAY if handed_off else None, delivered)


def stored(
    *older: Credential | RetiredSecret, end: datetime = CURRENT.end, delivered: datetime | None = None
) -> StoredSecret:
    """What the store holds after it was handed off."""
    return StoredSecret(
        client_id="client-1",
        key_id=CURRENT.key_id,
        label=CURRENT.label,
        end=end,
        value=VALUE,
        retired=tuple(entry if isinstance(entry, RetiredSecret) else retired(entry) for entry in older),
        handed_off=NOW - 10 * DAY,
        delivered=delivered,
    )


def at_most(days: int) -> SecretPolicy:
    return SecretPolicy(limits=Restriction("policy", lifetime=days * DAY))


def actual(*credentials: Credential, holds: StoredSecret | None = None, policy: SecretPolicy | None = None) -> Actual:
    """The store has announced the secret of the run that was killed."""
    announced = frozenset({ORPHAN.label})
    return Actual(NOW, credentials, holds, policy, id="object-1", app_id="client-1", announced=announced)


def subsets(values: t.Sequence[t.Any]) -> list[tuple[t.Any, ...]]:
    return [found for size in range(len(values) + 1) for found in itertools.combinations(values, size)]


def test_taking_away_takes_what_the_store_knows_or_announced_whoever_uses_it():
    for credentials in subsets((CURRENT, ORPHAN, *FOREIGN, OVERLAPPING)):
        change = plan_absent(actual(*credentials, holds=stored(OVERLAPPING)))
        gone = [step.key_id for step in change.steps]
        assert gone == [entry.key_id for entry in credentials if entry not in FOREIGN]
        assert [row["key_id"] for row in change.after["secrets"]] == [
            entry.key_id for entry in credentials if entry in FOREIGN
        ]
    assert [step.key_id for step in plan_absent(actual(CURRENT, ORPHAN)).steps] == [ORPHAN.key_id]


def situations() -> t.Iterator[tuple[Actual, Desired]]:
    """Every combination of what the application has, what the store holds, and when the current secret ends."""
    policies = (None, SecretPolicy(), at_most(90))
    ends = (NOW + 200 * DAY, NOW + 30 * DAY, NOW, NOW - DAY)
    for end, policy, delivered in itertools.product(ends, policies, DELIVERED):
        current = replace(CURRENT, end=end)
        stores = (None, *(stored(*older, end=end, delivered=delivered) for older in subsets((OVER, OVERLAPPING))))
        for present, holds in itertools.product(subsets((current, ORPHAN, FOREIGN[0], OVER, OVERLAPPING)), stores):
            yield actual(*present, holds=holds, policy=policy), replace(DESIRED, replaces_lost=True)


def done(state: Actual, change: Change[Step]) -> Actual:
    """The application and the store after the steps."""
    for step in change.steps:
        match step:
            case NoteDelivered():
                assert state.stored is not None
                state = replace(state, stored=state.stored.delivered_at(step.key_id, state.now))
            case RemoveSecret():
                assert step.key_id in {entry.key_id for entry in state.credentials}
                kept = tuple(entry for entry in state.credentials if entry.key_id != step.key_id)
                state = replace(state, credentials=kept)
            case IssueSecret():
                new = Credential(f"key-{step.label}", step.label, step.end)
                holds = StoredSecret("client-1", new.key_id, new.label, new.end, VALUE, step.retired)
                state = replace(state, credentials=(*state.credentials, new), stored=holds)
    return state


def removed(change: Change[Step]) -> set[str]:
    return {step.key_id for step in change.steps if isinstance(step, RemoveSecret)}


def issued(change: Change[Step]) -> list[IssueSecret]:
    return [step for step in change.steps if isinstance(step, IssueSecret)]


# --- plan: the cases by name


def test_store_and_application_agree_and_nothing_is_due():
    change = plan(actual(CURRENT, holds=stored()), DESIRED)

    assert change.steps == ()
    assert change.before == change.after
    assert change.before == {"secrets": [{"key_id": "key-current", "label": CURRENT.label, "end": "2026-11-17"}]}


def test_the_first_secret_is_issued():
    change = plan(actual(), DESIRED)

    start = NOW.replace(microsecond=0)
    assert change.steps == (IssueSecret("totalview-exchange365/us/run-2", start, start + DEFAULT_LIFETIME, ()),)
    assert change.describe() == ["issue client secret valid for 365 days"]
    assert change.before == {"secrets": []}
    assert change.after == {
        "secrets": [{"key_id": None, "label": "totalview-exchange365/us/run-2", "end": "2027-05-01"}]
    }


def test_a_registration_yet_to_be_made_will_get_a_secret():
    assert len(issued(plan(Actual(NOW), DESIRED))) == 1


def test_a_secret_that_the_application_lost_is_replaced():
    change = plan(actual(holds=stored()), DESIRED)

    assert removed(change) == set()
    assert [step.retired for step in issued(change)] == [()]


@pytest.mark.parametrize("holds", [None, replace(stored(), key_id="key-older")], ids=["empty", "older"])
def test_a_store_that_has_lost_a_living_secret_stops(holds):
    with pytest.raises(StoreError) as caught:
        plan(actual(CURRENT, holds=holds), DESIRED)

    assert caught.value.code == "LostStore"
    assert "key-current" in caught.value.message
    assert "lost_store" in caught.value.next_step


def test_a_lost_store_is_replaced_when_asked_and_nothing_is_taken_away():
    change = plan(actual(CURRENT), replace(DESIRED, replaces_lost=True))

    assert len(issued(change)) == 1
    assert removed(change) == set()
    assert foreign(actual(CURRENT)) == (CURRENT,)


@pytest.mark.parametrize(
    "left", [ORPHAN, FOREIGN[0], FOREIGN[2], replace(CURRENT, end=NOW)], ids=lambda one: one.key_id
)
def test_what_was_announced_is_of_others_or_has_expired_says_nothing_of_a_lost_store(left):
    assert len(issued(plan(actual(left), DESIRED))) == 1


def test_a_secret_that_was_never_announced_is_reported_beside_the_current_one():
    state = actual(CURRENT, replace(ORPHAN, label="totalview-exchange365/us/unheard-of"), holds=stored())

    assert not plan(state, DESIRED).changed
    assert [entry.key_id for entry in foreign(state)] == ["key-orphan"]


def test_an_orphan_of_a_killed_run_goes_while_the_current_secret_stays():
    change = plan(actual(CURRENT, ORPHAN, holds=stored()), DESIRED)

    assert change.steps == (RemoveSecret("key-orphan", "orphaned"),)
    assert [row["key_id"] for row in change.after["secrets"]] == ["key-current"]


def test_secrets_of_others_are_reported_and_never_touched():
    state = actual(CURRENT, *FOREIGN, ORPHAN, holds=stored())

    assert foreign(state) == FOREIGN
    assert removed(plan(state, DESIRED)) == {"key-orphan"}


def test_a_secret_that_the_store_knows_is_ours_whatever_its_label_says():
    relabelled = (replace(CURRENT, label="renamed"), replace(OVERLAPPING, label="renamed too"))
    state = actual(*relabelled, holds=stored(OVERLAPPING))

    assert foreign(state) == ()
    assert not plan(state, DESIRED).changed


@pytest.mark.parametrize(
    ("left", "due"),
    [
        (31 * DAY, False),
        (30 * DAY + timedelta(seconds=1), False),
        (30 * DAY, True),
        (DAY, True),
        (timedelta(), True),
        (-DAY, True),
    ],
)
def test_a_secret_is_renewed_when_no_more_than_renew_before_is_left(left, due):
    current = replace(CURRENT, end=NOW + left)

    change = plan(actual(current, holds=stored(end=current.end)), DESIRED)

    assert removed(change) == set()
    assert [step.retired for step in issued(change)] == ([(stored(end=current.end).as_retired,)] if due else [])


# --- plan: until it is delivered


@pytest.mark.parametrize(("delivered", "gone"), list(zip(DELIVERED, (False, False, True), strict=True)))
def test_a_replaced_secret_goes_when_its_successor_was_delivered_and_the_overlap_is_over(delivered, gone):
    change = plan(actual(CURRENT, OVER, holds=stored(OVER, delivered=delivered)), DESIRED)

    assert change.steps == ((RemoveSecret("key-over", "replaced"),) if gone else ())


@pytest.mark.parametrize("since", [DAY, 365 * DAY, 5000 * DAY])
def test_a_replaced_secret_stays_as_long_as_nobody_says_that_its_successor_is_typed_in(since):
    living = replace(OVER, end=NOW + since + DAY)
    holds = replace(stored(living, end=NOW + since + 31 * DAY), handed_off=NOW)
    state = replace(actual(replace(CURRENT, end=holds.end), living, holds=holds), now=NOW + since)

    assert removed(plan(state, DESIRED)) == set()


@pytest.mark.parametrize("name", ["key-current", "key-over"])
def test_a_key_id_that_is_named_is_noted_once(name):
    state, desired = actual(CURRENT, OVER, holds=stored(OVER)), replace(DESIRED, delivered=frozenset({name, "other"}))

    change = plan(state, desired)

    assert change.steps == (NoteDelivered(name),)
    assert (change.before["delivered"], change.after["delivered"]) == ([], [name])
    assert not plan(done(state, change), desired).changed


@pytest.mark.parametrize(
    "named",
    [
        {"key-foreign-1"},
        {"key-orphan"},
        {"key-of-another-tenant"},
        {"key-never-handed-off"},
        {"KEY-CURRENT"},
        {""},
        set(),
    ],
    ids=str,
)
def test_any_other_key_id_decides_nothing(named):
    never = Credential("key-never-handed-off", "totalview-exchange365/us/run-3", NOW + 100 * DAY)
    holds = stored(OVER, retired(never, handed_off=False))

    change = plan(
        actual(CURRENT, OVER, never, FOREIGN[0], holds=holds),
        replace(DESIRED, delivered=frozenset(named), overlap=timedelta()),
    )

    assert change.steps == ()


def test_a_secret_that_was_never_handed_off_is_not_delivered_whoever_says_so():
    state = actual(CURRENT, OVER, holds=replace(stored(OVER), handed_off=None))

    assert not plan(state, replace(DESIRED, delivered=frozenset({"key-current"}), overlap=timedelta())).changed


def test_what_the_operator_went_back_to_stays_and_so_does_what_came_after_it():
    """The last delivery counts, whichever secret it is of."""
    holds = stored(retired(OVER), retired(OVERLAPPING, delivered=NOW - 8 * DAY), delivered=NOW - 9 * DAY)

    change = plan(actual(CURRENT, OVER, OVERLAPPING, holds=holds), DESIRED)

    assert removed(change) == {"key-over"}


@pytest.mark.parametrize("lost", [(), (replace(CURRENT, end=NOW),)], ids=["gone", "expired"])
def test_nothing_goes_for_a_delivered_secret_that_does_not_work(lost):
    holds = stored(OVER, delivered=NOW - 30 * DAY)

    change = plan(actual(*lost, OVER, holds=holds), DESIRED)

    assert removed(change) == set()
    assert [entry.key_id for entry in issued(change)[0].retired] == ["key-over", *(entry.key_id for entry in lost)], (
        "a later run removes them"
    )


def test_the_newest_that_was_handed_off_stays_though_a_later_one_is_said_to_be_in_use():
    """Which no version writes; whoever edits the store must not shut the connector out."""
    holds = replace(stored(OVER, delivered=NOW - 30 * DAY), handed_off=None)

    assert removed(plan(actual(CURRENT, OVER, holds=holds), DESIRED)) == set()


def test_a_replaced_secret_that_has_expired_goes_though_nothing_was_delivered():
    expired = replace(OVER, end=NOW)

    change = plan(actual(CURRENT, expired, holds=stored(expired)), DESIRED)

    assert change.steps == (RemoveSecret("key-over", "expired"),)


def test_a_store_of_before_keeps_what_it_has_retired():
    """There the date of a removal was noted, whether its successor was in use or not."""
    state = actual(CURRENT, OVER, holds=replace(stored(RetiredSecret("key-over")), handed_off=None))

    assert not plan(state, DESIRED).changed
    assert removed(plan(state, replace(DESIRED, delivered=frozenset({"key-over"}), overlap=timedelta()))) == set()
    assert type_in(state, state.stored, plan(state, DESIRED)) == TypeIn("key-current", OVER.end)


# --- plan: what Microsoft has seen


@pytest.mark.parametrize(
    ("signed_in", "used", "noted"),
    [
        (NOW - 3 * DAY, {"key-current": NOW - DAY}, True),
        (NOW - 3 * DAY, {"key-current": NOW - 2 * DAY}, False),
        (NOW - DAY, {"key-current": NOW - 2 * DAY}, False),
        (None, {"key-current": NOW}, False),
        (NOW - 3 * DAY, {"key-over": NOW, "key-foreign-1": NOW}, False),
        (NOW - 3 * DAY, {}, False),
    ],
    ids=["well after us", "may have been us", "before us", "we do not know of us", "another secret", "not at all"],
)
def test_a_secret_that_somebody_else_has_used_is_delivered(signed_in, used, noted):
    holds = replace(stored(OVER), signed_in=signed_in)

    change = plan(replace(actual(CURRENT, OVER, FOREIGN[0], holds=holds), used=used), DESIRED)

    assert change.steps == ((NoteDelivered("key-current"),) if noted else ())


def test_a_secret_that_was_not_handed_off_is_not_delivered_though_it_is_used():
    holds = replace(stored(OVER), signed_in=NOW - 3 * DAY, handed_off=None)

    assert not plan(replace(actual(CURRENT, OVER, holds=holds), used={"key-current": NOW}), DESIRED).changed


@pytest.mark.parametrize(
    ("used", "gone"), [(NOW - 8 * DAY, False), (NOW - 9 * DAY, True)], ids=["after the delivery", "before it"]
)
def test_an_older_secret_that_is_still_used_stays_whoever_says_what(used, gone):
    state = actual(CURRENT, OVER, holds=stored(OVER, delivered=NOW - 9 * DAY))

    change = plan(replace(state, used={"key-over": used}), replace(DESIRED, delivered=frozenset({"key-current"})))

    assert removed(change) == ({"key-over"} if gone else set())


# --- plan: who types in by when


@pytest.mark.parametrize(
    ("holds", "expected"),
    [
        (stored(), None),
        (stored(OVER), TypeIn("key-current", OVER.end)),
        (stored(OVERLAPPING, OVER), TypeIn("key-current", OVER.end)),
        (stored(OVER, retired(OVERLAPPING, delivered=NOW - DAY)), TypeIn("key-current", OVERLAPPING.end)),
        (stored(OVER, retired(OVERLAPPING, handed_off=False)), TypeIn("key-current", OVER.end)),
        (stored(OVER, delivered=NOW), None),
        (stored(retired(OVER, delivered=NOW), delivered=NOW - DAY), TypeIn("key-current", OVER.end)),
        (stored(retired(Credential("key-gone", "", NOW))), TypeIn("key-current", None)),
    ],
    ids=["first", "next", "two in use", "older delivered", "never handed off", "delivered", "went back", "gone"],
)
def test_the_secret_is_to_be_typed_in_before_the_one_in_use_ends(holds, expected):
    state = actual(CURRENT, OVER, OVERLAPPING, holds=holds)

    assert type_in(state, holds, plan(state, DESIRED)) == expected


@pytest.mark.parametrize(
    ("holds", "expected"),
    [
        (None, None),
        (stored(end=NOW + 31 * DAY), None),
        (stored(end=NOW + 30 * DAY), ("key-current", NOW + 30 * DAY)),
        (stored(OVER), ("key-over", OVER.end)),
        (stored(OVER, delivered=NOW), None),
        (stored(retired(OVER, handed_off=False)), None),
        (stored(end=NOW), None),
    ],
    ids=["no store", "later", "soon", "an older one", "delivered", "never handed off", "ended"],
)
def test_what_ends_soon_is_told_by_the_store_alone(holds, expected):
    assert ends_soon(holds, NOW) == expected


# --- plan: leaked, and before it is due


def test_a_leaked_secret_goes_after_another_one_was_issued():
    state, desired = actual(CURRENT, holds=stored()), replace(DESIRED, revoked=frozenset({"key-current", "key-other"}))

    change = plan(state, desired)

    assert [type(step) for step in change.steps] == [IssueSecret, RemoveSecret]
    assert removed(change) == {"key-current"}
    after = done(state, change)
    assert type_in(after, after.stored, change) == TypeIn(after.stored.key_id, None)
    assert not plan(after, replace(desired, run="run-3")).changed


@pytest.mark.parametrize("leaked", [OVER, ORPHAN, FOREIGN[0]], ids=lambda one: one.key_id)
def test_another_leaked_secret_goes_alone(leaked):
    state = actual(CURRENT, leaked, holds=stored(OVER, delivered=NOW))

    assert removed(plan(state, replace(DESIRED, revoked=frozenset({leaked.key_id})))) == {leaked.key_id}
    assert not issued(plan(state, replace(DESIRED, revoked=frozenset({leaked.key_id}))))


@pytest.mark.parametrize(
    ("holds", "due"),
    [
        (stored(), True),
        (stored(OVER), False),
        (stored(OVER, delivered=NOW), True),
        (replace(stored(), handed_off=None), False),
    ],
    ids=["in use", "not typed in yet", "typed in", "never handed off"],
)
def test_a_secret_is_rotated_before_it_is_due_unless_the_newest_waits(holds, due):
    state, desired = actual(CURRENT, OVER, holds=holds), replace(DESIRED, rotates=True, overlap=400 * DAY)

    change = plan(state, desired)

    assert bool(issued(change)) == due
    if due:
        after = done(state, change)
        handed_off = replace(after, stored=after.stored.handed_off_at(NOW))
        assert not plan(after, replace(desired, run="run-3")).changed
        assert not plan(handed_off, replace(desired, run="run-4")).changed


def test_the_new_record_forgets_replaced_secrets_that_are_gone():
    due = replace(CURRENT, end=NOW + DAY)

    (issue,) = issued(plan(actual(due, OVERLAPPING, holds=stored(OVER, OVERLAPPING, end=due.end)), DESIRED))

    assert [entry.key_id for entry in issue.retired] == ["key-overlapping", "key-current"]


def test_a_renewal_removes_what_is_over_and_does_not_remember_it():
    due = replace(CURRENT, end=NOW + DAY)

    change = plan(actual(due, OVER, holds=stored(OVER, end=due.end, delivered=NOW - 8 * DAY)), DESIRED)

    assert removed(change) == {"key-over"}
    assert [entry.key_id for entry in issued(change)[0].retired] == ["key-current"]


@pytest.mark.parametrize(
    ("policy", "valid_for", "lifetime"),
    [
        (None, None, 365 * DAY),
        (None, 60 * DAY, 60 * DAY),
        (SecretPolicy(), None, 365 * DAY),
        (SecretPolicy(), 700 * DAY, 700 * DAY),
        (at_most(90), None, 90 * DAY),
        (at_most(90), 60 * DAY, 60 * DAY),
        (at_most(90), 90 * DAY, 90 * DAY),
        (at_most(900), None, 365 * DAY),
    ],
)
def test_the_lifetime_is_what_was_asked_for_or_what_the_policy_leaves(policy, valid_for, lifetime):
    (issue,) = issued(plan(actual(policy=policy), replace(DESIRED, valid_for=valid_for)))

    assert issue.end - issue.start == lifetime


def test_a_secret_starts_at_microsofts_time_in_whole_seconds():
    (issue,) = issued(plan(actual(), DESIRED))

    assert issue.start == NOW.replace(microsecond=0)


@pytest.mark.parametrize(
    ("policy", "valid_for", "code"),
    [
        (SecretPolicy(Restriction("policy")), None, "SecretsNotAllowed"),
        (at_most(90), 91 * DAY, "LifetimeAbovePolicy"),
    ],
)
def test_what_the_policy_forbids_is_told_before_anything_is_written(policy, valid_for, code):
    with pytest.raises(PolicyError) as caught:
        plan(actual(ORPHAN, policy=policy), replace(DESIRED, valid_for=valid_for))

    assert caught.value.code == code
    assert caught.value.next_step


def test_a_policy_against_secrets_does_not_disturb_one_that_is_there():
    state = actual(CURRENT, holds=stored(), policy=SecretPolicy(Restriction("policy")))

    assert not plan(state, DESIRED).changed


@pytest.mark.parametrize(
    ("policy", "valid_for", "renew_before"),
    [
        (None, 30 * DAY, 30 * DAY),
        (None, 20 * DAY, 30 * DAY),
        (None, None, 365 * DAY),
        (at_most(14), None, 30 * DAY),
        (None, timedelta(), timedelta()),
    ],
)
def test_a_secret_that_would_be_renewed_in_every_run_is_an_error(policy, valid_for, renew_before):
    with pytest.raises(InputError, match="every run"):
        plan(actual(policy=policy), replace(DESIRED, valid_for=valid_for, renew_before=renew_before))


# --- plan: laws that hold in every situation


def test_runs_one_after_the_other_come_to_rest():
    for start, desired in situations():
        first = plan(start, desired)
        state = done(start, first)
        second = plan(state, replace(desired, run="run-3"))
        assert not issued(second), (start, desired)
        # A secret that had expired before its successor came: then the next run removes it.
        assert removed(second) <= {entry.key_id for entry in state.credentials if entry.end <= NOW}
        state = done(state, second)
        assert not plan(state, replace(desired, run="run-4")).changed, (start, desired)


def test_a_second_run_finds_nothing_to_do_where_the_current_secret_works():
    for start, desired in situations():
        works = start.current is not None and start.current.end > NOW
        if works:
            assert not plan(done(start, plan(start, desired)), replace(desired, run="run-3")).changed, (start, desired)


def test_afterwards_store_and_application_agree_on_a_secret_that_is_not_due():
    for start, desired in situations():
        state = done(start, plan(start, desired))
        assert state.current is not None
        assert state.current.end - NOW > desired.renew_before


def test_at_most_one_secret_is_issued_and_before_anything_is_taken_away():
    for start, desired in situations():
        change = plan(start, desired)
        assert len(issued(change)) <= 1
        assert not any(isinstance(step, IssueSecret) for step in change.steps[1:])
        assert len(removed(change)) == len(change.steps) - len(issued(change)), "nothing is removed twice"


def test_nothing_that_somebody_may_be_using_is_removed():
    for start, desired in situations():
        gone = removed(plan(start, desired))
        assert not gone & {entry.key_id for entry in foreign(start)}
        if start.current is not None:
            assert start.current.key_id not in gone
        if start.stored is None or start.stored.delivered != DELIVERED[-1]:
            assert not gone & {entry.key_id for entry in start.credentials if entry != ORPHAN and entry.end > NOW}


def test_before_and_after_have_the_same_keys_and_differ_exactly_where_something_is_written():
    for start, desired in situations():
        change = plan(start, desired)
        assert change.before.keys() == change.after.keys()
        assert (change.before != change.after) == bool(change.steps) == change.changed


def test_the_next_reading_shows_what_the_plan_promised():
    def shown(side: t.Mapping[str, t.Any]) -> list[tuple[str, str]]:
        return sorted((row["label"], row["end"]) for row in side["secrets"])

    for start, desired in situations():
        change = plan(start, desired)
        again = plan(done(start, change), replace(desired, run="run-3"))
        assert shown(again.before) == shown(change.after), (start, desired)


def test_the_value_of_a_secret_is_nowhere_to_be_seen():
    for start, desired in situations():
        change = plan(start, desired)
        seen = [change, start, done(start, change), change.describe(), dict(change.before), dict(change.after)]
        assert VALUE not in repr(seen)
        assert VALUE not in f"{change} {start}"


# --- read and apply

APPLICATION = "/applications(uniqueName='ours')"
BY_ID = "/applications/object-1"
ADD = f"{BY_ID}/addPassword"
REMOVE = f"{BY_ID}/removePassword"
POLICY = "/policies/defaultAppManagementPolicy"
ABSENT = (404, {"error": {"code": "Request_ResourceNotFound", "message": ""}})
DENIED = (403, {"error": {"code": "Authorization_RequestDenied", "message": ""}})


class MemoryStore:
    """Keeps what it is given, and says in which order it was called."""

    address = "memory"
    orphan_age = timedelta(0)

    def __init__(self, holds: StoredSecret | None = None, *, forgetful: bool = False) -> None:
        self.holds = holds
        self.calls: list[str] = []
        #: Of today, and one that is too old to tell anything.
        self.notes = (Announcement(ORPHAN.label, NOW - timedelta(hours=23)), Announcement(CURRENT.label, NOW - 2 * DAY))
        self._forgetful = forgetful

    def check(self) -> None:
        self.calls.append("check")

    def read(self, tenant_id: str, registration: str) -> StoredSecret | None:
        self.calls.append("read")
        return self.holds

    def forget(self, tenant_id: str, registration: str, key_id: str) -> None:
        self.calls.append(f"forget {key_id}")

    def announced(self, tenant_id: str, registration: str) -> tuple[Announcement, ...]:
        return self.notes

    def announce(self, tenant_id: str, registration: str, announcement: Announcement) -> None:
        self.calls.append("announce")
        self.notes += (announcement,)

    def rehearse(self, tenant_id: str, registration: str, secret: StoredSecret) -> None:
        self.calls.append("rehearse")

    def write(self, tenant_id: str, registration: str, secret: StoredSecret, replaces: str | None) -> None:
        self.calls.append("write")
        assert replaces == (self.holds and self.holds.key_id)
        if not self._forgetful:
            self.holds = secret


def application(*credentials: Credential) -> tuple[int, t.Any]:
    rows = [
        {
            "keyId": entry.key_id,
            "displayName": entry.label or None,
            "endDateTime": entry.end.strftime("%Y-%m-%dT%H:%M:%S.%f0Z"),
            "secretText": None,
        }
        for entry in credentials
    ]
    body = {"id": "object-1", "appId": "client-1", "createdDateTime": "2026-01-01T00:00:00Z"}
    date = {"Date": "Fri, 01 May 2026 12:00:00 GMT"}
    return (200, body | {"passwordCredentials": rows}, date)


def test_reading_compares_application_and_store_and_asks_no_policy_where_nothing_is_due(graph, http):
    http.on("GET", APPLICATION, application(CURRENT, *FOREIGN))

    state = read(graph, MemoryStore(stored()), "tenant", "ours", DESIRED)

    assert state.credentials == (CURRENT, *FOREIGN)
    assert (state.current, state.policy) == (CURRENT, None)
    assert (state.id, state.app_id, state.young) == ("object-1", "client-1", False)
    assert state.now == NOW.replace(microsecond=0)
    assert http.calls() == [("GET", APPLICATION)]


def test_where_a_secret_will_be_issued_the_store_is_probed_and_the_policy_asked(graph, http):
    http.on("GET", APPLICATION, application())
    http.on("GET", POLICY, (200, {"isEnabled": False}))
    http.on("GET", "/applications/object-1/appManagementPolicies", (200, {"value": []}))
    store = MemoryStore()

    state = read(graph, store, "tenant", "ours", DESIRED)

    assert state.policy == SecretPolicy()
    assert "check" in store.calls
    assert "write" not in store.calls
    assert http.writes() == []


def test_a_policy_that_may_not_be_read_is_left_to_graph(graph, http):
    http.on("GET", APPLICATION, application())
    http.on("GET", POLICY, DENIED)

    assert read(graph, MemoryStore(), "tenant", "ours", DESIRED).policy is None


def test_a_store_that_cannot_be_written_to_stops_before_a_secret_is_issued(graph, http):
    class Full(MemoryStore):
        def check(self) -> None:
            raise StoreError("no room")

    http.on("GET", APPLICATION, application())

    with pytest.raises(StoreError, match="no room"):
        read(graph, Full(), "tenant", "ours", DESIRED)


def test_the_secret_of_an_application_that_was_made_anew_is_none_of_this_one(graph, http):
    http.on("GET", APPLICATION, application())
    http.on("GET", POLICY, (200, {}))
    http.on("GET", "/applications/object-1/appManagementPolicies", (200, {"value": []}))

    state = read(graph, MemoryStore(replace(stored(), client_id="client-0")), "tenant", "ours", DESIRED)
    assert state.announced == {ORPHAN.label}

    assert (state.stored, state.current) == (None, None)
    assert len(issued(plan(state, DESIRED))) == 1


def test_reading_finds_no_registration(graph, http):
    http.on("GET", APPLICATION, ABSENT)
    http.on("GET", POLICY, (200, {}))
    http.on("GET", "/applications/object-1/appManagementPolicies", (200, {"value": []}))

    state = read(graph, MemoryStore(), "tenant", "ours", DESIRED)

    assert (state.id, state.app_id, state.credentials) == (None, None, ())


ISSUED = {
    "keyId": "key-new",
    "displayName": "totalview-exchange365/us/run-2",
    "endDateTime": "2027-05-01T12:00:00Z",
    "secretText": VALUE,
}
NEW = Credential("key-new", ISSUED["displayName"], datetime(2027, 5, 1, 12, tzinfo=UTC))


def run(graph: t.Any, store: MemoryStore, state: Actual, desired: Desired = DESIRED) -> StoredSecret | None:
    return apply(graph, store, "tenant", "ours", state, plan(state, desired))


def test_the_value_goes_from_the_answer_into_the_store_and_is_read_back(graph, http):
    http.on("POST", ADD, (200, ISSUED))
    http.on("GET", BY_ID, application(), application(NEW))
    store = MemoryStore()

    secret = run(graph, store, actual())

    assert store.holds == secret
    start = NOW.replace(microsecond=0)
    assert secret == StoredSecret("client-1", "key-new", NEW.label, NEW.end, VALUE, signed_in=start)
    assert store.calls == ["rehearse", "announce", "write", "read"]
    assert store.notes[-1].label == NEW.label
    (sent,) = (sent for sent in http.sent if sent.method == "POST")
    assert sent.body == {
        "passwordCredential": {
            "displayName": "totalview-exchange365/us/run-2",
            "startDateTime": "2026-05-01T12:00:00Z",
            "endDateTime": "2027-05-01T12:00:00Z",
        }
    }


def test_no_secret_is_asked_for_that_the_store_has_no_room_for(graph, http):
    asked = []

    class Full(MemoryStore):
        def rehearse(self, tenant_id: str, registration: str, secret: StoredSecret) -> None:
            asked.append((tenant_id, registration, secret))
            raise StoreError("no room")

    with pytest.raises(StoreError, match="no room"):
        run(graph, Full(), actual())

    assert http.writes() == []
    [(tenant, registration, secret)] = asked
    assert (tenant, registration, secret.label) == ("tenant", "ours", NEW.label)
    assert len(secret.value) > 40, "as long as Microsoft's secrets"


def test_a_secret_that_could_not_be_stored_is_told_by_its_key_id_and_never_by_its_value(graph, http):
    class Sealed(MemoryStore):
        def write(self, tenant_id: str, registration: str, secret: StoredSecret, replaces: str | None) -> None:
            raise StoreError("The store is sealed.", next_step="Unseal it.")

    http.on("POST", ADD, (200, ISSUED))

    with pytest.raises(StoreError) as caught:
        run(graph, Sealed(), actual())

    assert "is sealed. The client secret key-new was issued just before" in caught.value.message
    assert VALUE not in str(vars(caught.value))
    assert caught.value.next_step == "Unseal it."


def test_the_store_remembers_the_secret_that_was_replaced(graph, http):
    due = replace(CURRENT, end=NOW + DAY)
    http.on("POST", ADD, (200, ISSUED))
    http.on("GET", BY_ID, application(due, NEW))
    store = MemoryStore(stored(end=due.end))

    run(graph, store, actual(due, holds=store.holds))

    assert store.holds.key_id == "key-new"
    assert store.holds.retired == (stored(end=due.end).as_retired,)
    assert (store.holds.handed_off, store.holds.delivered) == (None, None)
    assert http.writes() == [("POST", ADD)]


def test_a_store_that_does_not_give_the_value_back_is_a_fault(graph, http):
    http.on("POST", ADD, (200, ISSUED))
    http.on("GET", BY_ID, application(NEW))

    with pytest.raises(StoreError) as caught:
        run(graph, MemoryStore(forgetful=True), actual())

    assert VALUE not in json.dumps(caught.value.failure("tenant"))


@pytest.mark.parametrize("wrong", [{"secretText": None}, {"secretText": ""}, {"endDateTime": None}, {"keyId": ""}])
def test_an_issue_without_a_secret_is_told_and_nothing_is_stored(graph, http, wrong):
    http.on("POST", ADD, (200, {**ISSUED, **wrong}))
    store = MemoryStore()

    with pytest.raises(UnexpectedAnswerError):
        run(graph, store, actual())

    assert store.holds is None
    assert http.writes() == [("POST", ADD)]


def test_a_secret_that_never_shows_is_kept_and_reported(graph, http):
    http.on("POST", ADD, (200, ISSUED))
    http.on("GET", BY_ID, application())
    store = MemoryStore()

    with pytest.raises(ReplicationError):
        run(graph, store, actual())

    assert store.holds is not None
    assert http.writes() == [("POST", ADD)]


def test_each_write_is_seen_before_the_next(graph, http):
    http.on("POST", REMOVE, (204,))
    http.on("POST", ADD, (200, ISSUED))
    http.on("GET", BY_ID, application(ORPHAN), *[application(ORPHAN, NEW)] * 3, *[application(NEW)] * 2)

    run(graph, MemoryStore(), actual(ORPHAN))

    assert http.calls() == [
        ("POST", ADD),
        ("GET", BY_ID),  # not there yet
        ("GET", BY_ID),
        ("GET", BY_ID),
        ("POST", REMOVE),
        ("GET", BY_ID),  # still there
        ("GET", BY_ID),
        ("GET", BY_ID),
    ]
    assert {"keyId": "key-orphan"} in [request.body for request in http.sent]


def test_a_refusal_that_is_no_lag_is_not_repeated(graph, http):
    http.on("POST", ADD, (400, {"error": {"code": "CredentialInvalidLifetimeAsPerAppPolicy", "message": "too long"}}))
    store = MemoryStore()

    with pytest.raises(PolicyError, match="too long"):
        run(graph, store, replace(actual(), young=True))

    assert http.writes() == [("POST", ADD)]
    assert "write" not in store.calls


def test_an_application_that_has_not_replicated_yet_is_waited_for_only_while_it_is_young(graph, http):
    lag = (
        404,
        {
            "error": {
                "code": "Request_ResourceNotFound",
                "message": "Resource 'object-1' does not exist or one of its queried reference-property objects are "
                "not present.",
            }
        },
    )
    http.on("POST", ADD, lag, lag, (200, ISSUED))
    http.on("GET", BY_ID, application(NEW))

    with pytest.raises(GraphError):
        run(graph, MemoryStore(), actual())
    assert run(graph, MemoryStore(), replace(actual(), young=True)) is not None


def test_nothing_planned_writes_nothing(graph, http):
    state = actual(CURRENT, holds=stored())

    assert run(graph, MemoryStore(), state) == state.stored
    assert http.sent == []


@pytest.mark.parametrize("delivered", DELIVERED)
def test_other_peoples_secrets_go_when_ours_was_typed_in_long_enough_ago(delivered):
    found = actual(CURRENT, *FOREIGN, holds=stored(delivered=delivered))
    ripe = delivered is not None and delivered + DESIRED.overlap <= NOW
    named = replace(DESIRED, remove=frozenset({"key-foreign-1"}))
    all_others = replace(DESIRED, removes_others=True, keep=frozenset({"key-foreign-3"}))

    assert removed(plan(found, named)) == ({"key-foreign-1"} if ripe else set())
    # What is labelled as a store's may be a newer one of ours, which this store has lost.
    assert removed(plan(found, all_others)) == ({"key-foreign-4"} if ripe else set())
    assert removed(plan(actual(*FOREIGN), replace(named, replaces_lost=True))) == set()


# --- a store that cannot keep others from writing


@pytest.mark.parametrize(("age", "removed"), [(timedelta(minutes=59), False), (timedelta(minutes=61), True)])
def test_without_locks_what_a_killed_run_left_is_removed_when_nobody_can_be_about_to_store_it(
    graph, http, age, removed
):
    class WithoutLocks(MemoryStore):
        orphan_age = timedelta(hours=1)

    http.on("GET", APPLICATION, application(CURRENT, ORPHAN))
    store = WithoutLocks(stored())
    store.notes = (Announcement(ORPHAN.label, NOW.replace(microsecond=0) - age),)

    state = read(graph, store, "tenant", "ours", DESIRED)
    steps = plan(state, DESIRED).steps

    assert steps == ((RemoveSecret(ORPHAN.key_id, "orphaned"),) if removed else ())
    assert foreign(state) == ()


def test_the_store_forgets_what_was_removed(graph, http):
    http.on("POST", REMOVE, (204,))
    http.on("GET", BY_ID, application(CURRENT))
    store = MemoryStore(stored())

    run(graph, store, actual(CURRENT, ORPHAN, holds=stored()))

    assert store.calls == [f"forget {ORPHAN.key_id}"]
