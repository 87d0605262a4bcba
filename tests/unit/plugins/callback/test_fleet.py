# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Driven by events as Ansible sends them, with stand-ins for its hosts, tasks and results."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.callback.default import CallbackModule as DefaultCallback
from ansible.plugins.loader import callback_loader

HOSTS = ("a", "b", "c")
PREFIX = "totalview.exchange365."


class _Display:
    def __init__(self) -> None:
        self.verbosity = 0
        self.said: list[str] = []
        self.warned: list[str] = []

    def display(self, msg: str, **_options: Any) -> None:
        self.said.append(msg)

    def warning(self, msg: str) -> None:
        self.warned.append(msg)

    def banner(self, msg: str) -> None:
        self.said.append(msg)


def task(action: str, name: str = "A task", **fields: Any) -> Any:
    usual = {"run_once": False, "check_mode": False, "diff": False, "ignore_unreachable": False}
    return SimpleNamespace(action=action, name=name, **{**usual, **fields})


def result(host: str, of: Any, *, warnings: tuple[str, ...] = (), changed: bool = False, **values: Any) -> Any:
    return SimpleNamespace(
        host=SimpleNamespace(get_name=lambda: host),
        task=of,
        result={**values, **({"warnings": list(warnings)} if warnings else {})},
        warnings=warnings,
        deprecations=(),
        is_changed=lambda: changed,
    )


def fact(host: str, state: str, follows: str = "-") -> Any:
    found = {"tenant": host, "state": state, "changed": [], "next": follows}
    return result(host, task("ansible.builtin.set_fact"), ansible_facts={"connector_result": found})


