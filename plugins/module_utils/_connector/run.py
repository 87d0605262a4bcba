# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._connector import (
    details,
    discovery,
    messages,
    named_hosts,
    named_keys,
    offboarding,
    options,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.audit import audit
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.handoff import Handoff
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Planned, Wanted
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.plan import Planner
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.result import TenantState
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.rights import (
    ask_for,
    lacking,
    rights_for,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import (
    SECRET_VARIABLES,
    Variables,
    read_variables,
    with_absolute_folders,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.words import told_in_variables
from ansible_collections.totalview.exchange365.plugins.module_utils._duration import parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ConnectorError,
    ForbiddenError,
    StoreError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.plan import ends_soon
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.message import (
    consent_link,
    hand_over,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.tenant_host import check_host

#: learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent, for application permissions of Graph.
_WHO_CONSENTS = "A Global Administrator or Privileged Role Administrator of the tenant"


@told_in_variables()
def run(call: Call) -> Outcome:
    """The work of connector_plan."""
    host = call.params["host"]
    hidden = {name: call.params[name] for name in SECRET_VARIABLES if call.params[name]}
    variables = with_absolute_folders(
        read_variables({**call.params["variables"], **hidden}, host), call.params["inventory_dir"]
    )
    scope = call.params["scope"]
    if scope == "settings":
        told = [options.settings(entry, pending=False) for entry in options.registrations(variables)]
        handoff = {name: variables[f"connector_handoff_{name}"] for name in ("folder", "name")}
        settings = {"registrations": told, "handoff": handoff, **options.places(variables)}
        return Outcome({"planned": [], "plan": [], **settings})
    if scope == "tenant":
        named_hosts.check("connector_onboard_again", variables, call.params["inventory_hosts"])
    tenant = replace(call, params=options.connection(variables)).tenant()
    if scope == "offboarding":
        return offboarding.run(call, tenant, variables, host)
    return _planned(call, tenant, variables, host)


def _planned(call: Call, tenant: Tenant, variables: Variables, host: str) -> Outcome:
    """The tenant as the inventory wants it."""
    store = open_store(options.store(variables), call.vault)
    noted, former = store.host(tenant.directory_id), variables["connector_host_renamed"]
    check_host(noted, host, former)
    scope, registrations = call.params["scope"], options.registrations(variables)
    variables = {**variables, "connector_enable": variables["connector_enable"] or scope == "enabling"}
    stopped = _stopped(call, tenant, store, variables, registrations)
    if stopped:
        return stopped
    handoff = Handoff(call, variables, store, tenant.directory_id, keeps_sender=scope == "secrets")
    wanted = [_wanted(variables, entry, store, handoff) for entry in registrations]
    try:
        planner = _planner(call, tenant, store, variables)
        if scope == "discovery":
            return discovery.discover(tenant, store, planner, variables, host)
        if scope == "audit":
            return _audited(call, tenant, planner.look(wanted), handoff, store, variables)
        planned = planner.plan_secrets(wanted) if scope == "secrets" else planner.plan(wanted)
    except ConnectorError as error:
        _add_next_steps(error, tenant, store, variables, wanted)
        raise
    handing_off = handoff.plan(planned, unproven=variables["connector_handoff_unproven"])
    pending = _is_pending(planned, handing_off)
    told, unknown_keys = _details(call, tenant, planned, store, variables)
    values = {
        "tenant_id": tenant.directory_id,
        "planned": _in_short(planned, handing_off),
        "plan": list(_in_names(planned, handing_off)),
        "result": _state(planned, pending=pending, handed_off=handoff.exists).result(host),
        "details": {
            **told,
            **details.deliveries(told["registrations"]),
            **messages.of_plan(variables, planned, told["registrations"], handoff.where),
        },
        "rights": _rights(tenant, variables),
    }
    findings = tuple(finding for entry in planned for finding in entry.findings) + unknown_keys
    if pending or scope == "enabling":
        values |= _settings(variables, registrations, planned, handoff)
        return Outcome(values, warnings=findings, session=tenant.tokens.session)
    if noted is not None and not call.check_mode:
        store.note_host(tenant.directory_id, host, former)
    # Who has nothing to do needs nothing to do it with: a fleet's results stay small.
    for entry in planned:
        hand_over(entry.messages)
    return Outcome(values, warnings=findings)


def _wanted(variables: Variables, entry: options.Registration, store: SecretStore, handoff: Handoff) -> Wanted:
    found = Wanted.from_options(variables, entry, store.address)
    return replace(found, secret=replace(found.secret, handed_off=found.name in handoff.has))


def _planner(call: Call, tenant: Tenant, store: SecretStore, variables: Variables) -> Planner:
    return Planner(
        tenant,
        store,
        note=not call.check_mode,
        prove_again=variables["connector_prove_again"],
        proof_valid=parse_duration(variables["connector_proof_valid"], "connector_proof_valid"),
        disables_open=variables["connector_open_door"] == "disable" and call.params["scope"] != "enabling",
    )


def _settings(
    variables: Variables,
    registrations: t.Sequence[options.Registration],
    planned: t.Sequence[Planned],
    handoff: Handoff,
) -> dict[str, t.Any]:
    """What the role's other tasks go by."""
    return {
        "registrations": [
            {
                **options.settings(entry, pending=not found.is_settled, client_id=found.wanted.client_id),
                "handed_off": found.name in handoff.has,
                "was_handed_off": found.was_handed_off,
                "lives_outside": found.lives_outside,
                "deactivate": found.deactivates,
                "enable": variables["connector_enable"] and not found.stays_disabled,
                "stays_disabled": found.stays_disabled,
                "proven": found.holds,
            }
            for entry, found in zip(registrations, planned, strict=True)
        ],
        **options.places(variables),
        "handoff": {
            **{name: variables[f"connector_handoff_{name}"] for name in ("folder", "name")},
            "sender": handoff.sender(planned),
            "where": handoff.where,
        },
        "handed_off": handoff.exists,
    }


def _stopped(
    call: Call,
    tenant: Tenant,
    store: SecretStore,
    variables: Variables,
    registrations: t.Sequence[options.Registration],
) -> Outcome | None:
    """What is told of a tenant that somebody has closed: nothing else opens it again."""
    host, scope = call.params["host"], call.params["scope"]
    if scope == "tenant" and host in variables["connector_onboard_again"]:
        if not call.check_mode:
            offboarding.forget(tenant.directory_id, store, registrations)
        return None
    leaving = offboarding.refused(host, tenant, store, registrations)
    if leaving or scope in ("audit", "enabling"):
        return leaving
    return _switched_off(host, tenant, store, registrations)


def _audited(
    call: Call, tenant: Tenant, planned: list[Planned], handoff: Handoff, store: SecretStore, variables: Variables
) -> Outcome:
    told, unknown_keys = _details(call, tenant, planned, store, variables)
    found = audit(tenant, planned, handoff, store, variables, call.params["host"])
    warnings = found.pop("warnings")
    told = {**told, "steps": [], "warnings": [*told["warnings"], *warnings]}
    values = {"tenant_id": tenant.directory_id, "details": told, "audit": found}
    return Outcome(values, warnings=(*unknown_keys, *warnings))


def _details(
    call: Call, tenant: Tenant, planned: t.Sequence[Planned], store: SecretStore, variables: Variables
) -> tuple[dict[str, t.Any], tuple[str, ...]]:
    """What a report tells, and the warnings in it about key ids that are told here and not by the table."""
    told = details.of_plan(call.params["host"], tenant.directory_id, planned, store)
    unknown = named_keys.unknown(call.params["own_keys"], planned, variables)
    warnings = tuple(named_keys.told(unknown))
    of_all = {*told["named_keys"], *(id_ for ids in unknown.values() for id_ in ids)}
    return {**told, "warnings": [*told["warnings"], *warnings], "named_keys": sorted(of_all)}, warnings


def _switched_off(
    host: str, tenant: Tenant, store: SecretStore, registrations: t.Sequence[options.Registration]
) -> Outcome | None:
    """What is told of a tenant of which somebody has disabled a registration: nothing but `enable` changes it."""
    tenant_id = tenant.directory_id
    noted = {entry["name"]: store.switched_off(tenant_id, entry["unique_name"]) for entry in registrations}
    off = {name: switch for name, switch in noted.items() if switch}
    told = [f"{name} since {switch.since:%Y-%m-%d %H:%M} UTC by {switch.by}" for name, switch in off.items()]
    if not told:
        return None
    follows = f"Sign-in is disabled: {', '.join(told)}. Nothing was changed; the playbook enable ends it."
    closed = details.closed(host, tenant_id, "disabled", follows)
    return Outcome({**closed, "rights": {"missing": [], "who": _WHO_CONSENTS, "link": None}})


def _rights(tenant: Tenant, variables: Variables) -> dict[str, t.Any]:
    """Which rights the automation's tokens lack for what the inventory asks for, and who gives them."""
    credential = tenant.options.credential
    missing = lacking(rights_for(variables), tenant.roles, tenant.exchange_roles)
    client_id = credential.client_id if credential.has_consent_page else None
    return {
        "missing": [
            {"permission": right.name(delegated=credential.delegated), "without": right.without} for right in missing
        ],
        "who": _WHO_CONSENTS,
        "link": consent_link(tenant.options.authority_url, tenant.directory_id, client_id),
    }


def _add_next_steps(
    error: ConnectorError, tenant: Tenant, store: SecretStore, variables: Variables, wanted: t.Sequence[Wanted]
) -> None:
    if isinstance(error, ForbiddenError):
        _name_rights(error, _rights(tenant, variables))
    if not isinstance(error, StoreError):
        error.next_step = " ".join([error.next_step, *_expiries(tenant, store, wanted)])


def _expiries(tenant: Tenant, store: SecretStore, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
    """What a tenant that goes no further must know all the same."""
    now = tenant.clock.now
    for entry in wanted:
        found = ends_soon(store.read(tenant.directory_id, entry.unique_name), now)
        if found is not None:
            key_id, end = found
            yield (
                f"Besides, the client secret {key_id} of {entry.unique_name}, which the connector may be using, ends "
                f"on {end:%Y-%m-%d}: the playbook rotate renews it whatever stands in the way here; then somebody "
                "types it in."
            )


def _name_rights(error: ForbiddenError, rights: t.Mapping[str, t.Any]) -> None:
    """A refusal says that a right is missing; the tokens tell which."""
    required = [entry["permission"] for entry in rights["missing"] if not entry["without"]]
    if required:
        error.next_step = ask_for(rights, required)


def _is_pending(planned: t.Sequence[Planned], handoff: Change[t.Any] | None) -> bool:
    return any(entry.parts for entry in planned) or (handoff is not None and handoff.changed)


def _in_short(planned: t.Sequence[Planned], handoff: Change[t.Any] | None) -> list[str]:
    parts = [f"{entry.name}: {', '.join(entry.parts)}" for entry in planned if entry.parts]
    return [*parts, "hand-off"] if handoff is not None and handoff.changed else parts


def _in_names(planned: t.Sequence[Planned], handoff: Change[t.Any] | None) -> t.Iterator[dict[str, t.Any]]:
    for entry in planned:
        for part in entry.parts:
            yield {"registration": entry.name, "part": part, **_told(entry.changes[part])}
    if handoff is not None and handoff.changed:
        yield {"registration": None, "part": "hand-off", **_told(handoff)}


def _told(change: Change[t.Any]) -> dict[str, t.Any]:
    differing = [name for name in change.after if change.before.get(name) != change.after[name]]
    absent = change.before.get("state") == "absent"
    return {
        "reason": "there is none yet" if absent else f"not as wanted: {', '.join(differing)}",
        "before": {name: change.before.get(name) for name in differing},
        "after": {name: change.after[name] for name in differing},
        "changes": change.describe(),
    }


def _state(planned: t.Sequence[Planned], *, pending: bool, handed_off: bool) -> TenantState:
    times = [entry.try_again_at for entry in planned if entry.try_again_at]
    return TenantState(
        changed=[],
        links=[entry.messages.link for entry in planned if entry.messages.consent],
        days=max((entry.asked_days for entry in planned if entry.asked_days is not None), default=None),
        to_revoke={entry.wanted.unique_name: entry.to_revoke for entry in planned if entry.to_revoke},
        withheld={
            entry.wanted.unique_name: entry.withheld for entry in planned if entry.access.foreign and entry.withheld
        },
        foreign=[told for entry in planned if entry.withheld for told in entry.access.told],
        unprovable=[reason for entry in planned for reason in entry.unprovable],
        waits=[reason for entry in planned for reason in entry.waits],
        try_again_at=max(times).isoformat(timespec="seconds") if times else None,
        handed_off=handed_off,
        pending=pending,
        type_in=[
            {"registration": entry.name, **entry.type_in.view()}
            for entry in planned
            if entry.type_in is not None and handed_off and not pending
        ],
    )
