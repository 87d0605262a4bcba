# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import Variables
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.clouds import CLOUDS
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import (
    MANAGE_AS_APP,
    MANAGE_AS_USER,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import (
    GRANT_ROLES,
    GRANT_SCOPES,
)

GRAPH = "Microsoft Graph"
EXCHANGE = "Office 365 Exchange Online"


@dataclass(frozen=True)
class Right:
    """An application permission that the automation needs.

    `without`: what comes of it where the run goes on without; empty where it cannot. `instead`: permissions that
    include it (learn.microsoft.com/graph/permissions-reference).
    """

    permission: str
    without: str = ""
    instead: frozenset[str] = frozenset()
    resource: str = GRAPH

    @property
    def required(self) -> bool:
        return not self.without

    def name(self, *, delegated: bool = False) -> str:
        """As it is asked for; some that an application has, a person has by another name."""
        permission = _OF_PERSONS.get(self.permission, self.permission) if delegated else self.permission
        return f"{permission} ({self.resource})"


#: Of a person in the Azure CLI: whatever the person's directory roles allow.
_AS_USER = "Directory.AccessAsUser.All"
_WRITES_ALL = frozenset({"Application.ReadWrite.All", "Directory.ReadWrite.All", _AS_USER})
_READS_ALL = _WRITES_ALL | {"Directory.Read.All"}
#: What a person is asked for in the place of what only an application can have.
_OF_PERSONS = {"Application.ReadWrite.OwnedBy": "Application.ReadWrite.All", MANAGE_AS_APP: MANAGE_AS_USER}


def rights_for(variables: Variables) -> list[Right]:
    """The least rights for what the inventory asks for, in the order of the README's table."""
    kinds = ("calendar", "mail")
    modes = {variables[f"connector_{kind}_restriction"] for kind in kinds}
    adopts = any(
        variables[f"connector_{kind}_adopt_client_id"]
        or _either(variables[f"connector_{kind}_adopt"], variables["connector_adopt"])
        for kind in kinds
    )
    rights = [
        Right("Application.ReadWrite.OwnedBy", instead=_WRITES_ALL),
        Right("Application.Read.All", instead=_READS_ALL),
        Right(GRANT_ROLES, without="consent waits for an administrator of the tenant"),
        Right(
            GRANT_SCOPES,
            without="left-over delegated grants stay",
            instead=frozenset({"Directory.ReadWrite.All"}),
        ),
        Right("Policy.Read.All", without="the tenant's limit for the lifetime of secrets is not known beforehand"),
    ]
    if variables["connector_sign_in_reports"] and CLOUDS[variables["connector_cloud"]].has_sign_in_reports:
        rights.append(Right("AuditLog.Read.All", without="deliveries are known only by connector_delivered"))
    if variables.get("connector_directory_audits"):
        without, known = "an audit does not tell who made what it finds", {right.permission for right in rights}
        wanted = {"AuditLog.Read.All", "Directory.Read.All"} - known
        rights += [Right(name, without) for name in sorted(wanted)]
    if adopts:
        without = "only a registration that the automation owns can be adopted"
        rights.append(Right("Application.ReadWrite.All", without, frozenset({"Directory.ReadWrite.All"})))
    if any(variables[f"connector_{kind}_owners"] for kind in kinds):
        instead = frozenset({"User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"})
        rights.append(Right("User.ReadBasic.All", "users as owners are not checked before the first change", instead))
    without = "" if modes != {"none"} else "mailboxes for the proof cannot be chosen"
    rights.append(Right(MANAGE_AS_APP, without, frozenset({MANAGE_AS_USER}), resource=EXCHANGE))
    if "rbac" in modes and variables["connector_rbac_api"] == "graph_beta":
        rights.append(Right("RoleManagement.ReadWrite.Exchange"))
    return rights


def lacking(rights: t.Iterable[Right], graph: frozenset[str], exchange: frozenset[str]) -> list[Right]:
    """Those that neither token carries; the two sets are the tokens' roles."""
    held = {GRAPH: graph, EXCHANGE: exchange}
    return [right for right in rights if not held[right.resource] & {right.permission, *right.instead}]


def ask_for(missing: t.Mapping[str, t.Any], required: t.Sequence[str]) -> str:
    """Who gives the automation what it lacks, and where: `missing` as a plan tells it."""
    what = f"{missing['who']} grants the automation {', '.join(required)}"
    return (
        f"{what}: {missing['link']}" if missing["link"] else f"{what} (it has no consent page; see the page sign-in)."
    )


def _either(own: bool | None, common: bool) -> bool:
    return common if own is None else own
