# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vaults: secrets with all their versions, those that are deleted, and who may do what. Knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from emulator.key_vault.errors import conflict, not_found

#: Roles of Azure RBAC as the operations that they allow.
ROLES: Mapping[str, frozenset[str]] = {
    "Key Vault Secrets Officer": frozenset({"get", "list", "set", "delete", "recover", "purge"}),
    "Key Vault Secrets User": frozenset({"get"}),
}
#: Which cloud a vault is of, by its domain: what it wants a token for, and where from.
DOMAINS = {
    "vault.azure.net": ("https://vault.azure.net", "https://login.windows.net"),
    "vault.usgovcloudapi.net": ("https://vault.usgovcloudapi.net", "https://login.microsoftonline.us"),
    "vault.azure.cn": ("https://vault.azure.cn", "https://login.chinacloudapi.cn"),
}
MOST_BYTES = 25 * 1024


@dataclass
class Version:
    id: str
    created: int
    updated: int
    value: str
    content_type: str | None
    tags: dict[str, str]
    enabled: bool


@dataclass
class Secret:
    """`away`: so many more requests find it on its way to, or back from, the deleted ones."""

    name: str
    versions: list[Version] = field(default_factory=list)
    deleted: int | None = None
    away: int = 0

    @property
    def newest(self) -> Version:
        return self.versions[-1]


@dataclass
class Vault:
    """`grants`: by client id, the name of a role of RBAC, or the permissions of an access policy.

    `settles`: so many requests a deletion and a recovery take; `resource`: another one than its own in the challenge.
    """

    host: str
    tenant: str
    grants: Mapping[str, Any] = field(default_factory=dict)
    firewall: bool = False
    purge_protection: bool = False
    settles: int = 0
    resource: str = ""
    authority: str = ""
    secrets: dict[str, Secret] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return self.host.partition(".")[2]

    @property
    def audience(self) -> str:
        return DOMAINS[self.domain][0]

    @property
    def challenge(self) -> str:
        resource, authority = self.resource or self.audience, self.authority or DOMAINS[self.domain][1]
        return f'Bearer authorization="{authority}/{self.tenant}", resource="{resource}"'

    @property
    def recovery_level(self) -> str:
        return "Recoverable" if self.purge_protection else "Recoverable+Purgeable"

    def find(self, name: str) -> Secret:
        """One that is there to be read."""
        secret = self.secrets.get(name.lower())
        if secret is None or secret.deleted is not None or self._is_away(secret):
            raise not_found(name)
        return secret

    def find_deleted(self, name: str) -> Secret:
        secret = self.secrets.get(name.lower())
        if secret is None or secret.deleted is None or self._is_away(secret):
            raise not_found(name)
        return secret

    def find_version(self, name: str, version: str) -> Version:
        found = next((row for row in self.find(name).versions if row.id == version), None)
        if found is None:
            raise not_found(f"{name}/{version}")
        return found

    def set(self, name: str, version: Version) -> Secret:
        secret = self.secrets.get(name.lower())
        if secret is not None and (secret.deleted is not None or secret.away):
            raise self._conflict(secret)
        secret = secret or self.secrets.setdefault(name.lower(), Secret(name))
        secret.versions.append(version)
        return secret

    def delete(self, name: str, now: int) -> Secret:
        secret = self.find(name)
        secret.deleted, secret.away = now, self.settles
        return secret

    def recover(self, name: str) -> Secret:
        secret = self._settled(name)
        secret.deleted, secret.away = None, self.settles
        return secret

    def purge(self, name: str) -> None:
        self._settled(name)
        del self.secrets[name.lower()]

    def _settled(self, name: str) -> Secret:
        secret = self.secrets.get(name.lower())
        if secret is None or secret.deleted is None:
            raise not_found(name)
        if self._is_away(secret):
            raise conflict(secret.name, "ObjectIsBeingDeleted")
        return secret

    def _conflict(self, secret: Secret) -> Exception:
        if not self._is_away(secret):
            return conflict(secret.name, "ObjectIsDeletedButRecoverable")
        return conflict(secret.name, "ObjectIsBeingRecovered" if secret.deleted is None else "ObjectIsBeingDeleted")

    def _is_away(self, secret: Secret) -> bool:
        was_away = secret.away > 0
        secret.away -= was_away
        return was_away


def new_version(now: int, value: str, content_type: str | None, tags: dict[str, str], *, enabled: bool) -> Version:
    return Version(uuid4().hex, now, now, value, content_type, tags, enabled)
