# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entra's audit log, joined to the findings of an audit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.changed_by import Event, with_evidence
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.findings import KINDS, Finding

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
OURS = "0e8f7a6b-2c4d-4f5e-8a9b-7c6d5e4f3a2b"


def event(activity: str, hours: int = 0, by: str = "ann@example.com", client_id: str | None = None) -> Event:
    return Event(AT + timedelta(hours=hours), activity, by, client_id)


def told(kind: str, *events: Event) -> tuple[str, ...]:
    return with_evidence(Finding(kind, "mail", "x", ("as found",)), events, OURS).evidence[1:]


@pytest.mark.parametrize(
    ("kind", "activity"),
    [
        ("foreign-secret", "Update application \u2013 Certificates and secrets management"),
        ("foreign-secret", "Add service principal credentials"),
        ("foreign-owner", "Add owner to service principal"),
        ("audience", "Update application"),
        ("deleted", "Delete application"),
        ("extra-grant", "Consent to application"),
        ("missing-grant", "Remove app role assignment from service principal"),
    ],
)
def test_who_did_what_and_when_is_evidence(kind: str, activity: str) -> None:
    assert kind in KINDS
    assert told(kind, event(activity)) == (f"audit log: {activity}, 2026-11-26T12:00:00+00:00, by ann@example.com",)


def test_the_newest_counts_that_may_have_made_it() -> None:
    events = (event("Add owner to application", 1, "bo"), event("Add owner to application", 2, "cy"))

    [evidence] = told("foreign-owner", *events, event("Update application", 3, "di"))

    assert evidence.endswith("by cy")


def test_what_the_automation_did_made_no_finding() -> None:
    assert told("audience", event("Update application", by="application ours", client_id=OURS)) == ()


@pytest.mark.parametrize("kind", ["reach-widened", "secret-expires", "duplicate-name"])
def test_of_what_the_log_does_not_have_nothing_is_told(kind: str) -> None:
    assert told(kind, event("Update application"), event("Add application")) == ()
