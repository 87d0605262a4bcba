# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's tasks are the steps that the plan knows, and do what it promises, nothing more and nothing less."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.steps import STEPS, tags
from corpus.operator import TENANT, Json, Operator
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
    "another sender": ({}, {"mail_sender": "ann@example.com", "mail_members": ["ann@example.com"]}),
    "sender by an alias": ({"mail_sender": "post@example.com"}, {"mail_sender": "post@example.com"}),
    "a mode and back": (
        {"mail_restriction": "rbac"},
        {"mail_restriction": "access_policy", "mail_members": ["totalview@example.com"]},
    ),
    "open to all": ({}, {"mail_restriction": "none", "mail_allow_every_mailbox": True}),
}
#: Longer than any token lives, in seconds.
TOKENS = 29 * 3600


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


@pytest.mark.parametrize("mode", ["access_policy", "rbac"])
def test_what_an_offboarding_promises_is_what_its_tasks_do(operator: Operator, mode: str) -> None:
    """But for roles that go by themselves with the service principal (learn.microsoft.com, RBAC for Applications)."""
    _done(operator.role({"calendar_restriction": mode, "calendar_members": ["ann@example.com"]}))
    going = {"offboard": ["contoso"], "purge": True}

    for wait in (0, TOKENS, 0):
        by_itself = mode == "rbac" and wait == 0 and operator.rig.admin.snapshot(TENANT)["exchange"]["assignments"]
        operator.rig.admin.advance_clock(wait)
        promised = _parts(operator.plan("offboarding", **going)["planned"])
        checked = _done(operator.role(going, check_mode=True, name="offboard"))
        done = _done(operator.role(going, name="offboard"))
        assert [part for part in promised if part not in done] == ([("calendar", "roles")] if by_itself else [])
        assert [part for part in done if part not in promised] == []
        assert checked == promised

    assert done == []
    snapshot = operator.rig.admin.snapshot(TENANT)
    assert {row["displayName"] for row in snapshot["applications"]} & {"calendar", "mail"} == set()


@pytest.mark.parametrize("wait", [0, TOKENS], ids=["young restriction", "old restriction"])
def test_what_enabling_promises_is_what_its_tasks_do(operator: Operator, wait: int) -> None:
    """A restriction that is made anew keeps a registration disabled that somebody has the secret of."""
    _done(operator.role({}))
    _close(operator)
    operator.rig.admin.advance_clock(60)  # made anew in the same second, a policy would be the one that was proven
    operator.rig.admin.exchange(TENANT, "Remove-ApplicationAccessPolicy", Identity=_policy(operator), Confirm=False)

    for _turn in range(2):
        checked = _done(operator.role({"switch": "both"}, check_mode=True, name="enable"))
        assert _done(operator.role({"switch": "both"}, name="enable")) == checked
        operator.rig.admin.advance_clock(wait)

    assert _enabled(operator) == {"calendar": True, "mail": wait > 0}


def test_what_an_onboarding_that_may_enable_promises_is_what_the_tasks_do(operator: Operator) -> None:
    _done(operator.role({}))
    _close(operator)

    promised = _promised(operator.plan(enable=True))
    checked = _done(operator.role({"enable": True}, check_mode=True))
    assert _done(operator.role({"enable": True})) == promised
    assert checked == promised
    assert _enabled(operator) == {"calendar": True, "mail": True}


def _principals(operator: Operator) -> dict[str, Json]:
    rows = operator.rig.admin.snapshot(TENANT)["servicePrincipals"]
    return {row["displayName"]: row for row in rows if row["displayName"] in ("calendar", "mail")}


def _close(operator: Operator) -> None:
    for row in _principals(operator).values():
        answer = operator.rig.graph("PATCH", f"/servicePrincipals/{row['id']}", {"accountEnabled": False})
        assert answer.status_code == 204


def _enabled(operator: Operator) -> dict[str, bool]:
    return {name: row["accountEnabled"] for name, row in _principals(operator).items()}


def _policy(operator: Operator) -> str:
    (policy,) = operator.rig.admin.exchange(TENANT, "Get-ApplicationAccessPolicy")
    return str(policy["Identity"])


def _promised(plan: Json) -> list[tuple[str, str]]:
    assert not plan.get("failed"), plan
    return sorted((entry["registration"] or "", entry["part"]) for entry in plan["plan"])


def _done(role: RoleTasks) -> list[tuple[str, str]]:
    result = role.run()
    assert not result.get("failed"), result
    return _parts(role.variables["connector_result"]["changed"])


def _parts(changed: list[str]) -> list[tuple[str, str]]:
    """As "mail: restriction, proof" or "hand-off"."""
    parts: list[tuple[str, str]] = []
    for text in changed:
        name, _colon, listed = text.rpartition(": ")
        parts += [(name, part) for part in listed.split(", ")]
    return sorted(parts)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_check_waits_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, check_mode: bool) -> None:
    with Operator(tmp_path, monkeypatch, exchange={"enforcement": {"seconds": 3600}}) as operator:
        operator.role({}).run()
        before = operator.clock.now

        result = operator.role({"exchange_wait": "5m"}, check_mode=check_mode).run()

        assert result["ansible_facts"]["connector_result"]["state"] == "waiting_for_exchange"
        assert (operator.clock.now == before) is check_mode


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
    monkeypatch.setattr(
        "tooling.role_tasks.tasks", lambda name: (task for task in whole(name) if task["name"] != left_out)
    )
    with pytest.raises(Exception, match=f'The task "{left_out}" has not run'):
        operator.role({}).run()
