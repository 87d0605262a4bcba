# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in with somebody else's token, and with a certificate that only subject and issuer are known of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from emulator.rig import LOGIN, SCOPE, Rig

CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
HOME = "99999999-0000-4000-8000-000000000009"
ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT = "repo:Contoso/fleet:environment:Production"
CREDENTIAL = {"name": "github", "issuer": ISSUER, "subject": SUBJECT}
ENTRA = {"name": "identity", "issuer": f"{LOGIN}/{HOME}/v2.0", "subject": "the-identity"}


def seed(rig: Rig, **automation: Any) -> None:
    tenant = {
        "id": rig.home,
        "domains": ["contoso.example"],
        "display_name": "Contoso",
        "automation": {"client_id": CLIENT_ID, **automation},
    }
    rig.admin.seed({"tenants": [tenant]})


def sign_in(rig: Rig, credential: Any) -> dict[str, Any]:
    """By Microsoft's own library."""
    application = msal.ConfidentialClientApplication(
        CLIENT_ID,
        client_credential=credential,
        authority=f"{LOGIN}/{rig.home}",
        http_client=rig.session,
        instance_discovery=False,
    )
    answer: dict[str, Any] = application.acquire_token_for_client([SCOPE])
    return answer


def with_token(rig: Rig, token: str) -> dict[str, Any]:
    return sign_in(rig, {"client_assertion": lambda: token})


def codes(answer: dict[str, Any]) -> list[int]:
    return list(answer.get("error_codes", ()))


def test_a_token_that_fits_letter_by_letter_signs_in(rig: Rig) -> None:
    seed(rig, federatedIdentityCredentials=[CREDENTIAL])

    assert "access_token" in with_token(rig, rig.admin.issuer_token(ISSUER, SUBJECT))


@pytest.mark.parametrize(
    ("presented", "code", "told"),
    [
        ({"issuer": f"{ISSUER}/"}, 700211, f"{ISSUER}/"),
        ({"subject": "repo:Contoso/fleet:environment:Test"}, 700213, "environment:Test"),
        ({"subject": SUBJECT.lower()}, 7002138, "case-insensitive"),
        ({"audience": "api://AzureADTokenExchangeChina"}, 700212, "api://AzureADTokenExchangeChina"),
        ({"lifetime": -600}, 700024, "time range"),
    ],
)
def test_a_token_that_does_not_fit(rig: Rig, presented: dict[str, Any], code: int, told: str) -> None:
    seed(rig, federatedIdentityCredentials=[CREDENTIAL])

    answer = with_token(rig, rig.admin.issuer_token(**{"issuer": ISSUER, "subject": SUBJECT, **presented}))

    assert codes(answer) == [code]
    assert told in answer["error_description"]


def test_a_token_that_nobody_known_has_signed(rig: Rig) -> None:
    seed(rig, federatedIdentityCredentials=[CREDENTIAL])
    head, body, signature = rig.admin.issuer_token(ISSUER, SUBJECT).split(".")

    assert codes(with_token(rig, f"{head}.{body}.{signature[::-1]}")) == [50013]


def test_an_application_without_federated_credentials(rig: Rig) -> None:
    seed(rig, secret="a-secret")

    assert codes(with_token(rig, rig.admin.issuer_token(ISSUER, SUBJECT))) == [70025]


@pytest.mark.parametrize(("home", "expected"), [({}, [700236]), ({"home_tenant": HOME}, [])])
def test_entras_own_tokens_only_where_the_application_is_at_home(
    rig: Rig, home: dict[str, str], expected: list[int]
) -> None:
    seed(rig, federatedIdentityCredentials=[ENTRA], **home)

    assert codes(with_token(rig, rig.admin.issuer_token(ENTRA["issuer"], ENTRA["subject"]))) == expected


# --- subject name and issuer


class Chain:
    def __init__(self, subject: str = "automation.contoso.example") -> None:
        self.root, self.between, self.leaf = (rsa.generate_private_key(65537, 2048) for _unused in range(3))
        self.certificates = [
            _certificate(self.leaf, subject, self.between, "between"),
            _certificate(self.between, "between", self.root, "root"),
            _certificate(self.root, "root", self.root, "root"),
        ]

    def pem(self, *numbers: int) -> str:
        return "".join(self.certificates[number].public_bytes(Encoding.PEM).decode() for number in numbers)

    def credential(self, *numbers: int) -> dict[str, str]:
        key = self.leaf.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        thumbprint = self.certificates[0].fingerprint(SHA1()).hex()
        return {"private_key": key, "thumbprint": thumbprint, "public_certificate": self.pem(*numbers)}


def _certificate(key: rsa.RSAPrivateKey, name: str, issuer: rsa.RSAPrivateKey, by: str) -> x509.Certificate:
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in (by, name)]
    start, end = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 9))
    builder = x509.CertificateBuilder(names[0], names[1], key.public_key(), x509.random_serial_number(), start, end)
    return builder.sign(issuer, SHA256())


@pytest.fixture(scope="module")
def chain() -> Chain:
    return Chain()


@pytest.mark.parametrize(
    ("sent", "subject", "expected"),
    [
        ((0, 1), "automation.contoso.example", []),
        ((0, 1, 2), "automation.contoso.example", []),
        ((0,), "automation.contoso.example", [700030]),
        ((0, 1), "another.contoso.example", [700030]),
    ],
)
def test_a_certificate_of_a_trusted_subject_and_issuer(
    rig: Rig, chain: Chain, sent: tuple[int, ...], subject: str, expected: list[int]
) -> None:
    seed(rig, trusted_subject={"subject": subject, "issuer_pem": chain.pem(2)})

    assert codes(sign_in(rig, chain.credential(*sent))) == expected


def test_a_certificate_of_another_issuer(rig: Rig, chain: Chain) -> None:
    seed(rig, trusted_subject={"subject": "automation.contoso.example", "issuer_pem": Chain().pem(2)})

    assert codes(sign_in(rig, chain.credential(0, 1, 2))) == [700030]
