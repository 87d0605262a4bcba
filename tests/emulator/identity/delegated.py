# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of people: by a refresh token, and by a code that is typed into a browser."""

from __future__ import annotations

from emulator.call import Answer, Body, Call
from emulator.graph.store.directory import Directory
from emulator.graph.store.directory_roles import ROLES
from emulator.graph.store.records import Kind, Record
from emulator.graph.store.resources import GRAPH
from emulator.identity import tokens
from emulator.identity.errors import SignInRefused
from emulator.identity.people import CODE_SECONDS, INACTIVE, Held, Person
from emulator.identity.store import find_resource
from emulator.world import Tenant

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
# What msal adds to each wish.
OPENID = frozenset({"openid", "profile", "offline_access"})


def device_code(call: Call, tenant: Tenant) -> Answer:
    form = call.form()
    client_id, scope = tokens.required(form, "client_id").lower(), tokens.required(form, "scope")
    _resource_of(scope)
    _require_public(tenant, client_id)
    code, device = call.world.people.open_device(client_id, tenant.id, scope, call.now())
    call.world.issued.token(code)
    page = "https://microsoft.com/devicelogin"
    message = (
        f"To sign in, use a web browser to open the page {page} and enter the code {device.user_code} to authenticate."
    )
    body = {"user_code": device.user_code, "device_code": code, "verification_uri": page, "message": message}
    return Answer(200, {**body, "expires_in": CODE_SECONDS, "interval": 1})


def by_device_code(call: Call, tenant: Tenant, form: dict[str, str]) -> Body:
    """The first time nobody has typed it in yet."""
    device = call.world.people.devices.get(tokens.required(form, "device_code"))
    if device is None or (device.client_id, device.tenant) != (form.get("client_id", "").lower(), tenant.id):
        raise SignInRefused(70018)
    if call.now() >= device.ends:
        raise SignInRefused(70019)
    device.asked += 1
    person = call.world.people.at_the_browser()
    if person is None or device.asked == 1:
        raise SignInRefused(70016)
    if person.answer != "accept":
        raise SignInRefused(65004)
    return _tokens(call, tenant, person, device.client_id, device.scope)


def by_refresh_token(call: Call, tenant: Tenant, form: dict[str, str]) -> Body:
    """In any tenant that knows the person: refresh tokens are bound to a person and an application, not to a tenant."""
    held = call.world.people.refresh_tokens.get(tokens.required(form, "refresh_token"))
    client_id = tokens.required(form, "client_id").lower()
    if held is None or held.client_id != client_id:
        raise SignInRefused(9002313)
    _require_alive(call, held)
    _require_client(call, tenant, client_id, form)
    held.used = call.now()
    return _tokens(call, tenant, held.person, client_id, tokens.required(form, "scope"))


def _require_alive(call: Call, held: Held) -> None:
    if held.person.revoked is not None and held.issued <= held.person.revoked:
        raise SignInRefused(50173)
    if call.now() - held.used > INACTIVE:
        raise SignInRefused(700082)


def _require_client(call: Call, tenant: Tenant, client_id: str, form: dict[str, str]) -> None:
    """A confidential application shows its credential, a public one has none."""
    automation = tenant.spec.get("automation", {})
    if automation.get("client_id", "").lower() != client_id:
        return  # told with the token itself
    if automation.get("public_client"):
        return
    tokens.check_credential(call, tenant.directory, client_id, form)


def _require_public(tenant: Tenant, client_id: str) -> None:
    automation = tenant.spec.get("automation", {})
    if automation.get("client_id", "").lower() != client_id:
        raise SignInRefused(700016, client_id)
    if not automation.get("public_client"):
        raise SignInRefused(7000218)


def _tokens(call: Call, tenant: Tenant, person: Person, client_id: str, scope: str) -> Body:
    audience = _resource_of(scope)
    roles = person.roles.get(tenant.id, [])
    if not roles:
        raise SignInRefused(50020, person.upn)
    directory = tenant.directory
    principal = directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", client_id)
    if principal is None:
        raise SignInRefused(90099 if person.home != tenant.id else 700016, client_id)
    own = audience == call.origin.lower()
    resource = find_resource(directory, GRAPH if own else audience)
    if resource is None:
        raise SignInRefused(500011, audience)
    scopes = _granted(directory, principal, resource)
    if not scopes:
        raise SignInRefused(65001, client_id)
    claims = {
        "appid": client_id,
        "oid": person.id,
        "upn": person.upn,
        "idtyp": "user",
        "scp": " ".join(scopes),
        "wids": [ROLES[name] for name in roles],
        "roles": [],
    }
    access_token = tokens.issue(call, tenant, tokens.GRAPH_AUDIENCE if own else audience, claims)
    refresh_token = call.world.issued.token(call.world.people.hand_out(person, client_id, call.now()))
    lifetime = {"expires_in": tokens.LIFETIME, "ext_expires_in": tokens.LIFETIME}
    body = {"token_type": "Bearer", "scope": claims["scp"], **lifetime, "access_token": access_token}
    return {**body, "refresh_token": refresh_token} if "offline_access" in scope.split() else body


def _resource_of(scope: str) -> str:
    [*wanted] = [name for name in scope.split() if name not in OPENID]
    if len(wanted) != 1:
        raise SignInRefused(70011, scope)
    return tokens.audience_of(wanted[0])


def _granted(directory: Directory, principal: Record, resource: Record) -> list[str]:
    names: list[str] = []
    for record in directory.records(Kind.OAUTH_GRANT):
        body = record.true.body
        if record.true.live and (body["clientId"], body["resourceId"]) == (principal.id, resource.id):
            names += body["scope"].split()
    return sorted(set(names))
