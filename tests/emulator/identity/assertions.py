# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client assertions: a JWT that the application has signed with the key of a registered certificate."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import timedelta
from hashlib import sha1, sha256
from itertools import pairwise
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
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


def is_jwt(assertion: str) -> bool:
    return bool(_header(assertion))


def names_certificate(assertion: str) -> bool:
    """Only who signs with the key of a certificate says which; other issuers' keys are found by `kid`."""
    return not _header(assertion).keys().isdisjoint({"x5t", "x5t#S256"}) and "kid" not in _header(assertion)


def check(
    call: Call,
    assertion: str,
    client_id: str,
    registered: Iterable[x509.Certificate],
    trusted: Mapping[str, str] | None = None,
) -> None:
    """Raises unless the assertion is signed by one of the certificates and made for this sign-in.

    `trusted`: `subject` and `issuer_pem`, where the application also trusts any certificate of that subject and issuer.
    """
    certificate = _signer(assertion, registered, trusted)
    if certificate.not_valid_after_utc < call.world.clock.now():
        raise SignInRefused(700027, "The key used is expired.")
    claims = _verified_claims(assertion, certificate)
    if not (claims.get("iss") == claims.get("sub") == client_id):
        raise SignInRefused(700021)
    _check_audience(call, claims)
    _check_times(call, claims)


def _header(assertion: str) -> dict[str, Any]:
    """Empty for what is no signed JWT."""
    try:
        return dict(jws.extract_compact(assertion.encode(), registry=_Registry(algorithms=ALGORITHMS)).headers())
    except (JoseError, ValueError):
        return {}


def _signer(
    assertion: str, registered: Iterable[x509.Certificate], trusted: Mapping[str, str] | None
) -> x509.Certificate:
    header = _header(assertion)
    if not header:
        raise SignInRefused(700027, "The assertion is not a signed JWT.")
    # msal pads its base64url, RFC 7515 does not; Microsoft takes both.
    named = {str(header.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256")}
    for certificate in registered:
        if _thumbprint(certificate, header) in named:
            return certificate
    if trusted is None:
        raise SignInRefused(700027, "The key was not found.")
    return _by_subject(header, trusted)


def _by_subject(header: dict[str, Any], trusted: Mapping[str, str]) -> x509.Certificate:
    """Subject name and issuer: the certificate comes along, with all between it and the trusted issuer."""
    try:
        sent = [x509.load_der_x509_certificate(base64.b64decode(entry)) for entry in header.get("x5c", ())]
    except ValueError as error:
        raise SignInRefused(700027, "The certificate chain cannot be read.") from error
    issuer = x509.load_pem_x509_certificate(trusted["issuer_pem"].encode())
    if not sent or not all(_has_issued(above, below) for below, above in pairwise([*sent, issuer]) if below != issuer):
        raise SignInRefused(700030, "The certificate chain does not end with the trusted issuer.")
    names = sent[0].subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    if [name.value for name in names] != [trusted["subject"]]:
        raise SignInRefused(700030, "The subject is not the trusted one.")
    if _thumbprint(sent[0], header) not in {str(header.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256")}:
        raise SignInRefused(700027, "The thumbprint is not the one of the certificate that was sent.")
    return sent[0]


def _has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


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
