# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.
"""The mode access_policy: one Application Access Policy for the registration and its group."""

from __future__ import annotations

import typing as t
from dataclasses import astuple
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import AmbiguityError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    Actual,
    CreatePolicy,
    Desired,
    Policy,
    RemovePolicy,
    Step,
    TakeOverPolicy,
)

#: By then each directory server has heard of a policy that was made.
_SHOWN = timedelta(hours=1)


def steps(actual: Actual, desired: Desired) -> list[Step]:
    """Keeps, takes over or makes the one policy. Raises AmbiguityError for one of somebody else."""
    sid = actual.group.sid if actual.group else None
    matching = [policy for policy in actual.policies if policy.group_sid == sid and policy.right == "RestrictAccess"]
    keep = next((policy for policy in matching if policy.since), None)
    if keep is not None:
        return to_remove(actual, (keep,))
    if not actual.policies and waits_for(actual, desired):
        return []
    if matching and desired.adopt:
        return [TakeOverPolicy(matching[0]), *to_remove(actual, (matching[0],))]
    return [CreatePolicy(desired.group), *to_remove(actual, ())]


def waits_for(actual: Actual, desired: Desired) -> datetime | None:
    """Until when the policy that was made is likely to show: a second one would take room, and nothing else."""
    if desired.mode != "access_policy" or desired.policy_asked is None or actual.policies:
        return None
    until = desired.policy_asked + _SHOWN
    return until if actual.now < until else None


def to_remove(actual: Actual, keep: t.Collection[Policy]) -> list[Step]:
    """Several restricting policies add up, so others of ours go. Raises AmbiguityError for those of somebody else."""
    others = [policy for policy in actual.policies if policy not in keep]
    check_foreign(actual, others)
    return [RemovePolicy(policy) for policy in others]


def check_foreign(actual: Actual, policies: t.Iterable[Policy]) -> None:
    foreign = [policy for policy in policies if policy.since is None]
    if foreign:
        told = ", ".join(f"{policy.right} {policy.identity}" for policy in foreign)
        raise AmbiguityError(
            f"Somebody else made an access policy for {actual.display_name}: {told}.",
            next_step="Remove it, or allow to take it over (adopt) where it restricts to the same group.",
            code="ForeignPolicy",
        )


def moments(actual: Actual) -> list[datetime]:
    """When each policy for the group was made, as far as that can be told."""
    sid = actual.group.sid if actual.group else None
    return [policy.since for policy in actual.policies if policy.group_sid == sid and policy.since]


def meaning(actual: Actual) -> dict[str, t.Any]:
    """All that could change what the policies do.

    The identity follows from application and group: the same again where a policy was removed and made anew. Only its
    description, which has our date, tells them apart.
    """
    return {"policies": sorted(astuple(policy) for policy in actual.policies)}
