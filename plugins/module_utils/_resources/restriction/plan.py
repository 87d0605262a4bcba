# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import (
    not_removed,
    require_removal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import (
    access_policy,
    binding,
    rbac,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import (
    is_mailbox_permission,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.members import (
    check_members,
    check_sender,
    findings,
    group_steps,
    members_after,
    sender_of,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    Actual,
    AddMember,
    Assign,
    CreateGroup,
    CreatePointer,
    Desired,
    EnableCustomization,
    Restriction,
    Step,
    Unassign,
    WriteScope,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.view import view, view_after

_LONGEST_NAME = 64
POLICY_UNSEEN = "Exchange does not show the new access policy yet"


def plan(actual: Actual, desired: Desired) -> Restriction:
    """What comes before what goes: at no moment the registration reaches more than before and after."""
    closing = _unrestricting_steps(actual, desired) if desired.mode == "none" else _restricting_steps(actual, desired)
    old = [step for step in _old_mode_steps(actual, desired) if step not in closing]
    goes = desired.proven and actual.stops_removal is None
    withheld = tuple(step for step in closing if isinstance(step, Assign)) if desired.withheld_for else ()
    closing = [step for step in closing if step not in withheld]
    steps = (*closing, *(old if goes else ()))
    since = actual.now if closing and desired.mode != "none" else binding.since(actual, desired)
    unseen = access_policy.waits_for(actual, desired)
    waiting = desired.withheld_for if withheld else None
    return Restriction(
        Change(view(actual), view_after(actual, desired, steps), steps),
        since=since,
        hold=desired.permissions if unseen else binding.hold(actual, desired, since),
        leftover=() if goes else tuple(step.describe() for step in old),
        waiting=POLICY_UNSEEN if unseen else waiting,
        fingerprint=None if closing or withheld or unseen else binding.fingerprint(actual, desired),
        group_guid=actual.group.guid if actual.group else None,
        withheld=withheld,
        findings=(*findings(actual, desired), *_held_back(actual, desired, old)),
        sender=_sender(actual, desired),
        unseen_policy=desired.policy_asked if unseen else None,
        sender_guid=found.guid if (found := sender_of(actual, desired)) else None,
    )


def _held_back(actual: Actual, desired: Desired, old: list[Step]) -> t.Iterator[str]:
    if desired.proven and old and actual.stops_removal is not None:
        yield not_removed(actual.stops_removal, (step.describe() for step in old))


def narrows(change: Change[Step], mode: str) -> bool:
    """Whether the registration may reach more until it is in force. Roles that were not there give nothing before."""
    return mode != "rbac" or any(not _only_gives(step) for step in change.steps)


def _only_gives(step: Step) -> bool:
    if isinstance(step, WriteScope):
        return not step.exists
    return isinstance(step, AddMember | Assign | CreateGroup | CreatePointer | EnableCustomization)


def _sender(actual: Actual, desired: Desired) -> str | None:
    found = sender_of(actual, desired)
    return found.graph_name if found else desired.sender


def _restricting_steps(actual: Actual, desired: Desired) -> list[Step]:
    _check_names(desired)
    _check_permissions(desired)
    after = members_after(actual, desired)
    check_members(actual, desired, after)
    return [*group_steps(actual, desired, after), *_mode_steps(actual, desired)]


def _unrestricting_steps(actual: Actual, desired: Desired) -> list[Step]:
    if desired.sender:
        check_sender(actual, desired)
    steps = access_policy.to_remove(actual, ())
    if steps:  # not at the word of one clock
        require_removal(actual.stops_removal)
    return steps


def _mode_steps(actual: Actual, desired: Desired) -> list[Step]:
    if desired.mode == "rbac":
        access_policy.check_foreign(actual, actual.policies)
        return rbac.steps(actual, desired)
    # What Exchange's roles give is added to what a policy lets through.
    _right, wrong = rbac.sorted_assignments(actual, desired)
    return [*(Unassign(entry) for entry in wrong), *access_policy.steps(actual, desired)]


def _old_mode_steps(actual: Actual, desired: Desired) -> list[Step]:
    """What the other mode has left."""
    return access_policy.to_remove(actual, ()) if desired.mode == "rbac" else rbac.to_remove(actual, desired)


def _check_names(desired: Desired) -> None:
    names = [desired.group]
    if desired.mode == "rbac":
        names += [desired.scope_name, *(desired.assignment_name(permission) for permission in desired.permissions)]
    for name in names:
        if not name or len(name) > _LONGEST_NAME:
            raise InputError(
                f"The name '{name}' cannot be used in Exchange: it must have 1 to {_LONGEST_NAME} characters.",
                next_step="Choose a shorter group or unique_name.",
                code="NameTooLong" if name else "NameMissing",
            )


def _check_permissions(desired: Desired) -> None:
    open_ones = [name for name in desired.permissions if not is_mailbox_permission(name, desired.mode)]
    if open_ones:
        raise InputError(
            f"The mode {desired.mode} does not confine {', '.join(open_ones)} to the mailboxes of a group.",
            next_step="Give only permissions that it confines: what is granted besides reaches the whole tenant.",
            code="NotConfined",
        )
