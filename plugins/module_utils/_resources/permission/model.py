# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import itertools
import typing as t
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    Catalog,
    Permission,
)


@dataclass(frozen=True)
class ResourcePermissions:
    """What an application shall declare of one API, by names."""

    resource_app_id: str
    application: tuple[str, ...] = ()
    delegated: tuple[str, ...] = ()


def declaration(option: t.Iterable[t.Mapping[str, t.Any]]) -> tuple[ResourcePermissions, ...]:
    """From the modules' option `permissions`."""
    return tuple(
        ResourcePermissions(row["resource_app_id"].lower(), tuple(row["application"]), tuple(row["delegated"]))
        for row in option
    )


@dataclass(frozen=True)
class Desired:
    resources: tuple[ResourcePermissions, ...]
    exact: bool = True

    @property
    def resource_app_ids(self) -> frozenset[str]:
        return frozenset(resource.resource_app_id for resource in self.resources)


@dataclass(frozen=True)
class Actual:
    """`id` is None while the application does not exist (check mode before the first run)."""

    catalog: Catalog
    declared: frozenset[Permission] = frozenset()
    id: str | None = None
    created: str | None = None


@dataclass(frozen=True)
class Declare:
    """Replaces requiredResourceAccess as a whole: Graph has no way to add or take away one entry."""

    permissions: frozenset[Permission]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    def describe(self) -> str:
        parts = [f"declare {', '.join(self.added)}"] if self.added else []
        parts += [f"no longer declare {', '.join(self.removed)}"] if self.removed else []
        return "; ".join(parts)


def to_graph(permissions: t.Iterable[Permission]) -> list[Json]:
    grouped = itertools.groupby(sorted(permissions), key=lambda permission: permission.resource_app_id)
    return [
        {"resourceAppId": app_id, "resourceAccess": [{"id": entry.id, "type": entry.kind} for entry in entries]}
        for app_id, entries in grouped
    ]
