# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs that are cut down: what each begins with, and what must be true in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chaos.fleet import Fleet, Playbook
from chaos.truth import Wanted, registrations
from integration.administrator import CALENDAR, MAIL
from integration.operator_desk import ONBOARD
from integration.plays import CONNECTION, task

DAY = 86_400
#: Longer than connector_enforcement_delay.
LATER = 3 * 3600
MODE_VARIABLES = ("connector_mail_restriction", "connector_calendar_restriction")


@dataclass(frozen=True)
class Scenario:
    """`begin` makes work for the next run; `recoveries` is how many runs without faults, hours apart, may be needed."""

    name: str
    begin: Callable[[Fleet], None]
    wanted: Sequence[Wanted]
    playbook: Playbook = ONBOARD
    recoveries: int = 1


def _nothing(_fleet: Fleet) -> None:
    """The tenants are fresh."""


def _nearly_a_year_later(fleet: Fleet) -> None:
    fleet.emulator.advance_clock(336 * DAY)


def _to_mode(mode: str) -> Callable[[Fleet], None]:
    def change(fleet: Fleet) -> None:
        # Past the overlap of a renewal as well, whose removals are no part of this.
        fleet.emulator.advance_clock(LATER)
        fleet.desk.variables.update(dict.fromkeys(MODE_VARIABLES, mode))

    return change


def _removal() -> list[dict[str, Any]]:
    """The door closes first: without grants it does not matter when the restriction goes."""
    groups = {wanted.unique_name: wanted.group for wanted in registrations("")}
    tasks = [removal for name in (CALENDAR, MAIL) for removal in _removal_of(name, groups[name])]
    defaults = {"group/totalview.exchange365.connector": CONNECTION}
    return [{"hosts": "all", "gather_facts": False, "module_defaults": defaults, "tasks": tasks}]


def _removal_of(unique_name: str, group: str) -> list[dict[str, Any]]:
    return [
        {**task("azure_app_registration_info", unique_name=unique_name), "register": "found"},
        {**task("admin_consent", unique_name=unique_name, permissions=[]), "when": "found.registrations | length > 0"},
        task("mailbox_restriction", state="absent", unique_name=unique_name, group=group, mode="none"),
        task("azure_app_registration", state="absent", unique_name=unique_name),
    ]


ONBOARDING = Scenario("onboarding", _nothing, registrations("access_policy"))
RENEWAL = Scenario("renewal", _nearly_a_year_later, registrations("access_policy"))
TO_RBAC = Scenario("access_policy to rbac", _to_mode("rbac"), registrations("rbac"), recoveries=3)
REMOVAL = Scenario("removal", _nothing, (), _removal())
SCENARIOS = (ONBOARDING, RENEWAL, TO_RBAC, REMOVAL)
