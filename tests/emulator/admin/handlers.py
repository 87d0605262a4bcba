# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin door: what tests and demonstrations do to the world from outside, and what they see of it."""

from __future__ import annotations

from typing import Any

from emulator.admin.errors import AdminError
from emulator.admin.snapshots import snapshot_of
from emulator.admin.store import Wanted
from emulator.call import Answer, Body, Call
from emulator.clock import stamp
from emulator.graph.store import consent, directory_roles, portal
from emulator.graph.store.conflicts import Conflict
from emulator.graph.store.ids import DerivedIds
from emulator.graph.store.policy import inherits, policy_body
from emulator.graph.store.records import Kind, Record
from emulator.identity import tokens
from emulator.identity.people import Person
from emulator.lag import Lag
from emulator.planting import set_graph_roles
from emulator.platform.store import Platform
from emulator.seed import BadSeed, check_part, check_seed
from emulator.world import Tenant


def reset(call: Call) -> Answer:
    call.world.reset()
    return tenants(call)


def seed(call: Call) -> Answer:
    try:
        document = check_seed(checked("seed", call.json()))
    except BadSeed as error:
        raise AdminError(400, str(error)) from error
    return Answer(200, {"tenants": [_tenant_line(tenant) for tenant in call.world.add(document)]})


def tenants(call: Call) -> Answer:
    return Answer(200, {"tenants": [_tenant_line(tenant) for tenant in call.world.tenants()]})


def _tenant_line(tenant: Tenant) -> Body:
    return {"id": tenant.id, "display_name": tenant.display_name, "domains": tenant.domains, "cloud": tenant.cloud}


def snapshot(call: Call) -> Answer:
    return Answer(200, snapshot_of(find_tenant(call)))


def issued(call: Call) -> Answer:
    return Answer(200, call.world.issued.lists())


def requests(call: Call) -> Answer:
    name = call.query.get("tenant", "")
    tenant = call.world.tenant(name) if name else None
    wanted = Wanted(_after(call, 0), tenant.id if tenant else name, call.query.get("service", ""))
    journal = call.world.journal
    return Answer(200, {"requests": [entry.shown() for entry in journal.entries(wanted)], "last": journal.last_number})


def refusals(call: Call) -> Answer:
    return Answer(200, {"refusals": list(call.world.journal.refusals())})


def _after(call: Call, default: int) -> int:
    after = call.query.get("after")
    if after is not None and not after.isdecimal():
        raise AdminError(400, "after: not a request number")
    return default if after is None else int(after)


def reach(call: Call) -> Answer:
    """Looks once more first: what is enforced changes with time alone. Before any request, the number is 0."""
    tenant, after = find_tenant(call), _after(call, -1)
    tenant.look_at_reach(call.world.journal.last_number)
    return Answer(200, {"reach": [entry for entry in tenant.reach.entries if entry["number"] > after]})


def clear_requests(call: Call) -> Answer:
    call.world.journal.clear()
    for tenant in call.world.tenants():
        tenant.reach.entries.clear()
    return Answer(204)


def settings(call: Call) -> Answer:
    wanted, world = checked("settings", call.json()), call.world
    if "lag" in wanted:
        world.lag = Lag.parse(wanted["lag"])
    if "record_bodies" in wanted:
        world.journal.record_bodies = wanted["record_bodies"]
    world.latency_ms = wanted.get("latency_ms", world.latency_ms)
    lag = {"reads": world.lag.reads, "seconds": world.lag.seconds}
    return Answer(200, {"lag": lag, "record_bodies": world.journal.record_bodies, "latency_ms": world.latency_ms})


def change_tenant(call: Call) -> Answer:
    tenant, wanted = find_tenant(call), checked("tenant_change", call.json())
    if "lag" in wanted:
        tenant.lag = None if wanted["lag"] is None else Lag.parse(wanted["lag"])
    if "policy" in wanted:
        tenant.directory.policy = policy_body(wanted["policy"])
        tenant.directory.unsaid_inherited = inherits(wanted["policy"])
    if "roles" in wanted:
        set_graph_roles(tenant.directory, _automation(tenant), _known_roles(wanted["roles"]))
    if "directory_roles" in wanted:
        directory_roles.set_roles(tenant.directory, _automation(tenant).id, wanted["directory_roles"])
    _mind_exchange(tenant, wanted)
    return Answer(200, _tenant_line(tenant))


def _automation(tenant: Tenant) -> Record:
    client_id = tenant.spec.get("automation", {}).get("client_id", "")
    principal = tenant.directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", client_id)
    if principal is None:
        raise AdminError(400, "the tenant has no automation")
    return principal


