# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client assertions: a JWT that the application has signed with the key of a registered certificate."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha1, sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from emulator.call import Call
from emulator.identity.errors import SignInRefused

ALGORITHMS = ["RS256", "PS256"]
SKEW = timedelta(minutes=5)
LOGIN_HOSTS = (
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.windows.net",
)


class _Registry(jws.JWSRegistry):
    """msal sends the certificate itself along (x5c), far beyond the library's limit for headers."""

    max_header_length = 16_384


def check(call: Call, assertion: str, client_id: str, registered: Iterable[x509.Certificate]) -> None:
    """Raises unless the assertion is signed by one of the certificates and made for this sign-in."""
    certificate = _signer(assertion, registered)
    if certificate.not_valid_after_utc < call.world.clock.now():
        raise SignInRefused(700027, "The key used is expired.")
    claims = _verified_claims(assertion, certificate)
    if not (claims.get("iss") == claims.get("sub") == client_id):
        raise SignInRefused(700021)
    _check_audience(call, claims)
    _check_times(call, claims)


def _signer(assertion: str, registered: Iterable[x509.Certificate]) -> x509.Certificate:
    try:
        header = jws.extract_compact(assertion.encode(), registry=_Registry(algorithms=ALGORITHMS)).headers()
    except (JoseError, ValueError) as error:
        raise SignInRefused(700027, "The assertion is not a signed JWT.") from error
    # msal pads its base64url, RFC 7515 does not; Microsoft takes both.
    named = {str(header.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256")}
    for certificate in registered:
        if _thumbprint(certificate, header) in named:
            return certificate
    raise SignInRefused(700027, "The key was not found.")


def _thumbprint(certificate: x509.Certificate, header: dict[str, Any]) -> str:
    der = certificate.public_bytes(Encoding.DER)
    digest = sha256(der) if "x5t#S256" in header else sha1(der, usedforsecurity=False)
    return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def _verified_claims(assertion: str, certificate: x509.Certificate) -> dict[str, Any]:
    pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        return dict(
            jwt.decode(assertion, RSAKey.import_key(pem), ALGORITHMS, registry=_Registry(algorithms=ALGORITHMS)).claims
        )
    except (JoseError, ValueError) as error:
        raise SignInRefused(700027, "The key used does not match the signature.") from error


def _check_audience(call: Call, claims: dict[str, Any]) -> None:
    assert call.tenant is not None
    hosts = (call.origin, *(f"https://{host}" for host in LOGIN_HOSTS))
    names = (call.tenant.id, *call.tenant.domains)
    ends = ("oauth2/v2.0/token", "oauth2/token", "v2.0")
    accepted = {f"{host}/{name}/{end}".lower() for host in hosts for name in names for end in ends}
    if str(claims.get("aud", "")).lower() not in accepted:
        raise SignInRefused(700023)


def _check_times(call: Call, claims: dict[str, Any]) -> None:
    now = call.now()
    earliest, latest = (now - SKEW).timestamp(), (now + SKEW).timestamp()
    if not isinstance(claims.get("exp"), int | float) or claims["exp"] < earliest or claims.get("nbf", 0) > latest:
        raise SignInRefused(700024)
