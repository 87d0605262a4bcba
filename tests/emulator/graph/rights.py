# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which app roles in a token allow which call.

Sources: permissions of each call in the Graph reference and in microsoftgraph/microsoft-graph-devx-content; where
they differ on `Application.ReadWrite.OwnedBy`, the stricter reading holds (no lists, nothing that is not owned).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


class Scope(Enum):
    ALL = auto()
    OWNED = auto()


@dataclass(frozen=True, slots=True)
class Right:
    """One of `all` allows the call on everything, one of `owned` on owned objects; one of `also` is needed besides."""

    all: frozenset[str]
    owned: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()

    def scope(self, roles: Collection[str]) -> Scope | None:
        if self.also and self.also.isdisjoint(roles):
            return None
        if not self.all.isdisjoint(roles):
            return Scope.ALL
        return None if self.owned.isdisjoint(roles) else Scope.OWNED


def held(claims: Mapping[str, Any]) -> Collection[str]:
    """An application's roles; a person's scopes as far as the person may do that. The stricter reading: only a Global
    Administrator may."""
    if "scp" not in claims:
        roles: Collection[str] = claims.get("roles", ())
        return roles
    return str(claims["scp"]).split() if GLOBAL_ADMINISTRATOR in claims.get("wids", ()) else ()


def _any(*names: str) -> frozenset[str]:
    return frozenset(names)


OWNED_BY = "Application.ReadWrite.OwnedBy"

_READ = _any("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All")
_WRITE = _any("Application.ReadWrite.All")
_OWNED = _any(OWNED_BY)
_SCOPES = "DelegatedPermissionGrant.ReadWrite.All"

# Roles for everything, roles for owned objects only, roles needed besides.
LIST_APPLICATIONS = Right(_READ)
READ_APPLICATION = Right(_READ, _OWNED)
WRITE_APPLICATION = Right(_WRITE, _OWNED)
LIST_SERVICE_PRINCIPALS = Right(_READ)
READ_SERVICE_PRINCIPAL = Right(_READ, _OWNED)
WRITE_SERVICE_PRINCIPAL = Right(_WRITE, _OWNED)
LIST_DELETED = Right(_READ)
READ_DELETED = Right(_READ, _OWNED)
WRITE_DELETED = Right(_WRITE, _OWNED)
READ_ROLE_ASSIGNMENTS = Right(_READ)
WRITE_ROLE_ASSIGNMENTS = Right(_any("AppRoleAssignment.ReadWrite.All"), also=_READ)
READ_SCOPES = Right(_any("Directory.Read.All", _SCOPES))
WRITE_SCOPES = Right(_any(_SCOPES))
READ_ORGANIZATION = Right(_any("Organization.Read.All", "Directory.Read.All"))
READ_POLICY = Right(_any("Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"))
WRITE_POLICY = Right(_any("Policy.ReadWrite.ApplicationConfiguration"))
READ_ASSIGNED_POLICY = Right(READ_POLICY.all, also=_READ)
WRITE_ASSIGNED_POLICY = Right(WRITE_POLICY.all, also=_READ)
READ_USERS = Right(_any("User.Read.All", "Directory.Read.All", "User.ReadBasic.All"))
READ_DIRECTORY_ROLES = Right(_any("RoleManagement.ReadWrite.Directory", "Directory.Read.All"))
WRITE_DIRECTORY_ROLES = Right(_any("RoleManagement.ReadWrite.Directory"))
READ_REPORTS = Right(_any("AuditLog.Read.All"))
READ_AUDITS = Right(_any("AuditLog.Read.All"), also=_any("Directory.Read.All"))
READ_DELEGATED_ADMIN = Right(_any("DelegatedAdminRelationship.Read.All"))
READ_EXCHANGE_ROLES = Right(_any("RoleManagement.Read.Exchange", "RoleManagement.ReadWrite.Exchange"))
WRITE_EXCHANGE_ROLES = Right(_any("RoleManagement.ReadWrite.Exchange"))

FULL_USERS = _any("User.Read.All", "Directory.Read.All")
