# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.judge import judge
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.model import (
    Desired,
    Evidence,
    Mailbox,
    Seen,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DELAY = timedelta(hours=2)
YOUNG, OLD = NOW - timedelta(minutes=10), NOW - timedelta(days=2)
ANN, CARL = "ann@c.example", "carl@c.example"
PERMISSIONS = ("Mail.Send", "User.Read.All")
INSIDE, OUTSIDE = (Mailbox("id-of-ann", ANN),), (Mailbox("id-of-carl", CARL),)
DESIRED = Desired("ours", PERMISSIONS, "access_policy", INSIDE, OUTSIDE, OLD, DELAY)
RBAC, NONE = replace(DESIRED, mode="rbac"), replace(DESIRED, mode="none", outside=(), since=None)


def evidence(inside="reached", outside="blocked", roles=PERMISSIONS, secret_since=OLD, refusal=None):
    return Evidence(
        NOW,
        secret_since,
        refusal,
        frozenset(roles),
        (Seen("Mail.Send", ANN, inside, "inside's text"),) if inside else (),
        (Seen("Mail.Send", CARL, outside, "outside's text"),) if outside else (),
    )


def results(judgement):
    return [(check.name, check.result) for check in judgement.checks]


# --- the whole table


ROLES = {"exact": PERMISSIONS, "missing": PERMISSIONS[:1], "none": (), "extra": (*PERMISSIONS, "Mail.Read")}
VERDICTS = ("reached", "blocked", "refused", "no_role", "missing")


def expected(roles, inside, outside, *, young):
    """In words: nobody who answers inside is an error for ever, outside no evidence; else it is one when late."""
    late = "not_yet" if young else "failed"
    lacking = roles in ("missing", "none") or inside == "no_role"
    return [
        ("sign_in", "ok"),
        ("grants", {"exact": "ok", "extra": "failed"}.get(roles, "not_yet")),
        ("inside", {"reached": "ok", "missing": "failed"}.get(inside, "not_yet" if lacking else late)),
        ("outside", {"blocked": "ok", "missing": "no_evidence", "no_role": "not_yet"}.get(outside, late)),
    ]


@pytest.mark.parametrize("young", [True, False], ids=["young", "old"])
@pytest.mark.parametrize(("roles", "inside", "outside"), list(itertools.product(ROLES, VERDICTS, VERDICTS)))
def test_not_yet_and_never(roles, inside, outside, young):
    desired = replace(DESIRED, since=YOUNG if young else OLD)

    judgement = judge(desired, evidence(inside, outside, ROLES[roles]))

    table = expected(roles, inside, outside, young=young)
    assert results(judgement) == table
    found = {result for _name, result in table}
    order = {"failed": "failed", "not_yet": "waiting_for_exchange", "no_evidence": "not_provable", "ok": "proven"}
    assert judgement.state == next(state for result, state in order.items() if result in found)
    assert all(check.detail for check in judgement.checks)


def test_only_one_cell_of_the_table_is_proven():
    proven = [
        cell
        for cell in itertools.product(ROLES, VERDICTS, VERDICTS, (YOUNG, OLD))
        if judge(replace(DESIRED, since=cell[3]), evidence(cell[1], cell[2], ROLES[cell[0]])).state == "proven"
    ]

    assert {cell[:3] for cell in proven} == {("exact", "reached", "blocked")}


@pytest.mark.parametrize("young", [True, False], ids=["young", "old"])
@pytest.mark.parametrize(("inside", "outside"), list(itertools.product(VERDICTS, VERDICTS)))
def test_in_rbac_mode_exchange_alone_decides(inside, outside, young):
    """The token carries no role anyway: that a service misses one is a refusal like any other."""
    late = "not_yet" if young else "failed"

    judgement = judge(replace(RBAC, since=YOUNG if young else OLD), evidence(inside, outside, RBAC.roles))

    assert results(judgement)[2:] == [
        ("inside", {"reached": "ok", "missing": "failed"}.get(inside, late)),
        ("outside", {"reached": late, "missing": "no_evidence"}.get(outside, "ok")),
    ]


# --- the sign-in


def test_without_a_token_nothing_else_is_judged():
    judgement = judge(DESIRED, Evidence(NOW, YOUNG, refusal="Not known yet."))

    assert results(judgement) == [("sign_in", "not_yet")]
    assert judgement.checks[0].detail == "Not known yet."
    assert judgement.state == "waiting_for_exchange"


# --- the grants


@pytest.mark.parametrize(
    ("mode", "roles", "result"),
    [
        ("access_policy", ("Mail.Send", "User.Read.All"), "ok"),
        ("none", ("Mail.Send", "User.Read.All"), "ok"),
        ("access_policy", ("User.Read.All",), "not_yet"),
        ("rbac", ("User.Read.All",), "ok"),
        ("rbac", (), "not_yet"),
        ("rbac", ("Mail.Send", "User.Read.All"), "failed"),
        ("rbac", ("Calendars.Read", "User.Read.All"), "failed"),
    ],
)
def test_in_rbac_mode_the_token_must_not_carry_what_exchange_gives(mode, roles, result):
    judgement = judge(replace(DESIRED, mode=mode), evidence(roles=roles))

    assert dict(results(judgement))["grants"] == result


def test_what_is_too_much_is_told_also_where_something_is_missing():
    judgement = judge(DESIRED, evidence(roles=("Mail.Read", "Mail.Send")))

    check = judgement.checks[1]
    assert (check.result, check.detail) == ("failed", "The token carries more than is wanted: Mail.Read.")


def test_a_grant_that_came_late_does_not_make_an_old_restriction_fail():
    """Consent may come days after the restriction; the token then still lacks it for a moment."""
    judgement = judge(DESIRED, evidence(inside="refused", roles=()))

    assert judgement.state == "waiting_for_exchange"


# --- mailboxes


def test_several_permissions_are_judged_one_by_one():
    both = (Seen("Calendars.Read", ANN, "reached"), Seen("Mail.Send", ANN, "refused", "why"))

    judgement = judge(DESIRED, replace(evidence(), inside=both))

    assert results(judgement)[2:4] == [("inside", "ok"), ("inside", "failed")]
    assert "why" in judgement.checks[3].detail


@pytest.mark.parametrize("mode", ["access_policy", "rbac"])
def test_a_restriction_without_a_mailbox_is_never_proven(mode):
    desired = replace(DESIRED, mode=mode, inside=())

    judgement = judge(desired, evidence(inside=None, roles=desired.roles))

    assert judgement.state == "failed"
    assert ("inside", "failed") in results(judgement)


@pytest.mark.parametrize("mode", ["access_policy", "rbac"])
def test_a_tenant_without_a_mailbox_outside_is_no_proof(mode):
    """Whether anything is restricted is seen by a refusal only."""
    desired = replace(DESIRED, mode=mode, outside=())

    judgement = judge(desired, evidence(outside=None, roles=desired.roles))

    assert judgement.state == "not_provable"
    assert "no mailbox outside" in judgement.checks[-1].detail


def test_mailboxes_that_cannot_answer_are_named_a_few_of_them_and_the_reason_of_one():
    silent = tuple(Seen("Mail.Send", f"m{number}@c.example", "missing", "No licence.") for number in range(7))

    judgement = judge(DESIRED, replace(evidence(), outside=silent))

    assert judgement.state == "not_provable"
    told = judgement.checks[-1].detail
    assert told.endswith("m0@c.example, m1@c.example, m2@c.example, m3@c.example, m4@c.example, 2 more (No licence).")


@pytest.mark.parametrize("mode", ["access_policy", "rbac"])
@pytest.mark.parametrize("untried", ["Mail.Read", "Contacts.Read", "MailboxSettings.ReadWrite"])
def test_a_restricted_permission_that_nothing_tries_is_no_proof(mode, untried):
    desired = replace(DESIRED, mode=mode, permissions=(*DESIRED.permissions, untried))

    judgement = judge(desired, evidence(roles=desired.roles))

    assert judgement.state == "not_provable"
    assert f"Nothing tries {untried}" in judgement.checks[-1].detail


def test_what_is_not_restricted_needs_no_refusal():
    permissions = (*DESIRED.permissions, "Mail.Read", "User.Read.All")

    assert judge(
        replace(NONE, permissions=permissions), evidence(outside=None, roles=frozenset(permissions))
    ).state == ("proven")


@pytest.mark.parametrize(("outside", "state"), [("reached", "failed"), ("blocked", "not_provable")])
def test_what_is_wrong_is_told_before_what_cannot_be_shown(outside, state):
    desired = replace(DESIRED, permissions=(*DESIRED.permissions, "Mail.Read"))

    assert judge(desired, evidence(outside=outside, roles=desired.roles)).state == state


@pytest.mark.parametrize(("inside", "seen"), [(INSIDE, "reached"), ((), None)])
def test_without_a_restriction_there_is_no_outside(inside, seen):
    judgement = judge(replace(NONE, inside=inside), evidence(inside=seen, outside=None))

    assert judgement.state == "proven"
    assert "outside" not in dict(results(judgement))


# --- since when, and when again


@pytest.mark.parametrize(
    ("since", "secret_since", "newest"), [(OLD, YOUNG, YOUNG), (YOUNG, OLD, YOUNG), (None, OLD, OLD), (OLD, OLD, OLD)]
)
def test_the_time_runs_from_the_newer_of_restriction_and_secret(since, secret_since, newest):
    judgement = judge(replace(DESIRED, since=since), evidence(inside="refused", secret_since=secret_since))

    assert judgement.since == newest
    assert judgement.state == ("waiting_for_exchange" if newest == YOUNG else "failed")


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (DELAY - timedelta(seconds=1), "waiting_for_exchange"),
        (DELAY, "failed"),
        (timedelta(minutes=-5), "waiting_for_exchange"),
    ],
    ids=["just within", "over", "in the future"],
)
def test_late_begins_when_the_delay_is_over(age, state):
    judgement = judge(replace(DESIRED, since=NOW - age), evidence(outside="reached"))

    assert judgement.state == state


@pytest.mark.parametrize("age", [timedelta(), timedelta(minutes=119), DELAY, timedelta(days=9)])
def test_the_next_try_is_never_in_the_past(age):
    judgement = judge(replace(DESIRED, since=NOW - age), Evidence(NOW, OLD, refusal="Not yet."))

    assert judgement.try_again_at > NOW
    assert judgement.try_again_at <= NOW + DELAY