def _mind_exchange(tenant: Tenant, wanted: Body) -> None:
    asked = wanted.keys() & {"language", "refusals", "enforcement", "sync"}
    if not asked:
        return
    org = tenant.exchange
    if org is None:
        raise AdminError(400, f"{', '.join(sorted(asked))}: the tenant has no Exchange")
    org.language = wanted.get("language", org.language)
    org.refusals = wanted.get("refusals", org.refusals)
    if "enforcement" in wanted:
        org.enforcement_seconds = wanted["enforcement"]["seconds"]
    if "sync" in wanted:
        org.sync_attempts, org.sync_seconds = wanted["sync"].get("attempts", 0), wanted["sync"].get("seconds", 0.0)


def portal_application(call: Call) -> Answer:
    tenant, wish = find_tenant(call), checked("application", call.json())
    try:
        record = portal.register(tenant.directory, wish)
    except (portal.UnknownName, Conflict) as error:
        raise AdminError(400, str(error)) from error
    call.world.issued.expect_secrets_of(wish)
    return Answer(201, record.true.body)


def consent_to(call: Call) -> Answer:
    tenant, wanted = find_tenant(call), checked("consent", call.json())
    application = tenant.directory.find_live(Kind.APPLICATION, "appId", wanted["appId"])
    if application is None:
        raise AdminError(404, f"no application {wanted['appId']} in this tenant")
    consent.consent(tenant.directory, application)
    return Answer(204)


def token(call: Call) -> Answer:
    """For a pretend administrator, so that a test can cause drift through Graph itself."""
    tenant, wanted = find_tenant(call), checked("token", call.json())
    claims = _administrator_claims(tenant, _known_roles(wanted["roles"]))
    return Answer(200, {"access_token": tokens.issue(call, tenant, tokens.GRAPH_AUDIENCE, claims)})


def platform(call: Call) -> Answer:
    """The machine that programs run on, from now on."""
    wanted = checked("platform", call.json())
    call.world.platform = Platform.parse(wanted)
    for name in ("github", "azure_pipelines"):
        call.world.issued.expect_secret(wanted.get(name, {}).get("token"))
    call.world.issued.expect_secret(wanted.get("identity_header"))
    return Answer(204)


def person(call: Call) -> Answer:
    """An administrator, at home in one tenant and with directory roles in some."""
    found = call.world.people.add(checked("person", call.json()))
    return Answer(200, {"id": found.id})


def refresh_token(call: Call) -> Answer:
    """What an administrator holds who has signed in before."""
    wanted = checked("refresh_token", call.json())
    found = _person(call, wanted["upn"])
    text = call.world.people.hand_out(found, wanted["client_id"], call.now())
    return Answer(200, {"refresh_token": call.world.issued.token(text)})


def revoke(call: Call) -> Answer:
    """A new password: whatever was handed out before is void."""
    _person(call, checked("revocation", call.json())["upn"]).revoked = call.now()
    return Answer(204)


def _person(call: Call, upn: str) -> Person:
    found = call.world.people.by_name.get(upn.lower())
    if found is None:
        raise AdminError(404, f"nobody is called {upn}")
    return found


def issuer_token(call: Call) -> Answer:
    """What a cluster or a pipeline gives to the programs that run in it."""
    wanted = checked("issuer_token", call.json())
    audience, lifetime = wanted.get("audience", portal.AUDIENCE), wanted.get("lifetime", 3600)
    text = tokens.of_issuer(call, wanted["issuer"], wanted["subject"], audience, lifetime)
    return Answer(200, {"token": text})


def _administrator_claims(tenant: Tenant, roles: list[str]) -> dict[str, Any]:
    """No object of the directory, so it owns nothing."""
    ids = DerivedIds(tenant.id, "administrator")
    names = {name: ids.object_id(name) for name in ("appid", "oid")}
    return {**names, "app_displayname": "administrator", "roles": roles}


def clock(call: Call) -> Answer:
    if call.method == "POST":
        call.world.clock.advance(checked("clock", call.json())["advance_seconds"])
    return Answer(200, {"now": stamp(call.world.clock.now())})


def find_tenant(call: Call) -> Tenant:
    tenant = call.world.tenant(call.params["tenant"])
    if tenant is None:
        raise AdminError(404, f"no tenant {call.params['tenant']}")
    call.tenant = tenant
    return tenant


def checked(part: str, body: Body) -> Body:
    try:
        check_part(part, body)
    except BadSeed as error:
        raise AdminError(400, str(error)) from error
    return body


def _known_roles(roles: list[str]) -> list[str]:
    try:
        portal.graph_permissions(roles)
    except portal.UnknownName as error:
        raise AdminError(400, str(error)) from error
    return roles