@pytest.fixture
def ansibles(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is given on to the default callback: the event, and the host."""
    given: list[tuple[str, str]] = []
    for name in [name for name in vars(DefaultCallback) if name.startswith("v2_")]:

        def note(_callback: Any, *arguments: Any, name: str = name, **_named: Any) -> None:
            given.append((name, arguments[0].host.get_name() if hasattr(arguments[0], "host") else ""))

        monkeypatch.setattr(DefaultCallback, name, note)
    return given


@pytest.fixture
def display() -> _Display:
    return _Display()


@pytest.fixture
def callback(display: _Display, ansibles: list[tuple[str, str]]) -> Iterator[Any]:
    assert ansibles == []
    made = callback_loader.get("totalview.exchange365.fleet")
    made.set_options()
    made._display = display
    yield made
    made._close()


def begin(callback: Any, *, check_mode: bool = False, hosts: tuple[str, ...] = HOSTS) -> None:
    variables = SimpleNamespace(get_vars=lambda play: {"ansible_play_hosts_all": hosts})
    callback.v2_playbook_on_play_start(
        SimpleNamespace(get_variable_manager=lambda: variables, get_name=lambda: "Onboard", check_mode=check_mode)
    )
    for host in hosts:
        callback.v2_runner_on_start(SimpleNamespace(get_name=lambda host=host: host), task(f"{PREFIX}connector_plan"))


def end(callback: Any, failed: tuple[str, ...] = ()) -> None:
    counts = {host: {"failures": int(host in failed), "unreachable": 0} for host in HOSTS}
    callback.v2_playbook_on_stats(SimpleNamespace(processed=counts, summarize=counts.__getitem__, custom={}))


def done(callback: Any) -> int:
    progress = callback._fleet.progress(1e9)
    assert progress
    return int(progress.done)


def test_a_tenant_that_needs_nothing_is_done_after_its_plan(callback: Any) -> None:
    begin(callback)
    callback.v2_runner_on_ok(result("a", task(f"{PREFIX}connector_plan"), planned=[]))
    callback.v2_runner_on_ok(fact("a", "complete"))

    assert done(callback) == 1


def test_one_that_is_changed_is_done_after_its_steps(callback: Any) -> None:
    begin(callback)
    callback.v2_runner_on_ok(result("a", task(f"{PREFIX}connector_plan"), planned=["mail: consent"]))
    callback.v2_runner_on_ok(fact("a", "complete"))
    assert done(callback) == 0

    callback.v2_runner_on_ok(result("a", task(f"{PREFIX}admin_consent"), changed=True))
    callback.v2_runner_on_ok(fact("a", "complete"))
    assert done(callback) == 1


def test_a_preflight_is_done_after_its_plan_whatever_it_plans(callback: Any) -> None:
    begin(callback)
    callback.v2_runner_on_ok(result("a", task(f"{PREFIX}connector_plan", check_mode=True), planned=["mail: consent"]))
    callback.v2_runner_on_ok(fact("a", "ready"))

    assert done(callback) == 1


def test_nothing_is_said_of_what_goes_well(callback: Any, display: _Display, ansibles: list[tuple[str, str]]) -> None:
    begin(callback)
    callback.v2_playbook_on_task_start(task("ansible.builtin.set_fact"), False)
    callback.v2_runner_on_ok(result("a", task(f"{PREFIX}admin_consent"), changed=True))
    callback.v2_runner_item_on_ok(result("a", task(f"{PREFIX}admin_consent"), changed=True))
    callback.v2_runner_on_skipped(result("b", task(f"{PREFIX}admin_consent")))

    assert (display.said, display.warned, ansibles) == ([], [], [])


@pytest.mark.parametrize("event", ["v2_runner_on_ok", "v2_runner_item_on_ok", "v2_runner_on_skipped"])
def test_warnings_are_shown_as_they_come(callback: Any, display: _Display, event: str) -> None:
    begin(callback)
    getattr(callback, event)(result("a", task(f"{PREFIX}client_secret"), warnings=("a, mail: ends in 12 days",)))

    assert display.warned == ["a, mail: ends in 12 days"]


def test_failures_and_unreachable_hosts_are_shown_by_ansible(callback: Any, ansibles: list[tuple[str, str]]) -> None:
    begin(callback)
    callback.v2_runner_item_on_failed(result("a", task(f"{PREFIX}admin_consent"), msg="refused"))
    callback.v2_runner_on_failed(result("a", task(f"{PREFIX}admin_consent"), msg="refused"))
    callback.v2_runner_on_unreachable(result("b", task("ansible.builtin.command")))
    callback.v2_runner_on_failed(result("c", task("ansible.builtin.command"), msg="no"), ignore_errors=True)

    assert ansibles == [
        ("v2_runner_item_on_failed", "a"),
        ("v2_runner_on_failed", "a"),
        ("v2_runner_on_unreachable", "b"),
        ("v2_runner_on_failed", "c"),
    ]
    assert callback._fleet.progress(1e9).failed == 2


def test_what_the_table_has_just_said_is_not_said_again(callback: Any, ansibles: list[tuple[str, str]]) -> None:
    begin(callback)
    callback.v2_runner_on_ok(fact("a", "failed", "Somebody consents."))
    callback.v2_runner_on_failed(result("a", task("ansible.builtin.fail"), msg="Somebody consents."))
    callback.v2_runner_on_ok(result("a", task(f"{PREFIX}connector_table", run_once=True), lines=[]))
    callback.v2_runner_on_failed(result("a", task("ansible.builtin.fail"), msg="Somebody consents."))
    callback.v2_runner_on_failed(result("a", task("ansible.builtin.fail"), msg="Something else."))

    assert ansibles == [("v2_runner_on_failed", "a")] * 2


@pytest.mark.parametrize(
    ("action", "fields", "changed"),
    [
        ("ansible.builtin.debug", {}, False),
        ("debug", {}, False),
        ("ansible.builtin.assert", {}, False),
        (f"{PREFIX}admin_consent", {"diff": True}, True),
    ],
)
def test_what_somebody_asked_for_is_shown_by_ansible(
    callback: Any, ansibles: list[tuple[str, str]], action: str, fields: dict[str, Any], changed: bool
) -> None:
    begin(callback)
    callback.v2_runner_on_ok(result("a", task(action, **fields), changed=changed))
    callback.v2_runner_item_on_ok(result("a", task(action, **fields), changed=changed))

    assert ansibles == [("v2_runner_on_ok", "a"), ("v2_runner_item_on_ok", "a")]


def test_with_v_all_is_ansibles(callback: Any, display: _Display, ansibles: list[tuple[str, str]]) -> None:
    display.verbosity = 1
    begin(callback)
    callback.v2_playbook_on_task_start(task("ansible.builtin.set_fact"), False)
    callback.v2_runner_on_ok(fact("a", "complete"))
    callback.v2_runner_on_skipped(fact("b", "complete"))
    end(callback)

    assert [name for name, _host in ansibles] == [
        "v2_playbook_on_play_start",
        *["v2_runner_on_start"] * len(HOSTS),
        "v2_playbook_on_task_start",
        "v2_runner_on_ok",
        "v2_runner_on_skipped",
        "v2_playbook_on_stats",
    ]
    assert display.said == []


def test_the_run_ends_with_a_table_where_no_task_has_shown_it(callback: Any, display: _Display) -> None:
    begin(callback)
    callback.v2_runner_on_ok(fact("a", "complete"))
    callback.v2_runner_on_ok(fact("b", "failed", "refused"))
    end(callback, failed=("b",))

    assert display.said[:4] == [
        "TENANT  STATE     CHANGED  NEXT",
        "b       failed    -        refused",
        "a       complete  -        -",
        "2 tenants: 1 failed, 1 complete",
    ]
    assert display.said[4].startswith("3 hosts in ")
    assert display.said[4].endswith(", 1 failed, 0 unreachable")


def test_the_table_is_shown_once(callback: Any, display: _Display) -> None:
    begin(callback)
    callback.v2_runner_on_ok(fact("a", "complete"))
    callback.v2_runner_on_ok(result("a", task(f"{PREFIX}connector_table", run_once=True), lines=[]))
    end(callback)

    assert len(display.said) == 1


def test_a_task_for_all_hosts_is_nobodys(callback: Any) -> None:
    begin(callback, hosts=())
    callback.v2_runner_on_start(SimpleNamespace(get_name=lambda: "a"), task(f"{PREFIX}connector_table", run_once=True))

    assert callback._fleet.progress(1e9) is None


def test_who_is_interrupted_reads_how_far_it_came(callback: Any, display: _Display) -> None:
    begin(callback)
    callback.v2_runner_on_ok(fact("a", "complete"))
    callback._leave()

    assert display.said[-1].startswith("Onboard: 1 of 3 done, 2 under way")
    assert callback._shown is None


def test_a_second_playbook_begins_anew(callback: Any, display: _Display) -> None:
    begin(callback)
    callback.v2_runner_on_ok(fact("a", "complete"))
    end(callback)
    display.said.clear()

    begin(callback)
    end(callback)

    assert len(display.said) == 1
