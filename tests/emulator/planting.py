# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the seed of one tenant into its directory, the same way each time."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha1
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emulator.clock import StoppedClock, parse_stamp, stamp
from emulator.graph.store import applications, consent, directory_roles, grants, passwords, portal, templates
from emulator.graph.store.directory import Directory
from emulator.graph.store.ids import RANDOM, DerivedIds
from emulator.graph.store.records import Body, Kind, Record
from emulator.graph.store.resources import EXCHANGE, GRAPH, resource_body, resources
from emulator.graph.store.templates import FEDERATED

Spec = Mapping[str, Any]

SEEDED_AT = "2024-01-02T03:04:05Z"


def plant(directory: Directory, spec: Spec, now: datetime) -> None:
    """`now` is when the seed was sown: planting may come much later, and secrets must expire all the same."""
    clock, directory.clock = directory.clock, StoppedClock(parse_stamp(SEEDED_AT))
    try:
        _plant(directory, spec, now)
    finally:
        directory.clock = clock


def _plant(directory: Directory, spec: Spec, now: datetime) -> None:
    for user in spec.get("users", ()):
        directory.add(Kind.USER, _user_body(directory.tenant_id, user), settled=True)
    for app_id in resources():
        # Without Exchange its service principal is unknown, hence a token for it refused (AADSTS500011).
        if app_id != EXCHANGE or spec.get("exchange") is not False:
            directory.add(Kind.SERVICE_PRINCIPAL, resource_body(directory.tenant_id, app_id), settled=True)
    if "automation" in spec:
        _plant_automation(directory, spec["automation"], now)
    for number, wish in enumerate(spec.get("applications", ())):
        portal.register(directory, wish, DerivedIds(directory.tenant_id, "applications", str(number)))


def _user_body(tenant_id: str, user: Spec) -> Body:
    upn = user["upn"]
    nickname = upn.partition("@")[0]
    has_mailbox = user.get("mailbox", True)
    return {
        **templates.USER,
        **templates.USER_ON_REQUEST,
        "id": user.get("id", DerivedIds(tenant_id, "users").object_id(upn.lower())).lower(),
        "displayName": user.get("display_name", nickname),
        "mail": upn if has_mailbox else None,
        "mailNickname": nickname,
        "proxyAddresses": [f"SMTP:{upn}"] if has_mailbox else [],
        "userPrincipalName": upn,
        "createdDateTime": SEEDED_AT,
    }


def _plant_automation(directory: Directory, automation: Spec, now: datetime) -> None:
    client_id = automation["client_id"].lower()
    ids = DerivedIds(directory.tenant_id, client_id)
    wanted = {
        "id": ids.object_id("application"),
        "appId": client_id,
        "displayName": automation.get("display_name", "Automation"),
        "requiredResourceAccess": list(_wanted_access(automation)),
    }
    application = applications.create(directory, wanted, settled=True)
    principal = consent.ensure_service_principal(directory, application, ids)
    _plant_credentials(directory, application, automation, now)
    consent.consent(directory, application, ids=ids)
    for name in automation.get("directory_roles", ()):
        directory_roles.assign(directory, principal.id, directory_roles.ROLES[name], settled_id=ids.grant_id(name))


def _wanted_access(automation: Spec) -> list[Body]:
    access = [portal.graph_permissions(automation.get("roles", ()), automation.get("scopes", ()))]
    known = resources()[EXCHANGE]
    exchange = [{"id": known.roles[name], "type": "Role"} for name in automation.get("exchange_roles", ())]
    exchange += [{"id": known.scopes[name], "type": "Scope"} for name in automation.get("exchange_scopes", ())]
    if exchange:
        access.append({"resourceAppId": EXCHANGE, "resourceAccess": exchange})
    return [entry for entry in access if entry["resourceAccess"]]


def _plant_credentials(directory: Directory, application: Record, automation: Spec, now: datetime) -> None:
    ids = DerivedIds(directory.tenant_id, automation["client_id"])
    if "secret" in automation:
        end = now + timedelta(days=-1 if automation.get("secret_expired") else 700)
        credential = passwords.seeded(automation["secret"], ids.object_id("secret"), now - timedelta(days=30), end)
        passwords.store(directory, application, credential, automation["secret"], settled=True)
    if "certificate_pem" in automation:
        certificate = x509.load_pem_x509_certificate(automation["certificate_pem"].encode())
        add_certificate(directory, application, certificate, ids.object_id("certificate"))
    for credential in automation.get(FEDERATED, ()):
        portal.federate(directory, application, credential, ids.object_id(f"{FEDERATED}/{credential['name']}"))


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
            grants.assign(directory, principal, resource=graph, role_id=role_id, settled_id=RANDOM.grant_id())
