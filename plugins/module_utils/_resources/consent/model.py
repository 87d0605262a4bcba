# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    Catalog,
    Permission,
)

#: learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto and oauth2permissiongrant-post
GRANT_ROLES = "AppRoleAssignment.ReadWrite.All"
GRANT_SCOPES = "DelegatedPermissionGrant.ReadWrite.All"


@dataclass(frozen=True)
class Assignment:
    """An appRoleAssignment of our service principal."""

    id: str
    resource_id: str
    app_role_id: str


@dataclass(frozen=True)
class DelegatedGrant:
    """An oauth2PermissionGrant; `principal_id` None means for all users (consentType AllPrincipals)."""

    id: str
    resource_id: str
    principal_id: str | None
    scopes: frozenset[str]


@dataclass(frozen=True)
class Actual:
    """`delegated`: None where the caller may not read it. `principal_id`: None while there is no registration."""

    catalog: Catalog
    declared: frozenset[Permission] = frozenset()
    assignments: tuple[Assignment, ...] = ()
    delegated: tuple[DelegatedGrant, ...] | None = ()
    principal_id: str | None = None
    app_id: str | None = None
    young: bool = False


@dataclass(frozen=True)
class GrantRole:
    permission: Permission
    resource_id: str
    name: str

    right = GRANT_ROLES
    grants = True

    @property
    def key(self) -> tuple[str, str]:
        return self.resource_id, self.permission.id

    def describe(self) -> str:
        return f"grant {self.name} (application)"


@dataclass(frozen=True)
class RevokeRole:
    assignment: Assignment
    name: str

    right = GRANT_ROLES
    grants = False

    @property
    def key(self) -> tuple[str, str]:
        return "revoke", self.assignment.id

    def describe(self) -> str:
        return f"revoke {self.name} (application)"


@dataclass(frozen=True)
class SetScopes:
    """Makes, replaces or (with no scopes) deletes one delegated grant."""

    resource_id: str
    scopes: frozenset[str]
    before: frozenset[str] = frozenset()
    id: str | None = None

    right = GRANT_SCOPES

    @property
    def grants(self) -> bool:
        return bool(self.scopes - self.before)

    @property
    def key(self) -> tuple[str, str]:
        return "scopes", self.id or self.resource_id

    def describe(self) -> str:
        granted, revoked = sorted(self.scopes - self.before), sorted(self.before - self.scopes)
        parts = [f"grant {', '.join(granted)} (delegated)"] if granted else []
        return "; ".join(parts + ([f"revoke {', '.join(revoked)} (delegated)"] if revoked else []))


#: What two steps have in common that do the same is their `key`.
Step: t.TypeAlias = "GrantRole | RevokeRole | SetScopes"


@dataclass(frozen=True)
class Consent:
    """The plan: what this caller writes, what somebody with more rights must do, and what is not to be done yet.

    `withheld`: grants that nobody is to give while somebody else can sign in with the registration.
    """

    change: Change[Step]
    waiting: tuple[Step, ...] = field(default=())
    held: tuple[Step, ...] = field(default=())
    withheld: tuple[Step, ...] = field(default=())

    @property
    def to_grant(self) -> tuple[Step, ...]:
        """What consent makes."""
        return tuple(step for step in self.waiting if step.grants)

    @property
    def to_revoke(self) -> tuple[Step, ...]:
        """What no consent takes away."""
        return tuple(step for step in self.waiting if not step.grants)

    @property
    def state(self) -> str:
        if self.withheld:
            return "withheld"
        if self.waiting:
            return "waiting_for_consent" if self.to_grant else "waiting_for_revocation"
        return "held" if self.held else "granted"
