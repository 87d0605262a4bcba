# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Wanted
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import Read
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import POLICY
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.read import grants_reads
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    MICROSOFT_GRAPH,
    resource_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    application_read,
    service_principal_read,
    unkeyed_reads,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.read import (
    reads_ahead,
    recipients_of,
)

_CATALOG: Read = resource_read(MICROSOFT_GRAPH)


def first_reads(wanted: t.Iterable[Wanted]) -> list[Read]:
    return [*(application_read(entry.registration.unique_name) for entry in wanted), _CATALOG]


def unkeyed_reads_of(fresh: t.Sequence[Wanted]) -> list[Read]:
    """Of registrations that the key did not find: what may be theirs all the same, and what a new secret may be."""
    return [POLICY, *(read for entry in fresh for read in unkeyed_reads(entry.registration))] if fresh else []


def read_exchange(tenant: Tenant, wanted: t.Sequence[Wanted], app_ids: list[str], fresh: t.Sequence[Wanted]) -> None:
    """`fresh`: those whose group is likely to be missing."""
    groups = sorted({entry.restriction.group for entry in wanted} - {""})
    names = sorted({name for entry in fresh for name in recipients_of(entry.restriction)})
    tenant.exchange.read_ahead(reads_ahead(app_ids, groups, names))


def read_for(tenant: Tenant, stage: str, wanted: t.Sequence[Wanted], known: t.Mapping[str, t.Any]) -> None:
    """In one batch what a stage reads one by one. `known`: registrations by name, as azure_app_registration sees them.

    What is not in it is read where it is needed: this only makes it faster.
    """
    tenant.graph.read_ahead(read for entry in wanted for read in _graph_reads(stage, entry, known[entry.name]))
    if stage == "restriction" and tenant.has_exchange:
        app_ids = [known[entry.name]["client_id"] for entry in wanted if known[entry.name]["client_id"]]
        read_exchange(tenant, wanted, app_ids, wanted)


def _graph_reads(stage: str, wanted: Wanted, known: t.Mapping[str, t.Any]) -> t.Iterator[Read]:
    yield application_read(wanted.registration.unique_name)
    app_id, principal_id = known["client_id"], known["service_principal_id"]
    if stage in ("application", "consent"):
        yield _CATALOG
    if stage == "application" and app_id is None:
        yield from unkeyed_reads(wanted.registration)
    if stage == "secret":
        yield POLICY
    if stage in ("application", "restriction", "consent") and app_id:
        yield service_principal_read(app_id)
    if stage == "consent" and principal_id:
        yield from grants_reads(principal_id)
