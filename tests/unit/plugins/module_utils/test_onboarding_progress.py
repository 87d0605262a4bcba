# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.stages import Progress
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.summary import Standing
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, perform
from ansible_collections.totalview.exchange365.plugins.modules import connector_plan, connector_stage


def progress():
    return Progress("tenant-1", handed_off=False)


def test_it_goes_from_task_to_task_whole():
    found = progress()
    found.note("mail", "consent", {"changed": True, "state": "granted", "held": [], "link": None, "permissions": []})

    assert Progress.load(found.dump()) == found


def test_only_what_later_stages_want_is_noted():
    found = progress()
    found.note("mail", "consent", {"changed": False, "state": "held", "held": ["x"], "link": None, "permissions": [1]})

    assert found.of("mail", "consent") == {"state": "held", "held": ["x"], "link": None}
    assert found.of("mail", "proof") == {}
    assert found.of("calendar", "consent") == {}


def test_stages_out_of_order_are_told_as_such():
    found = progress()
    found.note("mail", "consent", {"changed": False, "state": "granted"})

    assert found.need("mail", "consent") == {"state": "granted"}
    with pytest.raises(InputError, match="There is no secret of mail yet"):
        found.need("mail", "secret")


def test_changes_are_told_by_registration_and_those_of_the_tenant_last():
    found = progress()
    for name, part in [("", "hand-off"), ("calendar", "consent"), ("mail", "consent"), ("mail", "old_restriction")]:
        found.note(name, part, {"changed": True})
    found.note("calendar", "secret", {"changed": False})

    assert found.changed_parts() == ["calendar: consent", "mail: consent, old restriction", "hand-off"]


@pytest.mark.parametrize(
    ("operation", "missing"),
    [(connector_stage.OPERATION, "variables, host, progress"), (connector_plan.OPERATION, "variables, host")],
)
def test_a_task_without_a_session_says_what_it_needs(operation, missing):
    given = {**dict.fromkeys(operation.argument_spec), "stage": "consent"}

    result, outcome = perform(operation, Call(given, check_mode=False, vault=lambda *_unused: None))

    assert outcome is None
    assert result["failure"]["message"] == f"Not given: {missing}."


def standing(**changes):
    given = {"changed": [], "links": [], "waits": [], "try_again_at": None, "handed_off": False, "pending": False}
    return Standing(**{**given, **changes}).result("contoso")


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({}, "complete", ["-"]),
        ({"pending": True}, "changes_pending", ["run again without check mode"]),
        ({"links": ["https://a", "https://b"]}, "waiting_for_consent", ["https://a and https://b"]),
        ({"links": [None]}, "waiting_for_consent", ["the link follows with the real run"]),
        ({"links": ["https://a"], "waits": ["x"]}, "waiting_for_consent", ["https://a"]),
        (
            {"waits": ["Refused.", "Refused.", "Grant"], "try_again_at": "12:00"},
            "waiting_for_exchange",
            ["after 12:00. Not yet: Refused; Grant.", "Nobody but your store"],
        ),
        ({"waits": ["Refused."], "pending": True}, "waiting_for_exchange", ["You run again. Not yet: Refused."]),
    ],
)
def test_how_a_tenant_stands(changes, state, words):
    found = standing(**changes)

    assert found["state"] == state
    assert all(word in found["next"] for word in words), found["next"]


def test_what_was_handed_off_before_is_not_only_in_the_store():
    assert "Nobody but your store" not in standing(waits=["x"], handed_off=True)["next"]
