# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs that are cut down: what each begins with, and what must be true in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chaos.fleet import Fleet, Playbook
from chaos.truth import Wanted, registrations
from integration.operator_desk import ONBOARD

DAY = 86_400
#: Longer than connector_enforcement_delay.
LATER = 3 * 3600
#: Longer than any token of before lives.
PAST_TOKENS = 29 * 3600
MODE_VARIABLES = ("connector_mail_restriction", "connector_calendar_restriction")


@dataclass(frozen=True)
class Scenario:
    """`begin` makes work for the next run; `recoveries` is how many runs without faults may be needed.

    `pause`: seconds between these. `later`: how many more there are after such a pause, whatever the state is: a store
    without locks leaves what a killed run has issued for an hour. `end`: the tenant's state when all is done.
    """

    name: str
    begin: Callable[[Fleet], None]
    wanted: Sequence[Wanted]
    playbook: Playbook = ONBOARD
    recoveries: int = 1
    pause: int = LATER
    later: int = 0
    end: str = "complete"


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


def _named(fleet: Fleet) -> None:
    fleet.desk.variables["connector_offboard"] = "{{ [inventory_hostname] }}"
    fleet.desk.variables.pop("connector_rotate_force", None)


def _half_way(fleet: Fleet) -> None:
    """Customers that have come back leave again: what closes is done, and no token of before lives any more."""
    hosts, variables = list(fleet.tenants), fleet.desk.variables
    again = {"connector_onboard_again": hosts, "connector_enable": True}
    variables.update(again)
    fleet.run(hosts)
    for name in again:
        del variables[name]
    fleet.emulator.advance_clock(LATER)
    fleet.run(hosts)
    fleet.run(hosts, OFFBOARD)
    fleet.emulator.advance_clock(PAST_TOKENS)


def _delivered_and_forced(fleet: Fleet) -> None:
    """All have one secret that was typed in and an older one whose time is over, whatever the runs before have left."""
    _deliver(fleet)
    fleet.run(fleet.tenants, ROTATE)
    _force(fleet)
    fleet.run(fleet.tenants, ROTATE)
    _deliver(fleet)
    _force(fleet)


def _force(fleet: Fleet) -> None:
    fleet.desk.variables["connector_rotate_force"] = ["calendar", "mail"]


def _deliver(fleet: Fleet) -> None:
    """All secrets that there are, and the overlap has passed."""
    fleet.desk.variables.pop("connector_rotate_force", None)
    fleet.desk.variables["connector_delivered"] = [
        row["keyId"]
        for tenant in fleet.tenants.values()
        for application in fleet.emulator.snapshot(tenant)["applications"]
        for row in application["passwordCredentials"]
    ]
    fleet.run(fleet.tenants, ROTATE)
    fleet.emulator.advance_clock(8 * DAY)


OFFBOARD = "totalview.exchange365.offboard"
#: Without waves: all tenants are to be cut down at once.
ROTATE: Playbook = [
    {
        "name": "Rotate",
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Rotate",
                "ansible.builtin.import_role": {
                    "name": "totalview.exchange365.connector",
                    "tasks_from": "rotate",
                    "rolespec_validate": False,
                },
            }
        ],
    }
]
ONBOARDING = Scenario("onboarding", _nothing, registrations("access_policy"))
RENEWAL = Scenario("renewal", _nearly_a_year_later, registrations("access_policy"))
TO_RBAC = Scenario("access_policy to rbac", _to_mode("rbac"), registrations("rbac"), recoveries=3)
ROTATION = Scenario("rotation", _delivered_and_forced, registrations("rbac"), ROTATE)
OFFBOARDING = Scenario("offboarding", _named, (), OFFBOARD, recoveries=3, pause=PAST_TOKENS, end="offboarded")
FINISHING = Scenario("offboarding's second run", _half_way, (), OFFBOARD, recoveries=2, end="offboarded")
#: Those that issue secrets, with a store that is a server.
WITH_SERVER = tuple(replace(scenario, later=1) for scenario in (ONBOARDING, RENEWAL))
SCENARIOS = (ONBOARDING, RENEWAL, TO_RBAC, ROTATION, OFFBOARDING, FINISHING)
