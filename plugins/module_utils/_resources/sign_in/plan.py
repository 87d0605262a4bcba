# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.model import (
    Actual,
    Step,
    SwitchApplication,
    SwitchServicePrincipal,
)


def plan(actual: Actual, *, enabled: bool) -> Change[Step]:
    """The service principal first: its switch ends what evaluates access continuously as well."""
    steps: list[Step] = []
    after = actual.view()
    if actual.principal_id is not None and actual.principal_enabled is not enabled:
        steps.append(SwitchServicePrincipal(enabled))
        after["service_principal_enabled"] = enabled
    # A null isDisabled is an application that nobody ever deactivated.
    if actual.object_id is not None and bool(actual.application_disabled) is enabled:
        steps.append(SwitchApplication(enabled))
        after["application_disabled"] = not enabled
    return Change(actual.view(), after, tuple(steps))
