# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._connector import details, named_hosts, options
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Planned, Wanted
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.result import unchanged_result
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import Variables
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    EndpointError,
    ExchangeError,
    InputError,
    NoExchangeError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import require_removal
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import NO_EXCHANGE, Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret import plan as secret_plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret import read as secret_read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent import plan as consent_plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent import read as consent_read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.check import Gate
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding import model as offboarding
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding import (
    plan as offboarding_plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration import (
    plan as registration_plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration import (
    read as registration_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.locate import (
    known_client_id,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import (
    absent as restriction_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import (
    read as restriction_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import run as restriction_run
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import UNRESTRICTED
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in import plan as sign_in_plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in import read as sign_in_read
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    SecretStore,
    StoredOffboarding,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.tenant_host import check_host

#: In this order: at no moment does anybody reach more than before. The restriction goes when no token lives any more.
PARTS = ("note", "sign-in", "consent", "secret", "application", "roles", "refusal", "restriction", "purge", "end")


@dataclass(frozen=True)
class Going:
    """One registration on its way out. `reached`: how far the store's note says it is.

    `removals`: what goes now. `later`: what goes when no token lives any more.
    """

    entry: options.Registration
    planned: Planned
    reached: t.Mapping[str, t.Any]
    exists: bool
    has_principal: bool
    ids: t.Mapping[str, str]
    removals: tuple[str, ...]
    later: tuple[str, ...]


def run(call: Call, tenant: Tenant, variables: Variables, host: str) -> Outcome:
    """What goes of each registration that the store knows, by the modules' own code. Writes nothing."""
    hosts = call.params["inventory_hosts"]
    if not call.check_mode and host not in variables["connector_offboard"]:
        return _unnamed(host, named_hosts.unknown(variables["connector_offboard"], hosts))
    named_hosts.check("connector_offboard", variables, hosts)
    store = open_store(options.store(variables), call.vault)
    check_host(store.host(tenant.directory_id), host, variables["connector_host_renamed"])
    entries = options.registrations(variables)
    require_removal(tenant.clock.stops_removal, " Until then the playbook disable keeps everybody out.")
    known = [(entry, known_client_id(store, tenant.directory_id, entry["unique_name"])) for entry in entries]
    if not any(client_id for _entry, client_id in known):
        raise InputError(
            f"The store knows no registration of this tenant: {' and '.join(e['unique_name'] for e in entries)}.",
            next_step="Nothing is removed by a name alone, which may be on somebody else's application. Bring back the "
            "store that the tenant was onboarded with, or remove what was made by hand.",
            code="RegistrationUnknown",
        )
    going = [_going(tenant, store, variables, entry, client_id) for entry, client_id in known if client_id]
    planned = [one.planned for one in going]
    unknown = [entry["unique_name"] for entry, client_id in known if not client_id]
    told = details.of_plan(host, tenant.directory_id, planned, store)
    warnings = [
        *(finding for entry in planned for finding in entry.findings),
        *(f"{name} is not known to the store: what carries that name in the tenant stays." for name in unknown),
    ]
    values = {
        "tenant_id": tenant.directory_id,
        "planned": [f"{entry.name}: {', '.join(entry.parts)}" for entry in planned if entry.parts],
        "plan": [],
        "details": {**told, "warnings": warnings},
        "registrations": [_settings(one) for one in going],
        **options.places(variables),
    }
    return Outcome(values, warnings=tuple(warnings), session=tenant.tokens.session)


def _unnamed(host: str, unknown: t.Sequence[str]) -> Outcome:
    """Nobody signs in: a whole fleet is not offboarded by a slip."""
    follows = f"Nothing was changed: connector_offboard does not name {host}. With --check it need not."
    if unknown:
        follows = f"Nothing was changed: {named_hosts.told('connector_offboard', unknown)}"
    result, told = unchanged_result(host, "not_named", follows), details.of_nothing(host, None)
    values = {"planned": [], "plan": [], "registrations": [], "result": result, "details": told}
    return Outcome({**values, "unknown_hosts": list(unknown)})


def _settings(going: Going) -> dict[str, t.Any]:
    return {
        **options.settings(going.entry, pending=False, client_id=going.planned.wanted.client_id),
        **going.reached,
        "exists": going.exists,
        "has_principal": going.has_principal,
        "ids": dict(going.ids),
        "removals": list(going.removals),
        "later": list(going.later),
    }


def _going(
    tenant: Tenant, store: SecretStore, variables: Variables, entry: options.Registration, client_id: str
) -> Going:
    planned = Planned(Wanted.from_options(variables, entry, store.address).located(client_id))
    noted, graph = store.offboarding(tenant.directory_id, entry["unique_name"]), tenant.graph
    graph.read_ahead(registration_read.located_reads(entry["unique_name"], client_id))
    switches = sign_in_read.read(graph, client_id)
    ids = {"client": client_id, "application": switches.object_id, "service_principal": switches.principal_id}
    exists = switches.object_id is not None
    # An application that is there again was restored: whatever was proven of it is void.
    reached = offboarding.view(None if exists else noted, graph.now)
    changes = planned.changes
    later: tuple[str, ...] = ()
    if exists:
        changes["sign-in"] = sign_in_plan.plan(switches, enabled=False)
        _open(planned, tenant, store, client_id)
    if reached["stage"] == "closing":
        changes["roles"], later = _roles(planned, tenant, store, client_id)
    if reached["stage"] == "finishing":
        changes["restriction"] = _restriction(planned, tenant, store, client_id)
    if reached["stage"] in ("finishing", "offboarded") and variables["connector_purge"]:
        found = registration_read.read_absent(graph, planned.wanted.unique_name, client_id, purge=True)
        changes["purge"] = registration_plan.plan_absent(found, purge=True)
    going = Going(
        entry,
        planned,
        reached,
        exists=exists,
        has_principal=switches.principal_id is not None,
        ids={name: id_ for name, id_ in ids.items() if id_},
        removals=tuple(step for change in changes.values() for step in change.describe()),
        later=later,
    )
    planned.changes = _in_order({**changes, **_notes(going, noted, graph.now)})
    return going


def _in_order(changes: t.Mapping[str, Change[t.Any]]) -> dict[str, Change[t.Any]]:
    return {part: changes[part] for part in PARTS if part in changes}


def _notes(going: Going, noted: StoredOffboarding | None, now: datetime) -> dict[str, Change[t.Any]]:
    """What the store will note besides."""
    stage = going.reached["stage"]
    if stage not in ("closing", "finishing"):
        return {}
    wanted = offboarding.Desired("begun", "", going.ids, going.removals)
    note = offboarding_plan.plan(offboarding.Actual(now, noted, going.exists), wanted)
    if stage == "closing":
        closed = offboarding.Close(noted or StoredOffboarding(now, ""))
        return {"note": note, "refusal": Change({"closed": False}, {"closed": True}, (closed,))}
    end = offboarding_plan.plan(offboarding.Actual(now, noted), offboarding.Desired("finished", ""))
    return {"note": note, "end": end}


def _roles(
    planned: Planned, tenant: Tenant, store: SecretStore, client_id: str
) -> tuple[Change[t.Any], tuple[str, ...]]:
    """The roles in Exchange, which give, and what is to go later, which restricts.

    Microsoft Graph closes a registration alone: whatever is amiss in Exchange waits until then.
    """
    try:
        change = _restriction(planned, tenant, store, client_id, only_roles=True)
        later = _restriction(planned, tenant, store, client_id)
    except (EndpointError, ExchangeError, NoExchangeError) as error:
        planned.find([f"What restricts its mailboxes could not be read: {error.message}"])
        return UNRESTRICTED.change, ()
    return change, tuple(step.describe() for step in later.steps if step not in change.steps)


def _restriction(
    planned: Planned, tenant: Tenant, store: SecretStore, client_id: str, *, only_roles: bool = False
) -> Change[t.Any]:
    wanted = planned.wanted.restriction
    known = restriction_run.located_absent(wanted, store, tenant.directory_id, client_id)
    try:
        clients = restriction_read.Clients(tenant.graph, tenant.exchange, tenant.graph_beta if wanted.beta else None)
    except NoExchangeError as error:
        if error.code != NO_EXCHANGE:
            raise
        planned.find(restriction_run.unread(error))
        return UNRESTRICTED.change
    actual = restriction_read.read_absent(clients, known.desired, known.principal_id)
    if not only_roles:
        planned.find(f"{text}. It stays." for text in restriction_absent.kept(actual, known.desired))
    return restriction_absent.plan_absent(actual, known.desired, only_roles=only_roles)


def _open(planned: Planned, tenant: Tenant, store: SecretStore, client_id: str) -> None:
    """What is there as long as the application is."""
    graph, name = tenant.graph, planned.wanted.unique_name
    gate = Gate.from_params(tenant, store, planned.wanted.access)
    planned.access = gate.look(client_id, note=False, also=consent_read.grants_reads)
    planned.find(f"{told} goes with the application." for told in planned.access.told)
    consent = consent_plan.plan(consent_read.read(graph, name, (), client_id), tenant.roles)
    planned.changes["consent"] = consent.change
    planned.find(
        f"The automation may not {step.describe()}: it would be back with the application, should somebody restore it."
        for step in consent.to_revoke
    )
    held = secret_read.read_absent(graph, store, tenant.directory_id, name, client_id)
    planned.changes["secret"] = secret_plan.plan_absent(held)
    found = registration_read.read_absent(graph, name, client_id, purge=False)
    planned.changes["application"] = registration_plan.plan_absent(found, purge=False)


def refused(
    host: str, tenant: Tenant, store: SecretStore, registrations: t.Sequence[options.Registration]
) -> Outcome | None:
    """What every other playbook tells of a tenant that is being offboarded, or was: nothing of it is made again."""
    tenant_id = tenant.directory_id
    noted = {entry["name"]: store.offboarding(tenant_id, entry["unique_name"]) for entry in registrations}
    leaving = {name: entry for name, entry in noted.items() if entry is not None}
    if not leaving:
        return None
    state = "offboarded" if all(entry.finished for entry in leaving.values()) else "offboarding"
    told = ", ".join(f"{name} {_since(entry)}" for name, entry in leaving.items())
    follows = f"{told}. Nothing was changed; should the customer come back, name the host in connector_onboard_again."
    if state == "offboarding":
        follows = f"{told}. Nothing was changed; the playbook offboard goes on with it."
    closed = details.closed(host, tenant_id, state, follows)
    return Outcome({**closed, "audit": {"result": closed["result"], "findings": [], "fails": False}})


def forget(tenant_id: str, store: SecretStore, registrations: t.Sequence[options.Registration]) -> None:
    """The customer comes back: what was closed on the way out may be made and opened again."""
    for entry in registrations:
        if store.offboarding(tenant_id, entry["unique_name"]) is not None:
            store.note_switched_off(tenant_id, entry["unique_name"], None)
            store.note_offboarding(tenant_id, entry["unique_name"], None)


def _since(noted: StoredOffboarding) -> str:
    if noted.finished:
        return f"was offboarded on {noted.finished:%Y-%m-%d} by {noted.by}"
    return f"is being offboarded since {noted.since:%Y-%m-%d %H:%M} UTC by {noted.by}"
