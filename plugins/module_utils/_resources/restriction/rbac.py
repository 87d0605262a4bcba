# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.
"""The mode rbac: Exchange's roles for applications, in the scope of the registration's group."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import AmbiguityError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    Actual,
    Assign,
    Assignment,
    CreatePointer,
    Desired,
    EnableCustomization,
    Group,
    RemovePointer,
    RemoveScope,
    Step,
    Unassign,
    WriteScope,
    role_name,
)


def steps(actual: Actual, desired: Desired) -> list[Step]:
    """Raises AmbiguityError for roles that somebody else gave."""
    right, wrong = sorted_assignments(actual, desired)
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
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    """Exchange writes filters in a form of its own: with other blanks and capitals, and in parentheses."""
    found = "".join(text.split()).lower()
    while found.startswith("(") and found.endswith(")"):
        found = found[1:-1]
    return found


def sorted_assignments(actual: Actual, desired: Desired) -> tuple[list[Assignment], list[Assignment]]:
    """Those that are as they shall be, and those of ours that are not. Raises AmbiguityError for somebody else's.

    They matter in every mode that restricts: what Exchange's roles give is added to what a policy lets through.
    """
    roles = {role_name(permission) for permission in desired.permissions}
    # In the mode rbac a scope of another group is put right; where roles are left over, they would reach that group.
    if desired.mode != "rbac" and not desired.beta and not _scope_fits(actual):
        roles = set()
    right = [entry for entry in actual.assignments if entry.role in roles and _is_scoped(actual, desired, entry)]
    wrong = [entry for entry in actual.assignments if entry not in right]
    foreign = [entry for entry in wrong if not is_ours(actual, desired, entry)]
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


def is_ours(actual: Actual, desired: Desired, entry: Assignment) -> bool:
    """Whether we gave it."""
    # What is written through Graph carries no name: there the scope of our group tells.
    return entry.name.startswith(f"{desired.unique_name} ") or (desired.beta and _is_scoped(actual, desired, entry))


def to_remove(actual: Actual, desired: Desired) -> list[Step]:
    """All that is ours; scope and pointer as far as nothing of somebody else's needs them."""
    ours = [entry for entry in actual.assignments if is_ours(actual, desired, entry)]
    others = [entry for entry in actual.assignments if entry not in ours]
    in_use = any(_is_scoped(actual, desired, entry) for entry in others)
    return [
        *(Unassign(entry) for entry in ours),
        *([RemoveScope(actual.scope.name)] if actual.scope and not in_use else []),
        *([RemovePointer()] if actual.pointer and not others else []),
    ]


def moments(actual: Actual) -> list[datetime]:
    return [entry.created for entry in actual.assignments if entry.created]


def meaning(actual: Actual) -> dict[str, t.Any]:
    """All that could change what the roles do."""
    return {
        "roles": sorted(_of_assignment(entry) for entry in actual.assignments),
        "scope": actual.scope and actual.scope.recipient_filter,
    }


def _of_assignment(entry: Assignment) -> list[str]:
    created = entry.created.isoformat() if entry.created else ""
    return [entry.id, entry.role, entry.scope or "", created]
