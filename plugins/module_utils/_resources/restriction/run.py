# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._duration import parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ConnectorError,
    EndpointError,
    ExchangeError,
    ExchangeRightError,
    NoExchangeError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import require_removal
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import await_visible
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import NO_EXCHANGE, Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.check import Finding, Gate
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.locate import (
    locate,
    require_client_id,
    require_located,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
    located_reads,
    require,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.absent import (
    kept,
    plan_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.apply import (
    apply,
    apply_absent,
    take_back,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    UNRESTRICTED,
    Assign,
    Desired,
    RemoveGroup,
    Restriction,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.read import (
    Clients,
    read,
    read_absent,
    reads_ahead,
    recipients_of,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    SecretStore,
    StoredGroup,
    StoredSender,
)


def run(call: Call) -> Outcome:
    tenant, desired = call.tenant(), _desired(call.params)
    try:
        clients = _clients(tenant, desired)
        return (
            _absent(call, tenant, clients, desired)
            if call.params["state"] == "absent"
            else _present(call, tenant, clients, desired)
        )
    except (ExchangeRightError, NoExchangeError) as error:
        if call.params["state"] == "absent" and _may_be_left(call, error):
            left = {"kept": [f"whatever is in Exchange Online: {error.message}"]}
            return Outcome({**_NOTHING, **left}, UNRESTRICTED.change, unread(error))
        if desired.mode != "none" or call.params["state"] == "absent":
            raise
        return Outcome(_NOTHING, UNRESTRICTED.change, unread(error))


def _clients(tenant: Tenant, desired: Desired) -> Clients:
    return Clients(tenant.graph, tenant.exchange, tenant.graph_beta if desired.beta else None)


def _present(call: Call, tenant: Tenant, clients: Clients, desired: Desired) -> Outcome:
    store = open_store(call.params["store"], call.vault) if call.params["store"] else None
    desired = replace(desired, client_id=locate(desired.client_id, store, tenant.directory_id, desired.unique_name))
    _read_ahead(clients, desired)
    if store is not None:
        desired = with_known(desired, store, tenant.directory_id)
    body = find_application(clients.graph, desired.unique_name, desired.client_id)
    require_located(desired.client_id, body, desired.unique_name)
    gate = Gate.from_params(tenant, store, call.params)
    others = gate.look(desired.client_id, note=not call.check_mode)
    desired = guarded(desired, others)
    try:
        actual = read(clients, desired, deleted=call.check_mode)
    except (EndpointError, ExchangeError) as error:
        if not is_optional(error, desired):
            raise
        return Outcome(_NOTHING, UNRESTRICTED.change, unread(error))
    restriction = plan(actual, desired)
    if not call.check_mode:
        require(actual.principal_id, desired.unique_name)
        patience = parse_duration(call.params["wait"], "wait")
        if store is not None:
            note_sender(store, tenant.directory_id, desired, restriction)
        # Before as well: a group that is about to be made anew is not the one that was known.
        _note_group(store, tenant, desired, restriction)
        knew = desired.known_group is not None
        desired = replace(desired, known_group=restriction.group_guid, knew_group=knew)
        restriction = apply(clients, desired, actual, restriction, patience)
        _note_group(store, tenant, desired, restriction)
        if any(isinstance(step, Assign) for step in restriction.change.steps):
            others = gate.look_again(desired.client_id)
            restriction = _after(clients, desired, restriction, others)
    withheld = [step.describe() for step in restriction.withheld]
    values = {**_values(desired, restriction), "withheld": withheld, "foreign": list(others.told)}
    if restriction.withheld and others.foreign:
        values["state"] = "withheld"
    elif restriction.withheld and others.until:
        values["try_again_at"] = others.until.isoformat(timespec="seconds")
    return Outcome(values, restriction.change, (*others.findings, *restriction.findings))


def guarded(desired: Desired, others: Finding) -> Desired:
    """With what keeps a role from being assigned, and a grant from being changed."""
    return replace(desired, live=others.live, withheld_for=_reason(others))


def _reason(others: Finding) -> str | None:
    if others.foreign:
        return f"No role is assigned while somebody else can sign in: {'; '.join(others.told)}"
    if others.until:
        return (
            "No role is assigned while tokens of a credential that was somebody else's and is gone may live, until "
            f"{others.until.isoformat(timespec='seconds')}"
        )
    return None


def _after(clients: Clients, desired: Desired, restriction: Restriction, others: Finding) -> Restriction:
    if not others.foreign:
        return restriction
    given = tuple(step for step in restriction.change.steps if isinstance(step, Assign))
    steps = (*restriction.change.steps, *take_back(clients, desired, restriction))
    after = {**restriction.change.after, "roles": restriction.change.before.get("roles", [])}
    change: Change[Step] = Change(restriction.change.before, after, steps)
    return replace(restriction, change=change, withheld=given, waiting=_reason(others), fingerprint=None)


def with_known(desired: Desired, store: SecretStore, tenant_id: str) -> Desired:
    """With the group and the mailbox that the store knows under these names."""
    group, sender = store.group(tenant_id, desired.unique_name), store.sender(tenant_id, desired.unique_name)
    same_group = group is not None and group.name.lower() == desired.group.lower()
    same_sender = sender is not None and sender.address == (desired.sender or "").lower()
    return replace(
        desired,
        known_group=group.guid if group and same_group else None,
        policy_asked=group.policy_asked if group and same_group else None,
        known_sender=sender.guid if sender and same_sender else None,
    )


def note_sender(store: SecretStore, tenant_id: str, desired: Desired, restriction: Restriction) -> None:
    if desired.sender and restriction.sender_guid:
        sender = StoredSender(desired.sender.lower(), restriction.sender_guid)
        store.note_sender(tenant_id, desired.unique_name, sender)


def forget_policy(store: SecretStore, tenant_id: str, desired: Desired, restriction: Restriction) -> None:
    """The one that Exchange did not show, since it has."""
    if desired.policy_asked is not None and restriction.unseen_policy is None and desired.known_group is not None:
        store.note_group(tenant_id, desired.unique_name, StoredGroup(desired.group, desired.known_group))


def _note_group(store: SecretStore | None, tenant: Tenant, desired: Desired, restriction: Restriction) -> None:
    if store is not None and desired.group:
        guid = restriction.group_guid
        group = StoredGroup(desired.group, guid, restriction.unseen_policy) if guid else None
        store.note_group(tenant.directory_id, desired.unique_name, group)


def _read_ahead(clients: Clients, desired: Desired) -> None:
    """In one batch each what is read one by one otherwise."""
    clients.graph.read_ahead(located_reads(desired.unique_name, desired.client_id))
    app_ids = [desired.client_id] if desired.client_id else []
    clients.exchange.read_ahead(reads_ahead(app_ids, [desired.group] if desired.group else [], recipients_of(desired)))


def _may_be_left(call: Call, error: ConnectorError) -> bool:
    """A tenant without Exchange Online has nothing in it that matters. Otherwise only the roles are no reason to stop:
    they give nothing to an application that is gone, and what restricts is looked for later."""
    return call.params["store"] is not None and (error.code == NO_EXCHANGE or call.params["only_roles"])


def _absent(call: Call, tenant: Tenant, clients: Clients, desired: Desired) -> Outcome:
    only_roles = call.params["only_roles"]
    if not only_roles:  # which gave, and restrict nothing
        require_removal(tenant.clock.stops_removal)
    if call.params["store"] is None:
        actual = read(clients, desired)
        change = plan_absent(actual, desired, only_roles=only_roles)
        if not call.check_mode:
            apply_absent(clients, desired, actual, change)
        return Outcome({**_NOTHING, "kept": list(kept(actual, desired))}, change)
    store, place = open_store(call.params["store"], call.vault), (tenant.directory_id, desired.unique_name)
    client_id = require_client_id(desired.client_id, store, *place)
    known = located_absent(desired, store, tenant.directory_id, client_id)
    actual = read_absent(clients, known.desired, known.principal_id)
    change = plan_absent(actual, known.desired, only_roles=only_roles)
    if change.changed and not call.check_mode:
        apply_absent(clients, known.desired, actual, change)
        await_visible(
            lambda: (
                not plan_absent(
                    read_absent(clients, known.desired, known.principal_id), known.desired, only_roles=only_roles
                ).changed
            ),
            what="The removal of the restriction",
            times=1,
        )
        if any(isinstance(step, RemoveGroup) for step in change.steps):
            store.note_group(*place, None)
    return Outcome({**_NOTHING, "kept": list(kept(actual, known.desired))}, change)


class Located(t.NamedTuple):
    """What is asked for of a registration that may be gone, and the object id that its service principal had."""

    desired: Desired
    principal_id: str | None


def located_absent(desired: Desired, store: SecretStore, tenant_id: str, client_id: str) -> Located:
    """Only the group that the store knows, whatever carries its name."""
    group, noted = store.group(tenant_id, desired.unique_name), store.offboarding(tenant_id, desired.unique_name)
    ours = replace(desired, mode="none", group="", client_id=client_id, known_group=group.guid if group else None)
    return Located(ours, noted.ids.get("service_principal") if noted else None)


def is_optional(error: ConnectorError, desired: Desired) -> bool:
    """Whether Exchange told nothing, whatever the reason, and nothing shall be restricted there."""
    told_nothing = error.trace.status is not None or isinstance(error, EndpointError | ExchangeRightError)
    return desired.mode == "none" and (told_nothing or isinstance(error, NoExchangeError))


def unread(error: ConnectorError) -> tuple[str, ...]:
    """Without a right in Exchange, or an answer of it, nothing can be restricted there."""
    return (f"Whether an earlier restriction is left over in Exchange is not known: {error.message}",)


_NOTHING: dict[str, t.Any] = {
    "state": "unrestricted",
    "mode": "none",
    "group": None,
    "waiting": None,
    "hold": [],
    "since": None,
    "try_again_at": None,
    "leftover": [],
    "withheld": [],
    "foreign": [],
    "fingerprint": "unrestricted",
    "kept": [],
}


def _values(desired: Desired, restriction: Restriction) -> dict[str, t.Any]:
    if desired.mode == "none":
        return {**_NOTHING, "leftover": list(restriction.leftover), "fingerprint": restriction.fingerprint}
    since = restriction.since
    return {
        "state": "waiting_for_exchange" if restriction.waiting else "restricted",
        "mode": desired.mode,
        "group": desired.group,
        "waiting": restriction.waiting,
        "hold": list(desired.permissions if restriction.waiting else restriction.hold),
        "since": since and since.isoformat(timespec="seconds"),
        "try_again_at": since and (since + desired.delay).isoformat(timespec="seconds"),
        "leftover": list(restriction.leftover),
        "fingerprint": restriction.fingerprint,
        "kept": [],
    }


def _desired(params: t.Mapping[str, t.Any]) -> Desired:
    desired = Desired.from_params(params, params["permissions"], proven=params["proven"])
    if params["state"] == "present":
        return desired
    return replace(desired, mode="none", group=params["group"] or "")
