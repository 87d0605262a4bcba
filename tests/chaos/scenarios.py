# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs that are cut down: what each begins with, and what must be true in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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

    `pause`: seconds between these. `end`: the tenant's state when all is done.
    """

    name: str
    begin: Callable[[Fleet], None]
    wanted: Sequence[Wanted]
    playbook: Playbook = ONBOARD
    recoveries: int = 1
    pause: int = LATER
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


ONBOARDING = Scenario("onboarding", _nothing, registrations("access_policy"))
RENEWAL = Scenario("renewal", _nearly_a_year_later, registrations("access_policy"))
TO_RBAC = Scenario("access_policy to rbac", _to_mode("rbac"), registrations("rbac"), recoveries=3)
OFFBOARDING = Scenario(
    "offboarding",
    _named,
    (),
    "totalview.exchange365.offboard",
    recoveries=3,
    pause=PAST_TOKENS,
    end="offboarded",
)
SCENARIOS = (ONBOARDING, RENEWAL, TO_RBAC, OFFBOARDING)
