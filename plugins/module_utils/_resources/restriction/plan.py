# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import astuple
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import AmbiguityError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import (
    is_mailbox_permission,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.members import (
    check_members,
    check_sender,
    findings,
    group_steps,
    members_after,
    reached,
    sender_of,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    Actual,
    Assign,
    Assignment,
    CreatePointer,
    CreatePolicy,
    Desired,
    EnableCustomization,
    Group,
    Policy,
    Recipient,
    RemoveGroup,
    RemovePointer,
    RemovePolicy,
    RemoveScope,
    Restriction,
    Step,
    TakeOverPolicy,
    Unassign,
    WriteScope,
    group_notes,
    role_name,
)

_LONGEST_NAME = 64


def plan(actual: Actual, desired: Desired) -> Restriction:
    """What comes before what goes: at no moment the registration reaches more than before and after."""
    closing = _unrestricting_steps(actual, desired) if desired.mode == "none" else _restricting_steps(actual, desired)
    old = [step for step in _old_mode_steps(actual, desired) if step not in closing]
    withheld = tuple(step for step in closing if isinstance(step, Assign)) if desired.withheld_for else ()
    closing = [step for step in closing if step not in withheld]
    steps = (*closing, *(old if desired.proven else ()))
    since = actual.now if closing and desired.mode != "none" else _since(actual, desired)
    return Restriction(
        Change(_view(actual), _view_after(actual, desired, steps), steps),
        since=since,
        hold=_hold(actual, desired, since),
        leftover=() if desired.proven else tuple(step.describe() for step in old),
        waiting=desired.withheld_for if withheld else None,
        fingerprint=None if closing or withheld else _fingerprint(actual, desired),
        group_guid=actual.group.guid if actual.group else None,
        withheld=withheld,
        findings=findings(actual, desired),
        sender=_sender(actual, desired),
    )


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
    return _policies_to_remove(actual, ())


def plan_absent(actual: Actual, desired: Desired) -> Change[Step]:
    """Only what is ours goes: roles, policies, and the group whose notes name the registration."""
    group = actual.group if actual.group and _is_removable(actual.group, desired) else None
    steps: tuple[Step, ...] = (
        *(RemovePolicy(policy) for policy in actual.policies if policy.since),
        *_roles_to_remove(actual, desired),
        *([RemoveGroup(group)] if group else []),
    )
    return Change(_view(actual), _view_after(actual, desired, steps), steps)


def _is_removable(group: Group, desired: Desired) -> bool:
    """Whoever manages it may have copied our notes."""
    return group.notes == group_notes(desired.unique_name) and not group.managers


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


# --- modes ------------------------------------------------------------------------------------------------------------


def _mode_steps(actual: Actual, desired: Desired) -> list[Step]:
    return _policy_steps(actual, desired) if desired.mode == "access_policy" else _role_steps(actual, desired)


def _policy_steps(actual: Actual, desired: Desired) -> list[Step]:
    _right, wrong = _sorted_assignments(actual, desired)
    return [*(Unassign(entry) for entry in wrong), *_policies(actual, desired)]


def _policies(actual: Actual, desired: Desired) -> list[Step]:
    sid = actual.group.sid if actual.group else None
    matching = [policy for policy in actual.policies if policy.group_sid == sid and policy.right == "RestrictAccess"]
    keep = next((policy for policy in matching if policy.since), None)
    if keep is not None:
        return _policies_to_remove(actual, (keep,))
    if matching and desired.adopt:
        return [TakeOverPolicy(matching[0]), *_policies_to_remove(actual, (matching[0],))]
    return [CreatePolicy(desired.group), *_policies_to_remove(actual, ())]


def _policies_to_remove(actual: Actual, keep: t.Collection[Policy]) -> list[Step]:
    """Several restricting policies add up, so others of ours go. Raises AmbiguityError for those of somebody else."""
    others = [policy for policy in actual.policies if policy not in keep]
    _check_foreign_policies(actual, others)
    return [RemovePolicy(policy) for policy in others]


def _check_foreign_policies(actual: Actual, policies: t.Iterable[Policy]) -> None:
    foreign = [policy for policy in policies if policy.since is None]
    if foreign:
        told = ", ".join(f"{policy.right} {policy.identity}" for policy in foreign)
        raise AmbiguityError(
            f"Somebody else made an access policy for {actual.display_name}: {told}.",
            next_step="Remove it, or allow to take it over (adopt) where it restricts to the same group.",
            code="ForeignPolicy",
        )


def _role_steps(actual: Actual, desired: Desired) -> list[Step]:
    _check_foreign_policies(actual, actual.policies)
    right, wrong = _sorted_assignments(actual, desired)
    held = {assignment.role for assignment in right}
    missing = [permission for permission in desired.permissions if role_name(permission) not in held]
    fits = desired.beta or _scope_fits(actual)
    return [
        *([EnableCustomization()] if actual.dehydrated else []),
        *([] if actual.pointer else [CreatePointer()]),
        *([] if fits else [WriteScope(desired.scope_name, exists=actual.scope is not None)]),
        *(Unassign(assignment) for assignment in wrong),
        *(Assign(desired.assignment_name(permission), permission) for permission in missing),
    ]


def _scope_fits(actual: Actual) -> bool:
    if actual.scope is None or actual.group is None:
        return False
    return same_filter(actual.scope.recipient_filter, scope_filter(actual.group))


def scope_filter(group: Group) -> str:
    """OPATH; a quote in a name is doubled."""
    quoted = group.distinguished_name.replace("'", "''")
    return f"MemberOfGroup -eq '{quoted}'"


def same_filter(one: str, other: str) -> bool:
    return "".join(one.split()).lower() == "".join(other.split()).lower()


def _sorted_assignments(actual: Actual, desired: Desired) -> tuple[list[Assignment], list[Assignment]]:
    """Those that are as they shall be, and those of ours that are not. Raises AmbiguityError for somebody else's.

    They matter in every mode that restricts: what Exchange's roles give is added to what a policy lets through.
    """
    roles = {role_name(permission) for permission in desired.permissions}
    # In the mode rbac a scope of another group is put right; where roles are left over, they would reach that group.
    if desired.mode != "rbac" and not desired.beta and not _scope_fits(actual):
        roles = set()
    right = [entry for entry in actual.assignments if entry.role in roles and _is_scoped(actual, desired, entry)]
    wrong = [entry for entry in actual.assignments if entry not in right]
    foreign = [entry for entry in wrong if not _is_our_assignment(actual, desired, entry)]
    if foreign:
        told = ", ".join(f"{entry.role} ({entry.scope or 'every mailbox'})" for entry in foreign)
        raise AmbiguityError(
            f"Somebody else gave {actual.display_name} roles in Exchange: {told}.",
            next_step="Somebody with the role Exchange Administrator removes them (Remove-ManagementRoleAssignment).",
            code="ForeignAssignment",
        )
    return right, wrong


def _is_scoped(actual: Actual, desired: Desired, entry: Assignment) -> bool:
    if desired.beta:
        return actual.group is not None and entry.scope == f"/Groups/{actual.group.directory_id}"
    return entry.scope is not None and entry.scope.lower() == desired.scope_name.lower()


def _is_our_assignment(actual: Actual, desired: Desired, entry: Assignment) -> bool:
    # What is written through Graph carries no name: there the scope of our group tells.
    return entry.name.startswith(f"{desired.unique_name} ") or (desired.beta and _is_scoped(actual, desired, entry))


# --- the other mode ---------------------------------------------------------------------------------------------------


def _old_mode_steps(actual: Actual, desired: Desired) -> list[Step]:
    return _policies_to_remove(actual, ()) if desired.mode == "rbac" else _roles_to_remove(actual, desired)


def _roles_to_remove(actual: Actual, desired: Desired) -> list[Step]:
    ours = [entry for entry in actual.assignments if _is_our_assignment(actual, desired, entry)]
    others = [entry for entry in actual.assignments if entry not in ours]
    in_use = any(_is_scoped(actual, desired, entry) for entry in others)
    return [
        *(Unassign(entry) for entry in ours),
        *([RemoveScope(actual.scope.name)] if actual.scope and not in_use else []),
        *([RemovePointer()] if actual.pointer and not others else []),
    ]


# --- what follows -----------------------------------------------------------------------------------------------------


def _since(actual: Actual, desired: Desired) -> datetime | None:
    """The newest of what makes the restriction."""
    if desired.mode == "none" or actual.group is None:
        return None
    if desired.mode == "access_policy":
        moments = [policy.since for policy in actual.policies if policy.group_sid == actual.group.sid]
    else:
        moments = [entry.created for entry in actual.assignments]
    return max([actual.group.changed, *(moment for moment in moments if moment)])


def _hold(actual: Actual, desired: Desired, since: datetime | None) -> tuple[str, ...]:
    """Grants of these permissions stay as they are while Exchange may not enforce the restriction yet.

    Where nobody holds a credential there is nobody to be kept out. Otherwise a new grant would open every mailbox until
    the policy takes effect, and a revoked one would shut the connector out until the roles do.
    """
    if since is None or not (actual.live or desired.live) or actual.now - since >= desired.delay:
        return ()
    return desired.permissions


def _fingerprint(actual: Actual, desired: Desired) -> str:
    """Tells whether a proof was of this very restriction."""
    group = actual.group
    parts: dict[str, t.Any] = {
        "mode": desired.mode,
        "app": [actual.app_id, actual.principal_id],
        "permissions": sorted(desired.permissions),
    }
    if desired.mode != "none" and group is not None:
        members = members_after(actual, desired)
        inside = sorted(mailbox.guid for mailbox in reached(actual, desired, members))
        parts["group"] = [group.guid, group.kind, inside]
        # Of this mode only: what the other one has left goes after the proof, and changes nothing in it.
        if desired.mode == "rbac":
            parts["roles"] = sorted(_of_assignment(entry) for entry in actual.assignments)
            parts["scope"] = actual.scope and actual.scope.recipient_filter
        else:
            # The identity follows from application and group: the same again where a policy was removed and made anew.
            # Only its description, which has our date, tells them apart.
            parts["policies"] = sorted(astuple(policy) for policy in actual.policies)
        sender = sender_of(actual, desired)
        parts["sender"] = sender and sender.guid
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _of_assignment(entry: Assignment) -> list[str]:
    created = entry.created.isoformat() if entry.created else ""
    return [entry.id, entry.role, entry.scope or "", created]


def _view(actual: Actual) -> dict[str, t.Any]:
    group = actual.group
    return {
        "group": group and group.name,
        "members": [member.address for member in group.members] if group else [],
        "access_policies": [policy.identity for policy in actual.policies],
        "roles": [f"{entry.role} ({entry.scope or 'every mailbox'})" for entry in actual.assignments],
    }


def _view_after(actual: Actual, desired: Desired, steps: t.Sequence[Step]) -> dict[str, t.Any]:
    if not steps:
        return _view(actual)
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
