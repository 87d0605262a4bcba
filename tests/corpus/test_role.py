# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's tasks are the steps that the plan knows, and do what it promises, nothing more and nothing less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.steps import STEPS, tags
from corpus.operator import Json, Operator
from tooling.role_tasks import RoleTasks, module_of, tasks

#: Variables of a tenant, and what its second run has in their place.
FLEET: dict[str, tuple[Json, Json]] = {
    "default": ({}, {}),
    "calendar in rbac": (
        {"calendar_restriction": "rbac", "calendar_members": ["ann@example.com"]},
        {"calendar_display_name": "calendar"},
    ),
    "fewer permissions": ({}, {"calendar_permissions": ["Calendars.Read"]}),
    "renamed": ({}, {"mail_display_name": "mailing"}),
    "another member": ({}, {"mail_members": ["totalview@example.com", "ann@example.com"]}),
    "another mode": ({}, {"mail_restriction": "rbac"}),
    "renewed": ({}, {"secret_renew_before": "300d", "secret_valid_for": "320d"}),
    "without waiting for consent": ({}, {"handoff_unproven": True}),
}


@pytest.fixture
def operator(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Any:
    with Operator(tmp_path_factory.mktemp("operator"), monkeypatch) as made:
        yield made


def test_the_tasks_are_the_steps_in_their_order_with_their_tags() -> None:
    listed = [(module_of(task), set(task["tags"])) for task in tasks() if task["tags"] != "always"]
    assert listed == [(step.module, tags(step)) for step in STEPS]


def test_a_step_comes_after_what_it_needs() -> None:
    names = [step.name for step in STEPS]
    assert all(names.index(need) < index for index, step in enumerate(STEPS) for need in step.needs)
    assert names.index("restriction") < names.index("consent") < names.index("hand-off")


@pytest.mark.parametrize("case", FLEET)
def test_what_the_plan_promises_is_what_the_tasks_do(operator: Operator, case: str) -> None:
    for changes in ({}, *FLEET[case]):
        promised = _promised(operator.plan(**changes))
        checked = _done(operator.role(changes, check_mode=True))
        assert _done(operator.role(changes)) == promised, (case, changes)
        assert checked == promised, (case, changes)


def _promised(plan: Json) -> list[tuple[str, str]]:
    assert not plan.get("failed"), plan
    return sorted((entry["registration"] or "", entry["part"]) for entry in plan["plan"])


def _done(role: RoleTasks) -> list[tuple[str, str]]:
    result = role.run()
    assert not result.get("failed"), result
    changed = result["ansible_facts"]["connector_result"]["changed"]
    parts: list[tuple[str, str]] = []
    for text in changed:
        name, _colon, listed = text.rpartition(": ")
        parts += [(name, part) for part in listed.split(", ")]
    return sorted(parts)


def test_tags_bring_with_a_step_what_it_needs(operator: Operator) -> None:
    role = operator.role({})
    role.tags = frozenset({"consent"})
    result = role.run()
    done = [name for name, found in role.results if "results" in found]
    assert done == [
        "Applications and service principals",
        "Declared permissions",
        "Mailbox restriction",
        "Admin consent",
    ]
    assert result["ansible_facts"]["connector_result"]["state"] == "changes_pending"


@pytest.mark.parametrize("left_out", ["Mailbox restriction", "Sign in, read and plan"])
def test_a_task_that_was_left_out_is_missed_by_name(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    whole: Callable[[], Any] = tasks
    monkeypatch.setattr("tooling.role_tasks.tasks", lambda: (task for task in whole() if task["name"] != left_out))
    with pytest.raises(Exception, match=f'The task "{left_out}" has not run'):
        operator.role({}).run()
