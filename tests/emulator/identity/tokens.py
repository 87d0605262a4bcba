# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token endpoint's work: who signs in, with what, for which resource, and what the token then says."""

from __future__ import annotations

import secrets
from typing import Any

from emulator.call import Call
from emulator.graph.store import federated
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Body, Kind, Record
from emulator.graph.store.resources import GRAPH
from emulator.identity import assertions, federation
from emulator.identity.errors import SignInRefused
from emulator.identity.store import (
    SecretState,
    certificates,
    check_secret,
    find_resource,
    granted_roles,
    note_sign_in,
)
from emulator.platform.store import Identity
from emulator.world import Tenant

LIFETIME = 3599
GRAPH_AUDIENCE = "https://graph.microsoft.com"
CREDENTIALS = ("passwordCredentials", "keyCredentials")
DISABLED_BY_MICROSOFT = "DisabledDueToViolationOfServicesAgreement"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def client_credentials(call: Call, tenant: Tenant, form: dict[str, str]) -> str:
    client_id, scope = required(form, "client_id").lower(), required(form, "scope")
    audience = audience_of(scope)
    check_credential(call, tenant.directory, client_id, form)
    if form.get("client_secret"):
        note_sign_in(tenant.directory, client_id, form["client_secret"])
    return _app_only(call, tenant, client_id, audience)


def check_credential(call: Call, directory: Directory, client_id: str, form: dict[str, str]) -> None:
    application = _seen_application(directory, client_id)
    _check_credential(call, directory, _with_principals_credentials(directory, application), form)


def managed_identity(call: Call, tenant: Tenant, client_id: str, resource: str) -> str:
    """Nobody shows a credential: who asks is the machine itself."""
    return _app_only(call, tenant, client_id.lower(), resource.rstrip("/").lower())


def of_identity(call: Call, identity: Identity, audience: str) -> str:
    """What a managed identity shows in the place of an application's secret: a version 2 token of its tenant's."""
    now = int(call.now().timestamp())
    claims: dict[str, Any] = {
        "iss": f"https://login.microsoftonline.com/{identity.tenant}/v2.0",
        "sub": identity.principal_id,
    }
    claims |= {"aud": audience, "oid": identity.principal_id, "azp": identity.client_id, "tid": identity.tenant}
    claims |= {"iat": now, "nbf": now, "exp": now + LIFETIME, "ver": "2.0"}
    return call.world.issued.token(call.world.signing_key.sign(claims))


def _app_only(call: Call, tenant: Tenant, client_id: str, audience: str) -> str:
    application = _seen_application(tenant.directory, client_id)
    principal = _service_principal(tenant.directory, client_id)
    _require_enabled(application, principal.true.body)
    # This emulator's own origin is another name of Graph.
    own = audience == call.origin.lower()
    resource = find_resource(tenant.directory, GRAPH if own else audience)
    if resource is None:
        raise SignInRefused(500011, audience)
    if not resource.true.body["accountEnabled"]:
        raise SignInRefused(500014, audience)
    claims = {
        "appid": client_id,
        "oid": principal.id,
        "app_displayname": principal.true.body["displayName"],
        "roles": granted_roles(tenant.directory, principal, resource),
    }
    return issue(call, tenant, GRAPH_AUDIENCE if own else audience, claims)


def issue(call: Call, tenant: Tenant, audience: str, claims: dict[str, Any]) -> str:
    """Version 1 tokens, as Microsoft issues for Graph and Exchange; without granted roles there is no such claim."""
    now = int(call.now().timestamp())
    roles = claims.pop("roles")
    full = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant.id}/",
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "appidacr": "1",
        "azp": claims["appid"],
        "idtyp": "app",
        "sub": claims["oid"],
        "tid": tenant.id,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
        **claims,
        **({"roles": roles} if roles else {}),
    }
    return call.world.issued.token(call.world.signing_key.sign(full))


def of_issuer(call: Call, issuer: str, subject: str, audience: str, lifetime: int = LIFETIME) -> str:
    """A token of somebody else's, who is no part of Microsoft Entra."""
    now = int(call.now().timestamp())
    claims: dict[str, Any] = {"iss": issuer, "sub": subject, "aud": audience, "iat": now}
    claims |= {"nbf": min(now, now + lifetime)}
    claims |= {"exp": now + lifetime, "jti": secrets.token_urlsafe(16)}
    return call.world.issued.token(call.world.issuers.sign(claims))


def required(form: dict[str, str], name: str) -> str:
    if not form.get(name):
        raise SignInRefused(900144, name)
    return form[name]


def audience_of(scope: str) -> str:
    resource, found, rest = scope.strip().partition("/.default")
    if not found or rest or not resource:
        raise SignInRefused(1002012, scope)
    return resource.rstrip("/").lower()


def _seen_application(directory: Directory, client_id: str) -> Body:
    record = directory.find(Kind.APPLICATION, "appId", client_id)
    seen = directory.read(record) if record is not None else None
    if record is None or seen is None or not (seen.live and record.true.live):
        raise SignInRefused(700016, client_id)
    return seen.body


def _with_principals_credentials(directory: Directory, application: Body) -> Body:
    """Who signs in may use what sits on either object."""
    record = directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", application["appId"])
    principal = directory.peek(record).body if record is not None else {}
    both = {name: [*application[name], *principal.get(name, ())] for name in CREDENTIALS}
    return {**application, **both}


def _check_credential(call: Call, directory: Directory, application: Body, form: dict[str, str]) -> None:
    client_id = application["appId"]
    if form.get("client_secret"):
        state = check_secret(directory, application, form["client_secret"])
        if state is not SecretState.VALID:
            raise SignInRefused(7000222 if state is SecretState.EXPIRED else 7000215, client_id)
    elif form.get("client_assertion") and form.get("client_assertion_type") == ASSERTION_TYPE:
        _check_assertion(call, directory, application, form["client_assertion"])
    else:
        raise SignInRefused(7000218)


def _check_assertion(call: Call, directory: Directory, application: Body, assertion: str) -> None:
    """Signed by the application itself, or by somebody whom a federated credential of it names."""
    assert call.tenant is not None
    client_id = application["appId"]
    automation = call.tenant.spec.get("automation", {})
    own = automation if automation.get("client_id", "").lower() == client_id else {}
    if assertions.names_certificate(assertion) or not assertions.is_jwt(assertion):
        registered = certificates(directory, application)
        assertions.check(call, assertion, client_id, registered, own.get("trusted_subject"))
    else:
        home_tenant = own.get("home_tenant", call.tenant.id)
        federation.check(call, assertion, client_id, federated.of_body(application), home_tenant)


def _service_principal(directory: Directory, client_id: str) -> Record:
    record = directory.find(Kind.SERVICE_PRINCIPAL, "appId", client_id)
    if record is None or not (directory.read(record).live and record.true.live):
        raise SignInRefused(7000229, client_id)
    return record


def _require_enabled(application: Body, principal: Body) -> None:
    """That `isDisabled` yields the same code as a disabled service principal is a guess: Microsoft does not say."""
    by_microsoft = (application["disabledByMicrosoftStatus"], principal["disabledByMicrosoftStatus"])
    if application.get("isDisabled") or not principal["accountEnabled"] or DISABLED_BY_MICROSOFT in by_microsoft:
        raise SignInRefused(7000112, application["appId"])
