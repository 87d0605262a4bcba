# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import json
from pathlib import Path

import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import (
    ClientCertificate,
    ClientSecret,
)

PASSWORD = "pässword"
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "automation")])


def certificate_of(key):
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36500))
        .sign(key, hashes.SHA256())
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
    return ClientCertificate("client-1", path, password).for_msal()


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

    assert credential.for_msal() == "s3cret"
    assert "s3cret" not in f"{credential} {credential!r}"


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["plain", "encrypted"])
@pytest.mark.parametrize("key_first", [True, False], ids=["key first", "certificate first"])
def test_a_pem_file_with_key_and_certificate_in_either_order(file, key_first, password):
    key = key_pem(password)
    parts = (key, CERTIFICATE_PEM) if key_first else (CERTIFICATE_PEM, key)

    credential = loaded(file("automation.crt", *parts), password)

    assert credential["private_key"] == key.strip()
    assert credential["public_certificate"] == CERTIFICATE_PEM.strip()
    assert credential.get("passphrase") == password
    assert accepted_by_msal(credential)


def test_the_older_form_of_a_private_key_and_text_around_the_blocks(file):
    path = file(
        "a.pem", "Bag Attributes\n", key_pem(form=PrivateFormat.TraditionalOpenSSL), "\nsubject=x\n", CERTIFICATE_PEM
    )

    assert "RSA PRIVATE KEY" in loaded(path)["private_key"]


def test_a_chain_of_certificates_is_kept_in_order(file):
    chain = CERTIFICATE_PEM + certificate_of(KEY).public_bytes(Encoding.PEM).decode()

    assert loaded(file("a.pem", key_pem(), chain))["public_certificate"].split() == chain.split()


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["plain", "encrypted"])
@pytest.mark.parametrize("name", ["automation.pfx", "automation.P12"])
def test_a_pkcs12_file(file, name, password):
    path = file(name, pfx(password))

    credential = loaded(path, password)

    assert credential == {"private_key_pfx_path": path, "passphrase": password, "public_certificate": True}
    assert accepted_by_msal(credential)


@pytest.mark.parametrize(
    ("name", "content", "password"),
    [
        ("a.pem", [key_pem(PASSWORD), CERTIFICATE_PEM], "wrong"),
        ("a.pem", [key_pem(PASSWORD), CERTIFICATE_PEM], None),
        ("a.pem", [key_pem(), CERTIFICATE_PEM], PASSWORD),
        ("a.pfx", [pfx(PASSWORD)], "wrong"),
        ("a.pfx", [pfx(PASSWORD)], None),
        ("a.pfx", [pfx(with_key=False)], None),
        ("a.pfx", [b"\x00\x01 no PKCS#12"], None),
        ("a.pfx", [key_pem(), CERTIFICATE_PEM], None),
        ("a.pem", ["-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", CERTIFICATE_PEM], None),
    ],
    ids=[
        "wrong password",
        "password missing",
        "password needless",
        "wrong password of .pfx",
        "password of .pfx missing",
        ".pfx without a key",
        "no .pfx",
        "PEM called .pfx",
        "broken key",
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_of_the_input(file, name, content, password):
    path = file(name, *content)

    with pytest.raises(InputError) as caught:
        loaded(path, password)

    error = caught.value
    assert path in error.message
    assert "auth_certificate_path" in error.next_step
    assert PASSWORD not in error.sentence("t")


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        ([], "0 private keys and 0 certificates"),
        ([key_pem()], "1 private keys and 0 certificates"),
        ([CERTIFICATE_PEM], "0 private keys and 1 certificates"),
        ([key_pem(), key_pem(), CERTIFICATE_PEM], "2 private keys and 1 certificates"),
        ([b"\xff\xfe\x00 binary"], "0 private keys and 0 certificates"),
    ],
)
def test_a_pem_file_needs_one_key_and_its_certificate(file, content, counts):
    with pytest.raises(InputError, match=counts) as caught:
        loaded(file("a.pem", *content))

    assert caught.value.next_step


def test_a_file_that_is_not_there_is_an_error_of_the_input(tmp_path):
    with pytest.raises(InputError, match="No such file") as caught:
        loaded(str(tmp_path / "missing.pem"))

    assert "AZURE_CLIENT_CERTIFICATE_PATH" in caught.value.next_step


def test_a_folder_is_no_certificate(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        loaded(str(tmp_path))


def test_the_home_folder_may_be_written_as_tilde(file, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = file("a.pfx", pfx())

    assert loaded("~/a.pfx")["private_key_pfx_path"] == str(Path(path))


def test_the_password_is_not_shown():
    assert PASSWORD not in repr(ClientCertificate("client-1", "a.pem", PASSWORD))
