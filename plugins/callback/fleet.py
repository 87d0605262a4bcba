# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet
type: stdout
short_description: How far a fleet of tenants is, instead of a line for each task of each host
version_added: 1.0.0
author: Totalview (@totalview)
description:
  - For runs over many hosts. Shows how many hosts are done, failed, waiting, under way and to come, how fast, how long
    it will still take, which hosts are slow and at which task they are.
  - In a terminal, and with the Python library C(rich), that is one picture below everything else. Without either it is
    a line every now and then (O(progress_interval)).
  - Whatever needs somebody is shown at once and as P(ansible.builtin.default#callback) shows it, failures, unreachable
    hosts, retries, differences (C(--diff)), what M(ansible.builtin.debug) prints, and warnings.
  - The run ends with the table of M(totalview.exchange365.connector_table), also where a playbook has no such task.
  - With C(-v) and more it is P(ansible.builtin.default#callback), with nothing added and nothing left out.
requirements:
  - set as stdout in configuration
  - rich (for the picture; without it there are lines)
extends_documentation_fragment:
  - default_callback
  - result_format_callback
options:
  progress_interval:
    description: Seconds between two lines of progress, where there is no picture.
    type: int
    default: 30
    env:
      - name: ANSIBLE_FLEET_PROGRESS_INTERVAL
    ini:
      - section: callback_fleet
        key: progress_interval
  slow_after:
    description: Seconds that a host is at one task before it is called slow.
    type: int
    default: 30
    env:
      - name: ANSIBLE_FLEET_SLOW_AFTER
    ini:
      - section: callback_fleet
        key: slow_after
"""

EXAMPLES = r"""
# ANSIBLE_STDOUT_CALLBACK=totalview.exchange365.fleet ansible-playbook totalview.exchange365.onboard
#
# or in ansible.cfg:
#
# [defaults]
# stdout_callback = totalview.exchange365.fleet
"""

import atexit
import functools
import shutil
import sys
import time
import typing as t

from ansible import constants as C
from ansible.plugins.callback.default import CallbackModule as DefaultCallback

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.table import lines
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.progress import Fleet
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.text import progress_line, span
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.ticker import Ticker
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.view import View, open_view

_COLLECTION = "totalview.exchange365."
_PLAN = f"{_COLLECTION}connector_plan"
_TABLE = f"{_COLLECTION}connector_table"
_SET_FACT = ("set_fact", "ansible.builtin.set_fact")
#: Whoever writes such a task wants to read what it says.
_SAYING = ("debug", "ansible.builtin.debug", "assert", "ansible.builtin.assert")
#: Seconds between two pictures, or two looks whether a line is due.
_TICK = 0.5


def _unless_verbose(method: t.Callable[..., None]) -> t.Callable[..., None]:
    """With -v the default callback does it."""

    @functools.wraps(method)
    def told(self: DefaultCallback, *args: t.Any, **kwargs: t.Any) -> None:
        tell = getattr(DefaultCallback, method.__name__) if self._display.verbosity else method
        tell(self, *args, **kwargs)

    return told


class CallbackModule(DefaultCallback):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "totalview.exchange365.fleet"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._fleet = Fleet(slow_after=0)
        self._shown: tuple[View, Ticker] | None = None
        self._began = 0.0
        self._check_mode = False
        #: connector_result of each host.
        self._results: dict[str, t.Mapping[str, t.Any]] = {}
        self._has_table = False

    @_unless_verbose
    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        now = time.monotonic()
        if self._shown is None:
            self._open(now)
        self._check_mode = play.check_mode
        hosts = play.get_variable_manager().get_vars(play=play)["ansible_play_hosts_all"]
        self._fleet.begin_play(play.get_name().strip(), hosts, now, check_mode=play.check_mode)

    @_unless_verbose
    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        """Each host is at a task of its own."""

    @_unless_verbose
    def v2_playbook_on_handler_task_start(self, task: t.Any) -> None:
        """As a task."""

    @_unless_verbose
    def v2_playbook_on_include(self, included_file: t.Any) -> None:
        """It says nothing of a host."""

    @_unless_verbose
    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        # What is done once for all says nothing of the one host that it is done on.
        if not task.run_once:
            self._fleet.start(host.get_name(), task.name or task.action, time.monotonic())

    @_unless_verbose
    def v2_runner_on_ok(self, result: t.Any) -> None:
        host = result.host.get_name()
        self._fleet.end(host)
        self._follow(host, result)
        if self._is_worth_reading(result):
            super().v2_runner_on_ok(result)
        else:
            self._warn(result)

    @_unless_verbose
    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        if self._is_worth_reading(result):
            super().v2_runner_item_on_ok(result)
        else:
            self._warn(result)

    @_unless_verbose
    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._fleet.end(result.host.get_name())
        self._warn(result)

    @_unless_verbose
    def v2_runner_item_on_skipped(self, result: t.Any) -> None:
        self._warn(result)

    @_unless_verbose
    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        host = result.host.get_name()
        self._fleet.end(host)
        if not ignore_errors:
            self._fleet.fail(host)
        # The play that counts failed tenants as failed repeats what the table has just said.
        if not self._has_table or result.result.get("msg") != self._results.get(host, {}).get("next", ""):
            super().v2_runner_on_failed(result, ignore_errors)

    @_unless_verbose
    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        host = result.host.get_name()
        self._fleet.end(host)
        if not result.task.ignore_unreachable:
            self._fleet.fail(host, "unreachable")
        super().v2_runner_on_unreachable(result)

    @_unless_verbose
    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self._close()
        if self._results and not self._has_table:
            width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
            for line in lines(self._results.values(), width):
                self._display.display(line)
        if stats.custom and self._option("show_custom_stats"):
            super().v2_playbook_on_stats(stats)  # type: ignore[no-untyped-call]
        else:
            self._sum_up({host: stats.summarize(host) for host in stats.processed})

    def _follow(self, host: str, result: t.Any) -> None:
        """What our own tasks say of the host."""
        task = result.task
        if task.action in _SET_FACT:
            found = result.result.get("ansible_facts", {}).get("connector_result")
            if found:
                self._results[host] = found
                self._fleet.result(host, str(found.get("state")))
        elif task.action == _PLAN:
            # A preflight plans in check mode, in a run that is none: nothing follows.
            if task.check_mode == self._check_mode and result.result.get("planned"):
                self._fleet.plan(host)
        elif task.action == _TABLE:
            self._has_table = True
        elif task.action.startswith(_COLLECTION):
            self._fleet.step(host)

    def _is_worth_reading(self, result: t.Any) -> bool:
        task = result.task
        return bool(task.action in _SAYING or result.deprecations or (task.diff and result.is_changed()))

    def _warn(self, result: t.Any) -> None:
        if result.warnings:
            for warning in result.result["warnings"]:
                self._display.warning(str(warning))

    def _option(self, name: str) -> t.Any:
        return self.get_option(name)  # type: ignore[no-untyped-call]

    def _sum_up(self, hosts: t.Mapping[str, t.Mapping[str, int]]) -> None:
        failed = sum(bool(counted["failures"]) for counted in hosts.values())
        unreachable = sum(bool(counted["unreachable"]) for counted in hosts.values())
        took = span(time.monotonic() - self._began)
        checked = "; check mode, nothing was changed" if self._check_mode else ""
        self._display.display(
            f"{len(hosts)} hosts in {took}, {failed} failed, {unreachable} unreachable{checked}",
            color=C.config.get_config_value("COLOR_ERROR" if failed or unreachable else "COLOR_OK"),
        )

    def _open(self, now: float) -> None:
        self._fleet = Fleet(self._option("slow_after"))
        self._results, self._has_table, self._began = {}, False, now
        colours = not C.config.get_config_value("ANSIBLE_NOCOLOR")
        view = open_view(self._display, self._option("progress_interval"), colours=colours)
        self._shown = view, Ticker(_TICK, self._tick)
        self._shown[1].start()
        # Where a run is interrupted, Ansible sends no last event.
        atexit.register(self._leave)

    def _tick(self) -> None:
        if self._shown:
            now = time.monotonic()
            self._shown[0].show(self._fleet.progress(now), now)

    def _close(self) -> None:
        if self._shown:
            view, ticker = self._shown
            ticker.stop()
            view.close()
            self._shown = None
            atexit.unregister(self._leave)

    def _leave(self) -> None:
        self._close()
        if progress := self._fleet.progress(time.monotonic()):
            self._display.display(progress_line(progress))
