# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import json
from itertools import permutations

import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_certificate import (
    ClientCertificate,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_secret import ClientSecret

PASSWORD = "pässword"
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "automation")])


NOW = datetime.datetime(2026, 11, 26, 12, 0, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def certificate_of(key, start=NOW - 300 * DAY, end=NOW + 36500 * DAY, signer=None):
    digest = None if isinstance(signer or key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .sign(signer or key, digest)
    )


def encryption(password):
    return BestAvailableEncryption(password.encode()) if password else NoEncryption()


# Making a key takes long: one for all tests of this file.
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CERTIFICATE = certificate_of(KEY)
CERTIFICATE_PEM = CERTIFICATE.public_bytes(Encoding.PEM).decode()


def key_pem(password=None, form=PrivateFormat.PKCS8):
    return KEY.private_bytes(Encoding.PEM, form, encryption(password)).decode()


def pfx(password=None, *, with_key=True):
    key = KEY if with_key else None
    return pkcs12.serialize_key_and_certificates(b"automation", key, CERTIFICATE, None, encryption(password))


@pytest.fixture
def file(tmp_path):
    def write(name, *content):
        path = tmp_path / name
        path.write_bytes(b"".join(part if isinstance(part, bytes) else part.encode() for part in content))
        return str(path)

    return write


def loaded(path, password=None):
    return ClientCertificate("client-1", path, password).for_msal(NOW)


class SilentHttp:
    """Enough of an identity provider for msal to be made."""

    def get(self, url, **_kwargs):
        return self

    status_code = 200
    headers: dict[str, str] = {}  # noqa: RUF012
    text = json.dumps(
        {
            "issuer": "https://login.example/tenant/v2.0",
            "authorization_endpoint": "https://login.example/tenant/authorize",
            "token_endpoint": "https://login.example/tenant/token",
        }
    )


def accepted_by_msal(credential):
    msal.ConfidentialClientApplication(
        "client-1",
        client_credential=credential,
        authority="https://login.example/tenant",
        instance_discovery=False,
        http_client=SilentHttp(),
    )
    return True


def test_a_secret_is_given_to_msal_as_it_is_and_not_shown():
    credential = ClientSecret("client-1", "s3cret")

    assert credential.for_msal(NOW) == "s3cret"
    assert "s3cret" not in f"{credential} {credential!r}"


def pem(certificate):
    return certificate.public_bytes(Encoding.PEM).decode()


OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ROOT_KEY = ec.generate_private_key(ec.SECP256R1())
ROOT, ISSUER = certificate_of(ROOT_KEY), certificate_of(OTHER_KEY, signer=ROOT_KEY)
EXPECTED = {"private_key": key_pem(), "public_certificate": CERTIFICATE_PEM}


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["plain", "encrypted"])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["PKCS8", "RSA"])
@pytest.mark.parametrize("order", list(permutations(["root", "issuer", "leaf", "key"])), ids=" ".join)
def test_the_leaf_is_found_whatever_the_order_in_the_file_is(file, order, form, password):
    parts = {"root": pem(ROOT), "issuer": pem(ISSUER), "leaf": CERTIFICATE_PEM, "key": key_pem(password, form)}

    credential = loaded(file("automation.crt", *(parts[name] for name in order)), password)

    assert credential == EXPECTED
    assert accepted_by_msal(credential)


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["plain", "encrypted"])
@pytest.mark.parametrize("name", ["automation.pfx", "automation.P12", "automation", "automation.pem"])
def test_a_pkcs12_file_whatever_its_name(file, name, password):
    credential = loaded(file(name, pfx(password)), password)

    assert credential == EXPECTED
    assert accepted_by_msal(credential)


def test_a_password_for_a_pkcs12_file_that_has_none_is_as_good_as_no_password(file):
    assert loaded(file("a.pfx", pfx()), PASSWORD) == EXPECTED


def test_a_pkcs12_file_with_the_whole_chain(file):
    content = pkcs12.serialize_key_and_certificates(b"a", KEY, CERTIFICATE, [ROOT, ISSUER], NoEncryption())

    assert loaded(file("a.pfx", content)) == EXPECTED


