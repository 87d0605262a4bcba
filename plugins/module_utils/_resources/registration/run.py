# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import require_removal
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.check import (
    Gate,
    removal,
    with_ways,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.plan import held_back
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    ResourcePermissions,
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
    Desired,
    ServicePrincipal,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.plan import (
    adopts,
    creates,
    enables,
    found,
    kept_out,
    plan,
    plan_absent,
    restores,
    with_deactivation,
    with_decisions,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    all_reads,
    read,
    read_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.restoring import (
    check_others,
    let_in,
    stays_deactivated,
    undeclared,
    was_deactivated,
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
    desired = replace(Desired.from_params(call.params), automation=tenant.client_id)
    if store is not None:
        desired = with_store(desired, store, tenant.directory_id)
    declared = declaration(call.params["permissions"] or ())
    graph.read_ahead([*all_reads(desired), *(resource_read(entry.resource_app_id) for entry in declared)])
    actual = read(graph, desired)
    if actual.application is None and declared:
        desired = replace(desired, declares=read_declaration(graph, declared))
    task = _Task(call, tenant, store, desired, desired, declared)
    if call.params["keep_disabled"] or call.params["deactivate"]:
        task.desired = kept_out(desired)
    elif desired.restoring and actual.application is not None and actual.application.disabled:
        task.see_what_came_back(actual.application)
    change = task.planned(actual)
    if not call.check_mode:
        actual = task.written(actual, change)
    stays = task.restored or call.params["keep_disabled"] or call.params["deactivate"]
    told = (*findings(actual, restored=stays), *task.kept, *((stays_deactivated(task.taken),) if stays else ()))
    return Outcome({"registration": view(actual, task.desired), "stays_disabled": stays}, change, told)


@dataclass
class _Task:
    """`wish`: what is asked for; `desired`: what is done of it now.

    `restored`: it is deactivated since it was restored. `taken`: what is granted to it and not declared. `kept`: what
    is told of other people's credentials and owners that a wrong clock keeps.
    """

    call: Call
    tenant: Tenant
    store: SecretStore | None
    wish: Desired
    desired: Desired
    declared: tuple[ResourcePermissions, ...]
    restored: bool = False
    taken: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def see_what_came_back(self, application: Application) -> None:
        """Of what was restored by a run before."""
        self.taken = undeclared(self.tenant, self.desired, application.app_id, self.declared)
        if self.taken:
            self.restored, self.desired = True, kept_out(self.desired)

    def planned(self, actual: Actual) -> Change[Step]:
        change, desired, params = plan(actual, self.desired), self.desired, self.call.params
        if params["deactivate"] and actual.application is not None:
            change = with_deactivation(change, actual.application)
        wanted, client_id = removal(self.store, self.tenant, params), view(actual, desired)["client_id"]
        taken_over = adopts(change, actual.application, desired)
        if not client_id or not (taken_over or enables(change) or wanted.ids or wanted.credentials):
            return change
        looked, located = self._gate().look(client_id, note=False), (desired.display_name, client_id)
        others = with_ways(self.tenant.graph, looked, found(actual, desired), params, taken_over=taken_over)
        now = self.tenant.graph.now
        self.kept = held_back(others, wanted, now)
        return with_decisions(change, others, wanted, located, taken_over=taken_over, now=now)[0]

    def _gate(self) -> Gate:
        return Gate.from_params(self.tenant, self.store, self.call.params)

    def written(self, actual: Actual, change: Change[Step]) -> Actual:
        """The store knows of the application before it is made, so that a run that is killed finds it again as ours."""
        before = found(actual, self.desired)
        if creates(change):
            self._announce()
        if self.call.params["deactivate"] and actual.application is not None:
            self._note(before, restoring=True)
            return apply(self.tenant.graph, actual, self.desired, change)
        restored = restores(change)
        comes_disabled = before is not None and before.disabled and not self.wish.activates(before)
        if restored and not comes_disabled:
            self._note(before, restoring=True)
        actual = apply(self.tenant.graph, actual, self.desired, change)
        application = actual.application
        if application is None:
            return actual
        if restored or was_deactivated(before, application):
            restored = True
            check_others(self.tenant, self._gate(), application)
            actual = self._let_in(actual, application, comes_disabled=comes_disabled)
        if change.changed or self.wish.restoring:
            still = self.wish.restoring and application.disabled and not restored
            self._note(actual.application, restoring=self.restored or (still and not enables(change)))
        return actual

    def _let_in(self, actual: Actual, application: Application, *, comes_disabled: bool) -> Actual:
        if comes_disabled:
            return actual
        if not self.call.params["keep_disabled"]:
            self.taken = undeclared(self.tenant, self.desired, application.app_id, self.declared)
        self.restored = bool(self.taken or self.call.params["keep_disabled"])
        return actual if self.restored else let_in(self.tenant, actual, application)

    def _announce(self) -> None:
        if self.store is None:
            return
        graph, place = self.tenant.graph, self._place
        noted = self.store.registration(*place)
        announced = noted.announced if noted else None
        # Another run that announced it first may be making it now, or have made it since our reading.
        if announced is None or graph.now - announced >= ANNOUNCED_FOR:
            announced = graph.now
        self.desired = replace(self.desired, announced=announced)
        self.store.note_registration(*place, StoredRegistration(None, announced))

    def _note(self, application: Application | None, *, restoring: bool) -> None:
        if self.store is None or application is None:
            return
        noted = StoredRegistration(application.app_id, self.desired.announced, restoring=restoring)
        self.store.note_registration(*self._place, noted)

    @property
    def _place(self) -> tuple[str, str]:
        return self.tenant.directory_id, self.desired.unique_name


def _absent(call: Call) -> Outcome:
    tenant, unique_name = call.tenant(), call.params["unique_name"]
    store = open_store(call.params["store"], call.vault) if call.params["store"] else None
    client_id = locate(call.params["client_id"], store, tenant.directory_id, unique_name)
    if store is not None and client_id is None:
        # What carries the key is not known as ours, and stays.
        return Outcome({"registration": None}, Change({"state": "absent"}, {"state": "absent"}))
    require_removal(tenant.clock.stops_removal)
    purge = call.params["purge"]
    change = plan_absent(read_absent(tenant.graph, unique_name, client_id, purge=purge), purge=purge)
    if not call.check_mode:
        apply_absent(tenant.graph, change)
    return Outcome({"registration": None}, change)


def findings(actual: Actual, *, restored: bool = False) -> tuple[str, ...]:
    """What is not as it should be, and not ours to change. `restored`: deactivated by us since then."""
    found = []
    if actual.search_refused:
        found.append(
            "Applications that people made by hand could not be searched for: the automation may not list "
            "applications (Application.Read.All)."
        )
    application = actual.application
    if restored and application is not None:
        application = replace(application, disabled=False)
    return (*found, *disabled(application, actual.service_principal))


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
