# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import rbac
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    Actual,
    Desired,
    RemoveGroup,
    RemovePolicy,
    Step,
    Unassign,
    group_notes,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.view import view, view_after


def plan_absent(actual: Actual, desired: Desired, *, only_roles: bool = False) -> Change[Step]:
    """Only what is ours goes: roles, policies, and the group whose notes name the registration.

    `only_roles`: what gives, and not what restricts.
    """
    group = actual.group if actual.group and not _kept_group(actual, desired) else None
    roles = rbac.to_remove(actual, desired)
    steps: tuple[Step, ...] = (
        *(RemovePolicy(policy) for policy in actual.policies if policy.since),
        *roles,
        *([RemoveGroup(group)] if group else []),
    )
    if only_roles:
        steps = tuple(step for step in roles if isinstance(step, Unassign))
    return Change(view(actual), view_after(actual, desired, steps), steps)


def kept(actual: Actual, desired: Desired) -> tuple[str, ...]:
    """What stays when `plan_absent` is done, and why."""
    group = [f"group {actual.group.name} ({actual.group.guid})"] if actual.group else []
    others = [entry for entry in actual.assignments if not rbac.is_ours(actual, desired, entry)]
    return (
        *(f"{name}: {why}" for name in group if (why := _kept_group(actual, desired))),
        *(f"access policy {row.identity}: somebody else made it" for row in actual.policies if row.since is None),
        *(f"role assignment {entry.name or entry.id}: somebody else made it" for entry in others),
    )


def _kept_group(actual: Actual, desired: Desired) -> str | None:
    """Why the group stays; whoever manages it may have copied our notes."""
    group = actual.group
    if group is None or group.notes != group_notes(desired.unique_name):
        return "it was not made for this registration"
    if group.managers:
        return f"it is managed by {', '.join(group.managers)}"
    if actual.uses:
        return f"it is used by {', '.join(actual.uses)}"
    if desired.members is None:
        return None
    named = {found.guid for address in desired.addresses if (found := actual.resolved.get(address))}
    others = [member.address for member in group.members if member.guid not in named]
    return f"the inventory does not name its members {', '.join(others)}" if others else None
