# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signing key, what was given out, and which credentials an application may sign in with. Knows nothing of HTTP."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cryptography import x509
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from emulator.clock import parse_stamp
from emulator.graph.store.directory import SignIns
from emulator.graph.store.records import Body, Kind, Record

if TYPE_CHECKING:
    from emulator.graph.store.directory import Directory

Claims = Mapping[str, Any]

ALGORITHM = "RS256"


class SigningKey:
    """Made on first use. What it has signed it remembers, so that no token need be verified with every request."""

    def __init__(self) -> None:
        self._signed: dict[str, Claims] = {}

    @cached_property
    def _key(self) -> RSAKey:
        return RSAKey.generate_key(2048, {"use": "sig", "alg": ALGORITHM}, private=True, auto_kid=True)

    def sign(self, claims: Claims) -> str:
        header = {"typ": "JWT", "alg": ALGORITHM, "kid": self._key.kid, "x5t": self._key.kid}
        token = jwt.encode(header, dict(claims), self._key, [ALGORITHM])
        self._signed[token] = claims
        return token

    def claims(self, token: str) -> Claims | None:
        """Of a token that this key has signed; None for any other. Whether it still holds is for the caller."""
        return self._signed.get(token)

    def public_keys(self) -> Body:
        return dict(KeySet([self._key]).as_dict(private=False))


class Issuers(SigningKey):
    """Everybody else whose tokens may stand in for a client secret: pipelines, clusters. One key serves them all."""


class Issued:
    """Every secret and token ever given out, so that tests can search outputs for them."""

    def __init__(self) -> None:
        self._secrets: dict[str, None] = {}
        self._tokens: dict[str, None] = {}

    def expect_secret(self, text: str | None) -> None:
        if text is not None:
            self._secrets[text] = None

    def expect_secrets_of(self, application: Mapping[str, Any]) -> None:
        """Of an application as a seed or the portal has it, and of its service principal."""
        for part in (application, application.get("servicePrincipal", {})):
            for credential in part.get("passwordCredentials", ()):
                self.expect_secret(credential.get("secretText"))

    def token(self, text: str) -> str:
        self._tokens[text] = None
        return text

    def lists(self) -> dict[str, list[str]]:
        return {"secrets": list(self._secrets), "tokens": list(self._tokens)}


class SecretState(Enum):
    VALID = auto()
    WRONG = auto()
    EXPIRED = auto()


def check_secret(directory: Directory, application: Body, text: str) -> SecretState:
    """Against the credentials that this reader may see: a secret just added is as good as wrong for a while."""
    now = directory.clock.now()
    state = SecretState.WRONG
    for credential in application["passwordCredentials"]:
        if not hmac.compare_digest(directory.secrets.get(credential["keyId"], "").encode(), text.encode()):
            continue
        if now >= parse_stamp(credential["endDateTime"]):
            state = SecretState.EXPIRED
        elif now >= parse_stamp(credential["startDateTime"]):
            return SecretState.VALID
    return state


def note_sign_in(directory: Directory, client_id: str, text: str) -> None:
    """For the report by key id."""
    for key_id, value in directory.secrets.items():
        if hmac.compare_digest(value.encode(), text.encode()):
            directory.sign_ins.setdefault(key_id, SignIns(client_id)).times.append(directory.clock.now())


def certificates(directory: Directory, application: Body) -> Iterator[x509.Certificate]:
    for credential in application["keyCredentials"]:
        der = directory.certificates.get(credential["keyId"])
        if der is not None:
            yield x509.load_der_x509_certificate(der)


def find_resource(directory: Directory, name: str) -> Record | None:
    """A resource is named by its app id or one of its service principal names."""
    wanted = name.rstrip("/").lower()
    for record in directory.records(Kind.SERVICE_PRINCIPAL):
        names = record.true.body["servicePrincipalNames"]
        if record.true.live and wanted in (known.rstrip("/").lower() for known in names):
            return record
    return None


def granted_roles(directory: Directory, principal: Record, resource: Record) -> list[str]:
    """Names of the app roles that readers already see granted."""
    values = {role["id"]: role["value"] for role in resource.true.body["appRoles"]}
    return [values[role_id] for role_id in _granted_ids(directory, principal.id, resource.id) if role_id in values]


def _granted_ids(directory: Directory, principal_id: str, resource_id: str) -> Iterator[str]:
    for record in directory.records(Kind.ROLE_ASSIGNMENT):
        body = record.true.body
        if (body["principalId"], body["resourceId"]) == (principal_id, resource_id) and directory.read(record).live:
            yield body["appRoleId"]
