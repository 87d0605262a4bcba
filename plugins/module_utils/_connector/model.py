# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._connector import options
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import Variables
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.words import in_variables
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ConnectorError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret import (
    model as client_secret,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.message import Messages
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import Step as GrantStep
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.check import Finding
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    ResourcePermissions,
    declaration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof import model as proof
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration import model as registration
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import model as restriction
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    UNRESTRICTED,
    Restriction,
)


@dataclass(frozen=True)
class Wanted:
    """One registration with all that belongs to it. `client_id`: once it is located.

    `access`: what was decided about other people's credentials and owners, as options of azure_app_registration.
    """

    name: str
    registration: registration.Desired
    declared: tuple[ResourcePermissions, ...]
    restriction: restriction.Desired
    secret: client_secret.Desired
    proof: proof.Task
    access: t.Mapping[str, t.Any] = field(default_factory=dict)
    client_id: str | None = None

    @classmethod
    def from_options(cls, variables: Variables, entry: options.Registration, store_address: str) -> t.Self:
        """What the modules make of the options that the role gives them."""
        restricted = options.restriction(variables, entry)
        return cls(
            name=entry["name"],
            registration=registration.Desired.from_params(options.application(variables, entry)),
            declared=declaration(options.permissions(entry)["permissions"]),
            restriction=restriction.Desired.from_params(restricted, restricted["permissions"], proven=False),
            secret=client_secret.Desired.from_params(options.secret(variables, entry), store_address),
            proof=proof.Task.from_params(options.proof(variables, entry), sends=False),
            access=options.application(variables, entry),
        )

    @property
    def unique_name(self) -> str:
        return self.registration.unique_name

    def located(self, client_id: str | None) -> t.Self:
        return replace(
            self,
            client_id=client_id,
            restriction=replace(self.restriction, client_id=client_id),
            secret=replace(self.secret, client_id=client_id),
            proof=replace(self.proof, client_id=client_id),
        )


@dataclass
class Planned:
    """What is to be done for one registration, part by part, and whom or what it waits for.

    `registration`: as it was read. `granted`: the names of the application permissions that it has. `open_grants`:
    what is between what is granted and what shall be, whoever does it; `held_grants`: what waits for the restriction
    besides.
    `asked_since`, `asked_days`: how long somebody is asked to consent. `refused`: in an audit, where a run would stop.
    `named_keys`: of the secrets that the inventory names by key id, those that are this registration's.
    `to_take`: what is granted and not wanted. `holds`: it was proven as it is. `stays_disabled`: it is to be enabled
    or restored, and lets nobody in in this run. `deactivates`: it let somebody in, and shall not for now.
    `lives_outside`: somebody outside of the store may hold something to sign in with.
    """

    wanted: Wanted
    changes: dict[str, Change[t.Any]] = field(default_factory=dict)
    restriction: Restriction = UNRESTRICTED
    consent: str = ""
    grants: str = ""
    messages: Messages = field(default_factory=Messages)
    asked_since: datetime | None = None
    asked_days: int | None = None
    to_revoke: list[str] = field(default_factory=list)
    to_take: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    try_again_at: datetime | None = None
    unprovable: list[str] = field(default_factory=list)
    proven: bool = False
    access: Finding = field(default_factory=Finding)
    withheld: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    registration: registration.Actual | None = None
    granted: tuple[str, ...] = ()
    open_grants: tuple[GrantStep, ...] = ()
    held_grants: tuple[GrantStep, ...] = ()
    refused: list[ConnectorError] = field(default_factory=list)
    issues_secret: bool = False
    holds: bool = False
    stays_disabled: bool = False
    was_handed_off: bool = False
    named_keys: frozenset[str] = frozenset()
    lives_outside: bool = False
    deactivates: bool = False
    type_in: client_secret.TypeIn | None = None

    @property
    def name(self) -> str:
        return self.wanted.name

    @property
    def parts(self) -> list[str]:
        return [part for part, change in self.changes.items() if change.changed]

    @property
    def is_settled(self) -> bool:
        """Nothing changes before the proof, so that it can be made now."""
        return not set(self.parts) - {"proof", "old restriction"}

    def wait(self, reasons: t.Iterable[str], until: datetime | None) -> None:
        self.waits += reasons
        self.try_again_at = max((moment for moment in (self.try_again_at, until) if moment), default=None)

    def find(self, findings: t.Iterable[str]) -> None:
        told = [in_variables(finding, self.name) for finding in findings]
        self.findings += [f"{self.wanted.unique_name}: {finding}" for finding in told]
