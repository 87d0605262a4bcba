# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import AmbiguityError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.check import Gate, removal
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    declaration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import resource_read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.read import (
    read_declaration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.apply import (
    apply,
    apply_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.locate import (
    locate,
    with_store,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import (
    Actual,
    Application,
    DeleteApplication,
    Desired,
    ServicePrincipal,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.plan import (
    adopts,
    creates,
    enables,
    plan,
    plan_absent,
    restores,
    with_decisions,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    all_reads,
    read,
    read_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.view import view
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    ANNOUNCED_FOR,
    SecretStore,
    StoredRegistration,
)


def run(call: Call) -> Outcome:
    return _absent(call) if call.params["state"] == "absent" else _present(call)


def _present(call: Call) -> Outcome:
    tenant = call.tenant()
    graph = tenant.graph
    store = open_store(call.params["store"], call.vault) if call.params["store"] else None
    desired = replace(Desired.from_params(call.params), automation=tenant.options.credential.client_id)
    if store is not None:
        desired = with_store(desired, store, tenant.directory_id)
    declared = declaration(call.params["permissions"] or ())
    graph.read_ahead([*all_reads(desired), *(resource_read(entry.resource_app_id) for entry in declared)])
    actual = read(graph, desired)
    if actual.application is None and declared:
        desired = replace(desired, declares=read_declaration(graph, declared))
    change = plan(actual, desired)
    gate = Gate.from_params(tenant, store, call.params)
    wanted, client_id = removal(store, tenant.directory_id, call.params), view(actual, desired)["client_id"]
    taken_over = adopts(change, actual.application, desired)
    if client_id and (taken_over or enables(change) or wanted.ids or wanted.credentials):
        others, located = gate.look(client_id, note=False).foreign, (desired.display_name, client_id)
        change, _steps = with_decisions(change, others, wanted, located, taken_over=taken_over, now=graph.now)
    if not call.check_mode:
        actual = _written(tenant, store, actual, desired, change)
        if restores(change):
            _check_restored(graph, gate, actual)
    return Outcome({"registration": view(actual, desired)}, change, findings(actual))


def _written(
    tenant: Tenant, store: SecretStore | None, actual: Actual, desired: Desired, change: Change[Step]
) -> Actual:
    """The store knows of the application before it is made, so that a run that is killed finds it again as ours."""
    graph, place = tenant.graph, (tenant.directory_id, desired.unique_name)
    if store is not None and creates(change):
        noted = store.registration(*place)
        announced = noted.announced if noted else None
        # Another run that announced it first may be making it now, or have made it since our reading.
        if announced is None or graph.now - announced >= ANNOUNCED_FOR:
            announced = graph.now
        desired = replace(desired, announced=announced)
        store.note_registration(*place, StoredRegistration(None, announced))
    actual = apply(graph, actual, desired, change)
    if store is not None and change.changed and actual.application is not None:
        store.note_registration(*place, StoredRegistration(actual.application.app_id, desired.announced))
    return actual


def _check_restored(graph: GraphClient, gate: Gate, actual: Actual) -> None:
    """A restored application has its grants back: it goes again where somebody else can sign in with it."""
    if actual.application is None:
        return
    others = gate.look(actual.application.app_id, note=True)
    if others.foreign:
        apply_absent(graph, Change({}, {}, (DeleteApplication(actual.application.id),)))
        name, client_id = actual.application.display_name, actual.application.app_id
        raise AmbiguityError(
            f"The application '{name}' (client id {client_id}) was restored, and deleted again: {others.findings[0]}",
            next_step="Without a decision it stays deleted.",
            code="ForeignCredentials",
            details=[{"id": entry.id, "kind": entry.kind, "place": entry.place} for entry in others.foreign],
        )


def _absent(call: Call) -> Outcome:
    tenant, unique_name = call.tenant(), call.params["unique_name"]
    store = open_store(call.params["store"], call.vault) if call.params["store"] else None
    client_id = locate(call.params["client_id"], store, tenant.directory_id, unique_name)
    if store is not None and client_id is None:
        # What carries the key is not known as ours, and stays.
        return Outcome({"registration": None}, Change({"state": "absent"}, {"state": "absent"}))
    purge = call.params["purge"]
    change = plan_absent(read_absent(tenant.graph, unique_name, client_id, purge=purge), purge=purge)
    if not call.check_mode:
        apply_absent(tenant.graph, change)
    return Outcome({"registration": None}, change)


def findings(actual: Actual) -> tuple[str, ...]:
    """What is not as it should be, and not ours to change."""
    found = []
    if actual.search_refused:
        found.append(
            "Applications that people made by hand could not be searched for: the automation may not list "
            "applications (Application.Read.All)."
        )
    return (*found, *disabled(actual.application, actual.service_principal))


def disabled(application: Application | None, principal: ServicePrincipal | None) -> t.Iterator[str]:
    """Why nobody can sign in with the registration, and who changes that."""
    for entry in (application, principal):
        if entry is not None and entry.by_microsoft:
            yield (
                f"Microsoft has disabled the registration ({entry.by_microsoft}): nobody can sign in with it. A Global "
                "Administrator of the tenant asks Microsoft's support."
            )
    if principal is not None and not principal.enabled:
        yield (
            "The service principal is disabled in this tenant: nobody can sign in with this registration. An "
            "administrator enables it in the Entra admin centre, Enterprise applications, Properties, 'Enabled for "
            "users to sign-in'."
        )
    if application is not None and application.disabled:
        yield (
            "The application is deactivated: nobody can sign in with this registration. An administrator activates it "
            "in the Entra admin centre, App registrations."
        )
