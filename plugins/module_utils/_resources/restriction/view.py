# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.
"""A restriction as a person reads it, before and after."""

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.members import members_after
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    Actual,
    Assign,
    CreatePolicy,
    Desired,
    Recipient,
    RemoveGroup,
    RemovePolicy,
    Step,
    Unassign,
    role_name,
)


def view(actual: Actual) -> dict[str, t.Any]:
    group = actual.group
    return {
        "group": group and group.name,
        "members": [member.address for member in group.members] if group else [],
        "access_policies": [policy.identity for policy in actual.policies],
        "roles": [f"{entry.role} ({entry.scope or 'every mailbox'})" for entry in actual.assignments],
    }


def view_after(actual: Actual, desired: Desired, steps: t.Sequence[Step]) -> dict[str, t.Any]:
    if not steps:
        return view(actual)
    gone = {step.policy.identity for step in steps if isinstance(step, RemovePolicy)}
    unassigned = {step.assignment.id for step in steps if isinstance(step, Unassign)}
    removed = any(isinstance(step, RemoveGroup) for step in steps)
    keeps_members = desired.mode == "none" or removed
    members = () if removed else members_after(actual, desired) if not keeps_members else _present(actual)
    where = f"/Groups/{desired.group}" if desired.beta else desired.scope_name
    return {
        "group": None if removed else (actual.group.name if actual.group else desired.group or None),
        "members": [member.address for member in members],
        "access_policies": [policy.identity for policy in actual.policies if policy.identity not in gone]
        + [f"(new, {step.group})" for step in steps if isinstance(step, CreatePolicy)],
        "roles": [
            f"{entry.role} ({entry.scope or 'every mailbox'})"
            for entry in actual.assignments
            if entry.id not in unassigned
        ]
        + [f"{role_name(step.permission)} ({where})" for step in steps if isinstance(step, Assign)],
    }


def _present(actual: Actual) -> tuple[Recipient, ...]:
    return actual.group.members if actual.group else ()
