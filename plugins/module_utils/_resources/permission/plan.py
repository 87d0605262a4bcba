# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    Actual,
    Declare,
    Desired,
    ResourcePermissions,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    Catalog,
    Permission,
)

#: learn.microsoft.com/graph/api/resources/requiredresourceaccess
_MAX_RESOURCES, _MAX_PERMISSIONS = 50, 400


def plan(actual: Actual, desired: Desired) -> Change[Declare]:
    """Raises InputError for an unknown API or name, and for more than Graph takes."""
    wanted = resolve(actual.catalog, desired.resources)
    target = wanted if desired.exact else wanted | actual.declared
    _check_limits(target)
    before, after = ({"permissions": actual.catalog.views(entries)} for entries in (actual.declared, target))
    if target == actual.declared:
        return Change(before, after)
    added = names_of(actual.catalog, target - actual.declared)
    removed = names_of(actual.catalog, actual.declared - target)
    return Change(before, after, (Declare(target, added, removed),))


def resolve(catalog: Catalog, resources: t.Iterable[ResourcePermissions]) -> frozenset[Permission]:
    """Names to ids. Raises InputError for an unknown API or name."""
    return frozenset(itertools.chain.from_iterable(_resolve(catalog, entry) for entry in resources))


def _resolve(catalog: Catalog, wanted: ResourcePermissions) -> t.Iterator[Permission]:
    resource = catalog.resources.get(wanted.resource_app_id)
    if resource is None:
        raise InputError(
            f"The API {wanted.resource_app_id} has no service principal in this tenant.",
            next_step="Check resource_app_id, and that the tenant has the service.",
            code="UnknownResource",
        )
    if not resource.enabled:
        raise InputError(
            f"{resource.display_name} ({resource.app_id}) is disabled in this tenant: nobody gets a token for it.",
            next_step="An administrator of the tenant enables it in the Entra admin centre, Enterprise applications, "
            "Properties, 'Enabled for users to sign-in'; or the subscription is renewed.",
            code="ResourceDisabled",
        )
    yield from (resource.permission("Role", name) for name in wanted.application)
    yield from (resource.permission("Scope", name) for name in wanted.delegated)


def _check_limits(target: frozenset[Permission]) -> None:
    resources = len({permission.resource_app_id for permission in target})
    if resources > _MAX_RESOURCES or len(target) > _MAX_PERMISSIONS:
        raise InputError(
            f"An application can declare {_MAX_PERMISSIONS} permissions of {_MAX_RESOURCES} APIs at most; "
            f"asked for are {len(target)} of {resources}."
        )


def names_of(catalog: Catalog, permissions: t.Iterable[Permission]) -> tuple[str, ...]:
    return tuple(f"{view['name']} ({view['type']})" for view in catalog.views(permissions))
