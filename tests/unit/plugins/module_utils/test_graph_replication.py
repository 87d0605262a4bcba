# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ForbiddenError,
    GraphError,
    NotFoundError,
    ReplicationError,
    Trace,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import (
    CONSECUTIVE,
    DEADLINE,
    YOUNG,
    await_visible,
    is_young,
    looks_like_lag,
    parse_time,
    settle,
)

NO_BACKING = (
    "When using this permission, the backing application of the service principal being created must in the local "
    "tenant"
)
LAG = [
    (404, "Resource 'x' does not exist or one of its queried reference-property objects are not present."),
    (400, "The appId 'x' of the service principal does not reference a valid application object."),
    (403, NO_BACKING),
    (400, "Not a valid reference update."),
]


def refusal(status, message, kind=GraphError):
    return kind(f"Microsoft Graph refused to do it: {status} SomeCode, {message}", trace=Trace(status, "r-1"))


def writes(*outcomes):
    """A write that has each outcome in turn, and notes how often it was tried."""
    left = list(outcomes)

    def write():
        write.tried += 1
        outcome = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    write.tried = 0
    return write


# --- which refusals mean lag


@pytest.mark.parametrize(("status", "message"), LAG)
def test_the_known_messages_mean_lag(status, message):
    assert looks_like_lag(refusal(status, message))


def test_what_graph_does_not_find_is_late_whatever_the_words():
    assert looks_like_lag(refusal(404, "Resource not found.", NotFoundError))


@pytest.mark.parametrize("message", [message for _status, message in LAG])
def test_the_same_words_under_another_status_do_not(message):
    assert not looks_like_lag(refusal(409, message))


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "Not found."),
        (403, "Insufficient privileges to complete the operation."),
        (400, "Permission being assigned already exists on the object"),
        (500, ""),
    ],
)
def test_other_refusals_do_not(status, message):
    assert not looks_like_lag(refusal(status, message))


# --- young


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01T12:00:00Z", datetime(2026, 5, 1, 12, tzinfo=UTC)),
        ("2026-05-01T12:00:00.1Z", datetime(2026, 5, 1, 12, 0, 0, 100000, tzinfo=UTC)),
        ("2026-05-01T12:00:00.123Z", datetime(2026, 5, 1, 12, 0, 0, 123000, tzinfo=UTC)),
        ("2026-05-01T12:00:00.1234567Z", datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)),
        ("2026-05-01T14:00:00+02:00", datetime(2026, 5, 1, 12, tzinfo=UTC)),
    ],
)
def test_times_in_each_of_graphs_spellings(text, moment):
    assert parse_time(text) == moment


@pytest.mark.parametrize(
    ("age", "young"),
    [
        (timedelta(), True),
        (YOUNG - timedelta(seconds=1), True),
        (YOUNG, False),
        (timedelta(days=365), False),
        (-timedelta(minutes=1), True),
    ],
)
def test_an_object_is_young_for_a_while_after_its_creation(age, young):
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)

    assert is_young((now - age).strftime("%Y-%m-%dT%H:%M:%SZ"), now) is young


@pytest.mark.parametrize("created", [None, ""])
def test_an_object_of_unknown_age_is_not_young(created):
    assert not is_young(created, datetime(2026, 5, 1, tzinfo=UTC))


# --- settle


@pytest.mark.parametrize("young", [True, False])
def test_a_write_that_succeeds_is_done_once(clock, young):
    write = writes("done")

    assert settle(write, what="It", young=young) == "done"
    assert (write.tried, clock.slept) == (1, [])


@pytest.mark.parametrize(("status", "message"), LAG)
def test_a_write_to_a_young_object_is_repeated_until_it_is_taken(clock, status, message):
    write = writes(refusal(status, message), refusal(status, message), "done")

    assert settle(write, what="It", young=True) == "done"
    assert write.tried == 3
    assert len(clock.slept) == 2


@pytest.mark.parametrize(("status", "message"), LAG)
def test_the_same_refusal_of_an_older_object_is_final(clock, status, message):
    write = writes(refusal(status, message), "done")

    with pytest.raises(GraphError):
        settle(write, what="It", young=False)

    assert (write.tried, clock.slept) == (1, [])


@pytest.mark.parametrize("error", [refusal(403, "Insufficient privileges", ForbiddenError), ValueError("other")])
def test_any_other_refusal_is_final(error):
    write = writes(refusal(*LAG[0]), error, "done")

    with pytest.raises(type(error)):
        settle(write, what="It", young=True)

    assert write.tried == 2


def test_a_write_that_is_never_taken_ends_at_the_deadline(clock):
    start = clock.now
    write = writes(refusal(*LAG[0]))

    with pytest.raises(ReplicationError) as caught:
        settle(write, what="The thing", young=True)

    error = caught.value
    assert error.message.startswith("The thing is still refused")
    assert LAG[0][1].rstrip(".") in error.message
    assert error.trace.request_id == "r-1"
    assert "again" in error.next_step
    assert DEADLINE.total_seconds() - 10 <= clock.now - start <= DEADLINE.total_seconds()
    assert write.tried > 10


# --- await_visible


def readings(*values):
    left = list(values)

    def probe():
        probe.asked += 1
        return left.pop(0) if len(left) > 1 else left[0]

    probe.asked = 0
    return probe


def test_what_is_visible_is_read_twice_without_waiting(clock):
    probe = readings(True)

    await_visible(probe, what="It")

    assert (probe.asked, clock.slept) == (CONSECUTIVE, [])


def test_one_good_reading_does_not_make_a_visible_object(clock):
    probe = readings(True, False, True, False, True, True)

    await_visible(probe, what="It")

    assert probe.asked == 6
    assert len(clock.slept) == 2


def test_the_pauses_grow(clock):
    await_visible(readings(*[False] * 8, True), what="It")

    assert clock.slept == sorted(clock.slept)
    assert clock.slept[0] < 1 <= clock.slept[-1]


@pytest.mark.parametrize("values", [(False,), (True, False) * 500])
def test_what_never_stays_visible_ends_at_the_deadline(clock, values):
    start = clock.now

    with pytest.raises(ReplicationError) as caught:
        await_visible(readings(*values), what="The thing")

    assert caught.value.message.startswith("The thing was written but cannot be read")
    assert "again" in caught.value.next_step
    assert DEADLINE.total_seconds() - 10 <= clock.now - start <= DEADLINE.total_seconds()


def test_a_reading_that_fails_is_a_fault_at_once(clock):
    def probe():
        raise refusal(500, "")

    with pytest.raises(GraphError):
        await_visible(probe, what="It")

    assert clock.slept == []
