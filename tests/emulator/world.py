# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that one running emulator knows: its tenants, its clock, its settings, what it gave out and was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulator.admin.store import Journal
from emulator.clock import Clock
from emulator.exchange import planting as exchange_planting
from emulator.exchange.store.organisation import Organisation
from emulator.exchange.store.reach_log import ReachLog
from emulator.faults.kinds import parse_faults
from emulator.faults.plan import Plan
from emulator.graph.store import directory_roles
from emulator.graph.store.directory import Directory, Restoring
from emulator.graph.store.ids import DerivedIds
from emulator.graph.store.policy import inherits, policy_body
from emulator.identity.people import People
from emulator.identity.store import Issued, Issuers, SigningKey
from emulator.key_vault.store import Vault
from emulator.lag import Lag
from emulator.planting import Spec, plant
from emulator.platform.store import Platform


@dataclass(slots=True)
class Tenant:
    """A tenant costs next to nothing until somebody touches its directory: a seed may name thousands."""

    spec: Spec
    world: World
    lag: Lag | None
    sown: datetime
    reach: ReachLog = field(default_factory=ReachLog)
    id: str = field(init=False)
    _directory: Directory | None = None
    _exchange: Organisation | None = None

    def __post_init__(self) -> None:
        self.id = tenant_id(self.spec)

    @property
    def domains(self) -> list[str]:
        return list(self.spec["domains"])

    @property
    def display_name(self) -> str:
        return str(self.spec["display_name"])

    @property
    def cloud(self) -> str:
        return str(self.spec.get("cloud", "global"))

    @property
    def premium(self) -> bool:
        """Whether it has a licence of Entra ID P1 or P2."""
        return bool(self.spec.get("premium", True))

    @property
    def directory(self) -> Directory:
        if self._directory is None:
            policy = policy_body(self.spec.get("policy"))
            inherited = inherits(self.spec.get("policy"))
            restoring = Restoring(**self.spec.get("restoring", {}))
            self._directory = Directory(
                self.id, self.domains[0], self.world.clock, self.current_lag, policy, inherited, restoring
            )
            plant(self._directory, self.spec, self.sown)
        return self._directory

    @property
    def exchange(self) -> Organisation | None:
        if self._exchange is None and self.has_exchange:
            self._exchange = exchange_planting.organisation(self.directory, self.spec)
        return self._exchange

    @property
    def has_exchange(self) -> bool:
        return self.spec.get("exchange") is not False

    @property
    def planted(self) -> bool:
        return self._directory is not None

    def directory_roles(self, principal_id: str) -> frozenset[str]:
        """Names of the directory roles that a service principal holds."""
        return directory_roles.held(self.directory, principal_id)

    def directory_roles_of(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """Of whoever shows this token, a person or a service principal."""
        if "wids" in claims:
            return directory_roles.names_of(claims["wids"])
        return self.directory_roles(str(claims["oid"]))

    def look_at_reach(self, number: int) -> None:
        """After each request: who reaches which mailbox now?"""
        if self.exchange is not None:
            self.reach.look(self.exchange, number, automation=self.spec.get("automation", {}).get("client_id", ""))

    def current_lag(self) -> Lag:
        return self.world.lag if self.lag is None else self.lag


def tenant_id(spec: Spec) -> str:
    return str(spec.get("id") or DerivedIds("tenants").object_id(spec["domains"][0].lower())).lower()


@dataclass(slots=True)
class World:
    clock: Clock = field(default_factory=Clock)
    lag: Lag = field(default_factory=Lag)
    latency_ms: float = 0
    journal: Journal = field(default_factory=Journal)
    issued: Issued = field(default_factory=Issued)
    faults: Plan = field(default_factory=Plan)
    signing_key: SigningKey = field(default_factory=SigningKey)
    issuers: Issuers = field(default_factory=Issuers)
    platform: Platform = field(default_factory=Platform)
    people: People = field(default_factory=People)
    vaults: dict[str, Vault] = field(default_factory=dict)
    _start: Mapping[str, Any] = field(default_factory=dict)
    _tenants: dict[str, Tenant] = field(default_factory=dict)
    _names: dict[str, Tenant] = field(default_factory=dict)

    def start(self, seed: Mapping[str, Any]) -> None:
        """`seed` is what every reset comes back to."""
        self._start = seed
        self.reset()

    def reset(self) -> None:
        """Signing key and what was issued outlive it: a leak is a leak."""
        self.clock.reset()
        self._tenants.clear()
        self._names.clear()
        self.journal.clear()
        self.faults.clear()
        self.platform = Platform()
        self.people = People()
        self.vaults.clear()
        self.lag = Lag()
        self.latency_ms = 0
        self.add(self._start)

    def add(self, seed: Mapping[str, Any]) -> list[Tenant]:
        """Adds the tenants of a seed; those already known start anew."""
        if "lag" in seed:
            self.lag = Lag.parse(seed["lag"])
        self.faults.add(parse_faults(seed.get("faults", ())))
        return [self._add_tenant(spec) for spec in seed.get("tenants", ())]

    def _add_tenant(self, spec: Spec) -> Tenant:
        lag = Lag.parse(spec["lag"]) if "lag" in spec else None
        tenant = Tenant(spec, self, lag, self.clock.now())
        replaced = self._tenants.get(tenant.id)
        for name in replaced.domains if replaced else ():
            self._names.pop(name.lower(), None)
        if replaced is not None:
            self.faults.clear_tenant(replaced)
        self.faults.add(parse_faults(spec.get("faults", ()), tenant=tenant.id))
        self._tenants[tenant.id] = tenant
        for name in (tenant.id, *tenant.domains):
            self._names[name.lower()] = tenant
        self.issued.expect_secret(spec.get("automation", {}).get("secret"))
        for application in spec.get("applications", ()):
            self.issued.expect_secrets_of(application)
        return tenant

    def tenants(self) -> Iterator[Tenant]:
        return iter(self._tenants.values())

    def tenant(self, name: str) -> Tenant | None:
        """By id or any domain, in any case, as Microsoft's URLs take it."""
        return self._names.get(name.lower())
