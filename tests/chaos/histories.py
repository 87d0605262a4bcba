# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two properties over generated histories: never delete what is in use, and never widen by an act of ours."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from attack.reach_histories import RememberedHistories
from chaos.reading import Case
from unit.plugins.module_utils.test_client_secret_histories import Histories


def generated_histories(seed: int, number: int) -> Iterator[Case]:
    """A case for each kind; the one that fails is made small and told."""
    for name, machine, steps in _kinds():
        case = Case(host=f"histories, {name}, seed {seed}")
        wanted = settings(
            max_examples=number,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        try:
            run_state_machine_as_test(hypothesis.seed(seed)(machine), settings=wanted)
        except AssertionError as error:
            case.complaints.append("\n".join([str(error), *getattr(error, "__notes__", ())]))
        yield case


def _kinds() -> Iterator[tuple[str, type[RuleBasedStateMachine], int]]:
    yield "what is in use", Histories, 60
    yield "reach", RememberedHistories, 15
