# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the two switches: every state that Graph may tell, both ways."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.model import (
    Actual,
    SwitchApplication,
    SwitchServicePrincipal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.plan import plan

#: No such object, and one of which Graph tells its switch or does not.
_PRINCIPALS = [(None, None), ("p", None), ("p", True), ("p", False)]
_APPLICATIONS = [(None, None), ("a", None), ("a", True), ("a", False)]
_STATES = [
    Actual("c", object_id=object_id, principal_id=principal_id, principal_enabled=enabled, application_disabled=off)
    for (principal_id, enabled), (object_id, off) in itertools.product(_PRINCIPALS, _APPLICATIONS)
]


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("actual", _STATES, ids=str)
def test_only_what_is_there_and_differs_is_written(actual: Actual, enabled: bool) -> None:
    change = plan(actual, enabled=enabled)
    expected: list[SwitchServicePrincipal | SwitchApplication] = []
    if actual.principal_id and actual.principal_enabled is not enabled:
        expected.append(SwitchServicePrincipal(enabled))
    if actual.object_id and bool(actual.application_disabled) is enabled:
        expected.append(SwitchApplication(enabled))
    assert list(change.steps) == expected


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("actual", _STATES, ids=str)
def test_what_is_told_is_what_is_written(actual: Actual, enabled: bool) -> None:
    change = plan(actual, enabled=enabled)
    differing = {name for name in change.after if change.before[name] != change.after[name]}
    named = {SwitchServicePrincipal: "service_principal_enabled", SwitchApplication: "application_disabled"}
    assert differing == {named[type(step)] for step in change.steps}


@pytest.mark.parametrize("actual", [state for state in _STATES if state.is_enabled], ids=str)
def test_who_may_sign_in_needs_no_enabling(actual: Actual) -> None:
    assert not plan(actual, enabled=True).changed


@pytest.mark.parametrize("actual", [state for state in _STATES if state.exists and state.is_disabled], ids=str)
def test_who_may_not_needs_no_disabling(actual: Actual) -> None:
    assert not plan(actual, enabled=False).changed
