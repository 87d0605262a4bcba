# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Never widen by an act of ours: some of the histories of `make chaos`, and that the property can fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.binding import Bound
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import (
    Application,
    Desired,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredProof, StoredSecret
from attack.reach_histories import HOUR, ReachHistories, RememberedHistories
from integration.administrator import CALENDAR, MAIL

HISTORIES = settings(
    max_examples=200,
    stateful_step_count=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

TestHistories = RememberedHistories.TestCase
TestHistories.settings = HISTORIES

RESOURCES = "ansible_collections.totalview.exchange365.plugins.module_utils._resources"


def _made_with_our_client(keyed: Application, desired: Desired) -> bool:
    return keyed.created_by == desired.automation or keyed.app_id == desired.client_id


class Rule(NamedTuple):
    """`place`: what is taken out, and `mutation`: what takes its place. `history`: one that it matters in."""

    place: str
    mutation: Callable[..., Any]
    history: Callable[[ReachHistories], None]


def _who_came_before_the_consent(history: ReachHistories) -> None:
    history.it_begins(mode="access_policy", consents=False, runs=1)
    history.somebody_gets_in(CALENDAR, "secret")
    history.the_automation_may_consent_or_not(consents=True)
    history.a_run(0, enable=False)


def _who_was_there_before_us(history: ReachHistories) -> None:
    history.it_begins(mode="access_policy", consents=True, runs=0)
    history.somebody_takes_our_key(CALENDAR, with_our_client=True)
    history.a_run(0, enable=False)


def _a_policy_that_went_while_it_was_disabled(history: ReachHistories) -> None:
    history.it_begins(mode="access_policy", consents=True, runs=2)
    history.somebody_disables(MAIL, of_principal=True)
    history.somebody_removes_a_policy()
    history.a_run(2 * HOUR, enable=True)
    history.a_run(0, enable=True)


def _a_policy_that_went_while_it_was_deleted(history: ReachHistories) -> None:
    history.it_begins(mode="access_policy", consents=True, runs=2)
    history.somebody_deletes(MAIL, of_principal=False)
    history.somebody_removes_a_policy()
    history.a_run(2 * HOUR, enable=False)


def _a_policy_that_went_with_its_grant(history: ReachHistories) -> None:
    history.it_begins(mode="access_policy", consents=True, runs=2)
    history.somebody_revokes(MAIL)
    history.somebody_removes_a_policy()
    history.a_run(2 * HOUR, enable=False)


def _as_recorded(_bound: Bound, secret: StoredSecret, _now: datetime) -> StoredProof | None:
    return secret.proof


RULES = {
    "the gate": Rule("credentials.check.foreign", lambda *_found: (), _who_came_before_the_consent),
    "the journal": Rule("registration.plan._is_known", _made_with_our_client, _who_was_there_before_us),
    "the proof's binding": Rule(
        "proof.binding.Bound.proof_of", _as_recorded, _a_policy_that_went_while_it_was_disabled
    ),
    "the two steps of restoring": Rule(
        "registration.apply._deactivate", lambda *_application: None, _a_policy_that_went_while_it_was_deleted
    ),
    "the wait for Exchange": Rule(
        "restriction.binding.hold", lambda *_restriction: (), _a_policy_that_went_with_its_grant
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_the_property_fails_where_a_rule_is_taken_out(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    rule = RULES[name]
    _play(rule.history)
    monkeypatch.setattr(f"{RESOURCES}.{rule.place}", rule.mutation)

    with pytest.raises(AssertionError, match=r"widened|given to"):
        _play(rule.history)


def test_what_nobody_holds_is_enabled_behind_its_restriction_too() -> None:
    """Found by a generated history: nothing was handed off yet."""
    _play(_a_policy_that_went_before_anything_was_handed_off)


def _a_policy_that_went_before_anything_was_handed_off(history: ReachHistories) -> None:
    history.it_begins(mode="access_policy", consents=True, runs=0)
    history.a_run(0, enable=False)
    history.somebody_removes_a_policy()
    history.somebody_disables(MAIL, of_principal=True)
    history.a_run(30 * HOUR, enable=True)
    assert history.state == "waiting_for_exchange"
    history.a_run(2 * HOUR, enable=True)
    assert history.state == "complete"


def test_who_is_in_the_one_registration_is_not_in_the_other() -> None:
    """Found by a generated history: the e-mail of nobody's secret was taken for open while Exchange was late."""
    _play(_a_stranger_in_the_calendar_and_e_mail_without_a_secret)


def _a_stranger_in_the_calendar_and_e_mail_without_a_secret(history: ReachHistories) -> None:
    history.it_begins(mode="access_policy", consents=True, runs=0)
    history.a_run_is_killed(0, 14, enable=False)
    history.somebody_gets_in(CALENDAR, "secret")
    history.the_store_is_lost_for_good()
    assert history.state == "waiting_for_decision"


def _play(history: Callable[[ReachHistories], None]) -> None:
    played = ReachHistories()
    try:
        history(played)
        played.what_is_complete_leaves_nothing_open()
    finally:
        played.teardown()
