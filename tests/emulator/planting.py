# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the seed of one tenant into its directory, the same way each time."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from hashlib import sha1
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emulator.clock import stamp
from emulator.graph.store import applications, consent, grants, passwords, portal, templates
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Body, Kind, Record
from emulator.graph.store.resources import EXCHANGE, GRAPH, resource_body, resources

Spec = Mapping[str, Any]

SEEDED_AT = "2024-01-02T03:04:05Z"


def derived_id(*origin: str) -> str:
    """Ids that a seed leaves out: the same seed always gives the same world."""
    return str(uuid5(NAMESPACE_URL, "/".join(("emulator", *origin)).lower()))


def plant(directory: Directory, spec: Spec) -> None:
    for user in spec.get("users", ()):
        directory.add(Kind.USER, _user_body(directory.tenant_id, user), settled=True)
    for app_id in resources():
        directory.add(Kind.SERVICE_PRINCIPAL, resource_body(directory.tenant_id, app_id), settled=True)
    if "automation" in spec:
        _plant_automation(directory, spec["automation"])
    for number, wish in enumerate(spec.get("applications", ())):
        record = portal.register(directory, wish, partial(_made_id, directory.tenant_id, str(number)))
        directory.change(record, {"createdDateTime": SEEDED_AT}, settled=True)


def _made_id(tenant_id: str, number: str, what: str) -> str:
    """Grants want opaque ids, everything else GUIDs; a grant's origin is built of ids and slashes only."""
    is_grant = what.count("/") == 2
    origin = (tenant_id, "applications", number, what)
    return grants.opaque_id("/".join(origin)) if is_grant else derived_id(*origin)


def _user_body(tenant_id: str, user: Spec) -> Body:
    upn = user["upn"]
    nickname = upn.partition("@")[0]
    has_mailbox = user.get("mailbox", True)
    return {
        **templates.USER,
        **templates.USER_ON_REQUEST,
        "id": user.get("id", derived_id(tenant_id, "user", upn)).lower(),
        "displayName": user.get("display_name", nickname),
        "mail": upn if has_mailbox else None,
        "mailNickname": nickname,
        "proxyAddresses": [f"SMTP:{upn}"] if has_mailbox else [],
        "userPrincipalName": upn,
        "createdDateTime": SEEDED_AT,
    }


def _plant_automation(directory: Directory, automation: Spec) -> None:
    client_id = automation["client_id"].lower()
    wanted = {
        "id": derived_id(directory.tenant_id, client_id, "application"),
        "appId": client_id,
        "createdDateTime": SEEDED_AT,
        "displayName": automation.get("display_name", "Automation"),
        "requiredResourceAccess": list(_wanted_access(automation)),
    }
    application = applications.create(directory, wanted, settled=True)
    principal_id = derived_id(directory.tenant_id, client_id, "servicePrincipal")
    consent.ensure_service_principal(directory, application, principal_id)
    _plant_credentials(directory, application, automation)
    consent.consent(directory, application, make_id=grants.opaque_id)


def _wanted_access(automation: Spec) -> list[Body]:
    access = [portal.graph_permissions(automation.get("roles", ()))]
    exchange = [
        {"id": resources()[EXCHANGE].roles[name], "type": "Role"} for name in automation.get("exchange_roles", ())
    ]
    if exchange:
        access.append({"resourceAppId": EXCHANGE, "resourceAccess": exchange})
    return [entry for entry in access if entry["resourceAccess"]]


def _plant_credentials(directory: Directory, application: Record, automation: Spec) -> None:
    now = directory.clock.now()
    if "secret" in automation:
        end = now + timedelta(days=-1 if automation.get("secret_expired") else 700)
        key_id = derived_id(directory.tenant_id, automation["client_id"], "secret")
        credential = passwords.seeded(automation["secret"], key_id, now - timedelta(days=30), end)
        passwords.store(directory, application, credential, automation["secret"], settled=True)
    if "certificate_pem" in automation:
        certificate = x509.load_pem_x509_certificate(automation["certificate_pem"].encode())
        key_id = derived_id(directory.tenant_id, automation["client_id"], "certificate")
        add_certificate(directory, application, certificate, key_id)


def add_certificate(directory: Directory, application: Record, certificate: x509.Certificate, key_id: str) -> None:
    der = certificate.public_bytes(Encoding.DER)
    directory.certificates[key_id] = der
    credential: Body = {
        "customKeyIdentifier": b64encode(sha1(der, usedforsecurity=False).digest()).decode(),
        "displayName": certificate.subject.rfc4514_string(),
        "endDateTime": stamp(certificate.not_valid_after_utc),
        "key": None,
        "keyId": key_id,
        "startDateTime": stamp(certificate.not_valid_before_utc),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }
    directory.change(application, {"keyCredentials": [credential]}, settled=True)


def set_graph_roles(directory: Directory, principal: Record, roles: list[str]) -> None:
    """What an administrator changes at the automation's own rights; seen by everybody at once."""
    graph = directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", GRAPH)
    if graph is None:
        return
    wanted = {item["id"] for item in portal.graph_permissions(roles)["resourceAccess"]}
    for record in list(grants.of_service_principal(directory, principal.id)):
        body = record.true.body
        if record.kind is Kind.ROLE_ASSIGNMENT and body["resourceId"] == graph.id and body["appRoleId"] not in wanted:
            grants.revoke(directory, record, settled=True)
    for role_id in wanted:
        if grants.find_assignment(directory, principal.id, graph.id, role_id) is None:
            grants.assign(directory, principal, graph, role_id, settled=True)
