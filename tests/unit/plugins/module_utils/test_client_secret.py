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
    RemoveSecret,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.plan import (
    DEFAULT_LIFETIME,
    foreign,
    plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import SecretPolicy
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
RETIRED = {
    OVER: RetiredSecret("key-over", NOW - timedelta(seconds=1)),
    OVERLAPPING: RetiredSecret("key-overlapping", NOW + 2 * DAY),
}


def stored(*retired: Credential, end: datetime = CURRENT.end) -> StoredSecret:
    return StoredSecret(
        client_id="client-1",
        key_id=CURRENT.key_id,
        label=CURRENT.label,
        end=end,
        value=VALUE,
        retired=tuple(RETIRED[entry] for entry in retired),
    )


def actual(*credentials: Credential, holds: StoredSecret | None = None, policy: SecretPolicy | None = None) -> Actual:
    """The store has announced the secret of the run that was killed."""
    announced = frozenset({ORPHAN.label})
    return Actual(NOW, credentials, holds, policy, id="object-1", app_id="client-1", announced=announced)


def subsets(values: t.Sequence[t.Any]) -> list[tuple[t.Any, ...]]:
    return [found for size in range(len(values) + 1) for found in itertools.combinations(values, size)]


def situations() -> t.Iterator[tuple[Actual, Desired]]:
    """Every combination of what the application has, what the store holds, and when the current secret ends."""
    policies = (None, SecretPolicy(), SecretPolicy(max_lifetime=90 * DAY))
    ends = (NOW + 200 * DAY, NOW + 30 * DAY, NOW + DAY, NOW, NOW - DAY)
    for end, policy, overlap in itertools.product(ends, policies, (7 * DAY, timedelta())):
        current = replace(CURRENT, end=end)
        stores = (None, *(stored(*retired, end=end) for retired in subsets((OVER, OVERLAPPING))))
        for present, holds in itertools.product(subsets((current, ORPHAN, FOREIGN[0], OVER, OVERLAPPING)), stores):
            yield actual(*present, holds=holds, policy=policy), replace(DESIRED, overlap=overlap, replaces_lost=True)


def done(state: Actual, change: Change[Step]) -> Actual:
    """The application and the store after the steps."""
    for step in change.steps:
        match step:
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
    assert [step.retired for step in issued(change)] == (
        [(RetiredSecret("key-current", NOW + 7 * DAY),)] if due else []
    )


@pytest.mark.parametrize(
    ("remove_after", "gone"), [(NOW + timedelta(seconds=1), False), (NOW, True), (NOW - DAY, True)]
)
def test_a_replaced_secret_goes_when_its_overlap_is_over(remove_after, gone):
    holds = replace(stored(), retired=(RetiredSecret("key-over", remove_after),))

    change = plan(actual(CURRENT, OVER, holds=holds), DESIRED)

    assert change.steps == ((RemoveSecret("key-over", "replaced"),) if gone else ())


@pytest.mark.parametrize("present", [(OVER,), (replace(CURRENT, end=NOW), OVER)], ids=["lost", "expired"])
def test_a_replaced_secret_stays_while_the_one_that_replaced_it_does_not_work(present):
    change = plan(actual(*present, holds=stored(OVER)), DESIRED)

    assert removed(change) == set()
    (issue,) = issued(change)
    assert RETIRED[OVER] in issue.retired, "a later run removes it"


def test_the_new_record_forgets_replaced_secrets_that_are_gone():
    due = replace(CURRENT, end=NOW + DAY)

    (issue,) = issued(plan(actual(due, OVERLAPPING, holds=stored(OVER, OVERLAPPING, end=due.end)), DESIRED))

    assert [entry.key_id for entry in issue.retired] == ["key-overlapping", "key-current"]


def test_a_renewal_removes_what_is_over_and_does_not_remember_it():
    due = replace(CURRENT, end=NOW + DAY)

    change = plan(actual(due, OVER, holds=stored(OVER, end=due.end)), DESIRED)

    assert removed(change) == {"key-over"}
    assert [entry.key_id for entry in issued(change)[0].retired] == ["key-current"]


@pytest.mark.parametrize(
    ("policy", "valid_for", "lifetime"),
    [
        (None, None, 365 * DAY),
        (None, 60 * DAY, 60 * DAY),
        (SecretPolicy(), None, 365 * DAY),
        (SecretPolicy(), 700 * DAY, 700 * DAY),
        (SecretPolicy(max_lifetime=90 * DAY), None, 90 * DAY),
        (SecretPolicy(max_lifetime=90 * DAY), 60 * DAY, 60 * DAY),
        (SecretPolicy(max_lifetime=90 * DAY), 90 * DAY, 90 * DAY),
        (SecretPolicy(max_lifetime=900 * DAY), None, 365 * DAY),
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
        (SecretPolicy(secrets_allowed=False), None, "SecretsNotAllowed"),
        (SecretPolicy(max_lifetime=90 * DAY), 91 * DAY, "LifetimeAbovePolicy"),
    ],
)
def test_what_the_policy_forbids_is_told_before_anything_is_written(policy, valid_for, code):
    with pytest.raises(PolicyError) as caught:
        plan(actual(ORPHAN, policy=policy), replace(DESIRED, valid_for=valid_for))

    assert caught.value.code == code
    assert caught.value.next_step


def test_a_policy_against_secrets_does_not_disturb_one_that_is_there():
    state = actual(CURRENT, holds=stored(), policy=SecretPolicy(secrets_allowed=False))

    assert not plan(state, DESIRED).changed


@pytest.mark.parametrize(
    ("policy", "valid_for", "renew_before"),
    [
        (None, 30 * DAY, 30 * DAY),
        (None, 20 * DAY, 30 * DAY),
        (None, None, 365 * DAY),
        (SecretPolicy(max_lifetime=14 * DAY), None, 30 * DAY),
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
        # A replaced secret waits until the one that replaced it works: then the next run may remove it.
        assert removed(second) <= {entry.key_id for entry in state.stored.retired}
        state = done(state, second)
        assert not plan(state, replace(desired, run="run-4")).changed, (start, desired)


def test_a_second_run_finds_nothing_to_do_where_the_current_secret_works():
    for start, desired in situations():
        works = start.current is not None and start.current.end > NOW
        if works and desired.overlap:
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
        overlapping = start.stored.retired if start.stored else ()
        assert not gone & {entry.key_id for entry in overlapping if entry.remove_after > NOW}


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

    def announced(self, tenant_id: str, registration: str) -> tuple[Announcement, ...]:
        return self.notes

    def announce(self, tenant_id: str, registration: str, announcement: Announcement) -> None:
        self.calls.append("announce")
        self.notes += (announcement,)

    def rehearse(self, tenant_id: str, registration: str, secret: StoredSecret) -> None:
        self.calls.append("rehearse")

    def write(self, tenant_id: str, registration: str, secret: StoredSecret) -> None:
        self.calls.append("write")
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

    state = read(graph, MemoryStore(replace(stored(), client_id="client-0")), "tenant", "ours", DESIRED)
    assert state.announced == {ORPHAN.label}

    assert (state.stored, state.current) == (None, None)
    assert len(issued(plan(state, DESIRED))) == 1


def test_reading_finds_no_registration(graph, http):
    http.on("GET", APPLICATION, ABSENT)
    http.on("GET", POLICY, (200, {}))

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
    assert secret == StoredSecret("client-1", "key-new", NEW.label, NEW.end, VALUE)
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


def test_the_store_remembers_the_secret_that_was_replaced(graph, http):
    due = replace(CURRENT, end=NOW + DAY)
    http.on("POST", ADD, (200, ISSUED))
    http.on("GET", BY_ID, application(due, NEW))
    store = MemoryStore(stored(end=due.end))

    run(graph, store, actual(due, holds=store.holds))

    assert store.holds.key_id == "key-new"
    assert store.holds.retired == (RetiredSecret("key-current", NOW + 7 * DAY),)
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
