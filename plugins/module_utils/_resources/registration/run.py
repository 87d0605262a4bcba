# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.declaration import (
    declaration,
    read_declaration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import resource_read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.apply import (
    apply,
    apply_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import (
    Actual,
    Application,
    Desired,
    ServicePrincipal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.plan import (
    plan,
    plan_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    all_reads,
    read,
    read_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.view import view


def run(call: Call) -> Outcome:
    return _absent(call) if call.params["state"] == "absent" else _present(call)


def _present(call: Call) -> Outcome:
    tenant = call.tenant()
    graph = tenant.graph
    desired = replace(Desired.from_params(call.params), automation=tenant.options.credential.client_id)
    declared = declaration(call.params["permissions"] or ())
    graph.read_ahead([*all_reads(desired), *(resource_read(entry.resource_app_id) for entry in declared)])
    actual = read(graph, desired)
    if actual.application is None and declared:
        desired = replace(desired, declares=read_declaration(graph, declared))
    change = plan(actual, desired)
    if not call.check_mode:
        actual = apply(graph, actual, desired, change)
    return Outcome({"registration": view(actual, desired)}, change, findings(actual))


def _absent(call: Call) -> Outcome:
    graph = call.tenant().graph
    change = plan_absent(read_absent(graph, call.params["unique_name"]), purge=call.params["purge"])
    if not call.check_mode:
        apply_absent(graph, change)
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