@pytest.mark.parametrize(
    "decorated",
    [
        f"Bag Attributes\n    friendlyName: x\n{key_pem()}\nsubject=x\n{CERTIFICATE_PEM}\ntail",
        (key_pem() + CERTIFICATE_PEM).replace("\n", "\r\n"),
        "\ufeff" + key_pem() + CERTIFICATE_PEM,
    ],
    ids=["text around the blocks", "line ends of Windows", "byte order mark"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_other_tools_write_around_the_blocks_does_not_matter(file, decorated, encoding):
    assert loaded(file("a.pem", decorated.encode(encoding))) == EXPECTED


def test_a_password_that_nothing_needs_does_not_matter(file):
    assert loaded(file("a.pem", key_pem(), CERTIFICATE_PEM), PASSWORD) == EXPECTED


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_several_certificates_of_the_key_the_one_that_is_valid_now_is_taken(file, newest_first):
    ended, holds = certificate_of(KEY, NOW - 9 * DAY, NOW - DAY), certificate_of(KEY, NOW - DAY, NOW + DAY)
    coming = certificate_of(KEY, NOW + DAY, NOW + 900 * DAY)
    parts = [pem(ended), pem(holds), pem(coming)]

    found = loaded(file("a.pem", key_pem(), *(reversed(parts) if newest_first else parts)))

    assert found["public_certificate"] == pem(holds)


def plain(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


NOT_RSA = {
    "EC": ec.generate_private_key(ec.SECP256R1()),
    "EC P-521": ec.generate_private_key(ec.SECP521R1()),
    "ED25519": ed25519.Ed25519PrivateKey.generate(),
    "DSA": dsa.generate_private_key(1024),
}


@pytest.mark.parametrize("form", ["PEM", "PFX"])
@pytest.mark.parametrize("kind", NOT_RSA)
def test_keys_that_microsoft_entra_does_not_take(file, kind, form):
    key = NOT_RSA[kind]
    if form == "PFX" and kind == "DSA":
        key = NOT_RSA["EC"]
    certificate = certificate_of(key)
    made = pkcs12.serialize_key_and_certificates(b"a", key, certificate, None, NoEncryption())

    refused(file("a", made) if form == "PFX" else file("a", plain(key), pem(certificate)), None, "CertificateKeyNotRsa")


BROKEN_KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
BROKEN_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

FAULTS = {
    "wrong password": ([key_pem(PASSWORD), CERTIFICATE_PEM], "wrong", "CertificatePasswordWrong"),
    "wrong password, older form": (
        [key_pem(PASSWORD, PrivateFormat.TraditionalOpenSSL), CERTIFICATE_PEM],
        "wrong",
        "CertificatePasswordWrong",
    ),
    "password missing": ([key_pem(PASSWORD), CERTIFICATE_PEM], None, "CertificatePasswordMissing"),
    "password missing, older form": (
        [key_pem(PASSWORD, PrivateFormat.TraditionalOpenSSL), CERTIFICATE_PEM],
        None,
        "CertificatePasswordMissing",
    ),
    "wrong password of .pfx": ([pfx(PASSWORD)], "wrong", "CertificatePasswordWrong"),
    "password of .pfx missing": ([pfx(PASSWORD)], None, "CertificatePasswordMissing"),
    ".pfx without a key": ([pfx(with_key=False)], None, "CertificateKeyMissing"),
    "binary garbage": ([b"\x00\x01 no PKCS#12"], None, "CertificateFileUnknown"),
    "text": (["client_secret=abc"], PASSWORD, "CertificateFileUnknown"),
    "empty": ([], None, "CertificateFileUnknown"),
    "half a .pfx": ([pfx()[:400]], None, "CertificateFileUnknown"),
    "certificate in DER form": ([CERTIFICATE.public_bytes(Encoding.DER)], None, "CertificateFileUnknown"),
    "broken key": ([BROKEN_KEY, CERTIFICATE_PEM], None, "CertificateKeyBroken"),
    "broken certificate": ([key_pem(), BROKEN_CERTIFICATE], None, "CertificateBroken"),
    "key alone": ([key_pem()], None, "CertificateMissing"),
    "certificate alone": ([CERTIFICATE_PEM], None, "CertificateKeyMissing"),
    "two keys": ([key_pem(), plain(OTHER_KEY), CERTIFICATE_PEM], None, "CertificateKeys"),
    "key of another certificate": ([plain(OTHER_KEY), CERTIFICATE_PEM, pem(ROOT)], None, "CertificateOfAnotherKey"),
    "request instead of certificate": (
        [key_pem(), CERTIFICATE_PEM.replace("CERTIFICATE", "CERTIFICATE REQUEST")],
        None,
        "CertificateMissing",
    ),
    "end of the block missing": ([key_pem(), CERTIFICATE_PEM.split("-----END")[0]], None, "CertificateMissing"),
}


def refused(path, password, code):
    with pytest.raises(InputError) as caught:
        loaded(path, password)
    told = caught.value.sentence("t")
    assert caught.value.code == code, told
    assert path in told
    assert caught.value.next_step
    assert PASSWORD not in told
    assert " object at 0x" not in told


@pytest.mark.parametrize("fault", FAULTS)
def test_each_file_that_cannot_be_used_has_its_own_message(file, fault):
    content, password, code = FAULTS[fault]

    refused(file("a.pem", *content), password, code)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (NOW - 9 * DAY, NOW - DAY, "CertificateExpired"),
        (NOW + DAY, NOW + 9 * DAY, "CertificateNotYetValid"),
        (NOW - DAY, NOW + DAY, None),
    ],
)
def test_a_certificate_out_of_its_time_is_told_apart(file, start, end, code):
    path = file("a.pem", key_pem(), pem(certificate_of(KEY, start, end)))
    credential = ClientCertificate("client-1", path)
    credential.for_msal(NOW)  # before Microsoft's time is known nothing is said

    if code is None:
        credential.require_valid(NOW)
        return
    with pytest.raises(InputError) as caught:
        credential.require_valid(NOW)
    assert caught.value.code == code
    assert path in caught.value.message


def test_a_file_that_is_not_there_is_an_error_of_the_input(tmp_path):
    with pytest.raises(InputError, match="No such file") as caught:
        loaded(str(tmp_path / "missing.pem"))

    assert "AZURE_CLIENT_CERTIFICATE_PATH" in caught.value.next_step


def test_a_folder_is_no_certificate(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        loaded(str(tmp_path))


def test_the_home_folder_may_be_written_as_tilde(file, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    file("a.pfx", pfx())

    assert loaded("~/a.pfx") == EXPECTED


def test_the_password_is_not_shown():
    assert PASSWORD not in repr(ClientCertificate("client-1", "a.pem", PASSWORD))
