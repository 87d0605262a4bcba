# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import re
import typing as t
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_pem_private_key,
        pkcs12,
    )
except ImportError as exc:  # comes with msal
    CRYPTOGRAPHY_IMPORT_ERROR: ImportError | None = exc
else:
    CRYPTOGRAPHY_IMPORT_ERROR = None

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError

_PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_CERTIFICATES = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
_CHECK_PATH = "Correct auth_certificate_path (AZURE_CLIENT_CERTIFICATE_PATH)."
_BOTH = "auth_certificate_path wants a file with the certificate and its private key, in PEM form or as .pfx."


@dataclass(frozen=True)
class KeyAndCertificate:
    """A private key and the certificate that was made for it."""

    path: str
    key: RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...] = ()

    def for_msal(self, *, send_chain: bool = False) -> dict[str, str]:
        """With public_certificate msal sends the SHA-256 thumbprint of its first certificate, and that one in x5c.

        Only beside a SHA-1 thumbprint, which it then names the certificate by, msal sends all of them: as the Azure SDK
        does where the chain is wanted.
        """
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        sent = {"private_key": key.decode(), "public_certificate": _pem(self.certificate)}
        if not send_chain:
            return sent
        chain = "".join(_pem(entry) for entry in (self.certificate, *self.issuers))
        return {**sent, "public_certificate": chain, "thumbprint": self.certificate.fingerprint(SHA1()).hex()}

    def require_valid(self, now: datetime) -> None:
        """Raises InputError. Microsoft Entra would tell both as AADSTS700027."""
        start, end = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        if now > end:
            raise _refused(
                f"The certificate in {self.path} has expired on {end:%Y-%m-%d %H:%M} UTC.",
                "Make a new one, upload it to the automation's application and point auth_certificate_path to it.",
                "CertificateExpired",
            )
        if now < start:
            raise _refused(
                f"The certificate in {self.path} is not valid before {start:%Y-%m-%d %H:%M} UTC; at Microsoft it is "
                f"{now:%Y-%m-%d %H:%M} UTC.",
                "Wait until then, or use the certificate that is valid now.",
                "CertificateNotYetValid",
            )


def load(path: str, password: str | None, now: datetime) -> KeyAndCertificate:
    """A file as of the Azure SDK: PEM, or PKCS#12 (.pfx, .p12), told apart by what is in it.

    Of several certificates of the key the one that is valid `now` is taken. Raises InputError.
    """
    try:
        content = Path(path).expanduser().read_bytes()
    except (OSError, ValueError) as exc:  # ValueError: a null character
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise _refused(f"The certificate file {path} cannot be read: {reason}.", _CHECK_PATH) from exc
    text = _text(content)
    secret = password.encode() if password else None
    key, certificates = _from_pem(path, text, secret) if "-----BEGIN " in text else _from_pkcs12(path, content, secret)
    if not isinstance(key, RSAPrivateKey):
        raise _refused(
            f"The private key in {path} is no RSA key ({_kind(key)}): Microsoft Entra takes RSA keys only.",
            "Make an RSA key of 2048 bits or more with a certificate, and upload that to the automation's application.",
            "CertificateKeyNotRsa",
        )
    certificate = _of_key(path, key, certificates, now)
    return KeyAndCertificate(path, key, certificate, tuple(_issuers(certificate, certificates)))


def _text(content: bytes) -> str:
    """Tools of Windows also write UTF-16, with a byte order mark."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    return content.decode("ascii", errors="replace")


def _from_pem(path: str, text: str, password: bytes | None) -> tuple[t.Any, list[x509.Certificate]]:
    blocks = [(match.group(1), match.group(0)) for match in _PEM_BLOCK.finditer(text)]
    keys = [block for label, block in blocks if label.endswith("PRIVATE KEY")]
    found = [block for label, block in blocks if label in _CERTIFICATES]
    _require_both(path, len(keys), len(found))
    try:
        certificates = [x509.load_pem_x509_certificate(block.encode()) for block in found]
    except ValueError as exc:
        raise _refused(f"A certificate in {path} cannot be read.", _BOTH, "CertificateBroken") from exc
    return _pem_key(path, keys[0], password), certificates


def _pem_key(path: str, block: str, password: bytes | None) -> t.Any:
    encrypted = "ENCRYPTED" in block  # in the label, or in the older form's header
    if encrypted and password is None:
        raise _password_missing(path)
    try:
        return load_pem_private_key(block.encode(), password if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        if encrypted:
            raise _password_wrong(path) from exc
        raise _refused(f"The private key in {path} cannot be read.", _BOTH, "CertificateKeyBroken") from exc


def _from_pkcs12(path: str, content: bytes, password: bytes | None) -> tuple[t.Any, list[x509.Certificate]]:
    try:
        key, certificate, others = _opened(content, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        if "password" not in str(exc):  # cryptography tells the two apart by their text only
            raise _refused(f"{path} is neither in PEM form nor a .pfx file.", _BOTH, "CertificateFileUnknown") from exc
        raise (_password_missing(path) if password is None else _password_wrong(path)) from exc
    certificates = [*([certificate] if certificate else []), *others]
    _require_both(path, 0 if key is None else 1, len(certificates))
    return key, certificates


def _opened(content: bytes, password: bytes | None) -> tuple[t.Any, x509.Certificate | None, list[x509.Certificate]]:
    """A file that is not encrypted opens whatever password is given."""
    if password is not None:
        with contextlib.suppress(ValueError, TypeError):
            return pkcs12.load_key_and_certificates(content, None)
    return pkcs12.load_key_and_certificates(content, password)


def _require_both(path: str, keys: int, certificates: int) -> None:
    if keys == 0:
        raise _refused(f"{path} holds no private key.", _BOTH, "CertificateKeyMissing")
    if keys > 1:
        raise _refused(f"{path} holds {keys} private keys.", "Leave only that of the certificate.", "CertificateKeys")
    if certificates == 0:
        raise _refused(f"{path} holds no certificate.", _BOTH, "CertificateMissing")


def _of_key(
    path: str, key: RSAPrivateKey, certificates: t.Iterable[x509.Certificate], now: datetime
) -> x509.Certificate:
    """Exports of Windows and of Key Vault often put the issuer first (azure-cli issue 30254)."""
    own = _public(key)
    fitting = [entry for entry in certificates if _public(entry) == own]
    if not fitting:
        raise _refused(
            f"No certificate in {path} belongs to the private key in it.",
            "Put the key together with its own certificate.",
            "CertificateOfAnotherKey",
        )
    return max(fitting, key=lambda entry: (_valid(entry, now), entry.not_valid_after_utc))


def _issuers(certificate: x509.Certificate, others: t.Sequence[x509.Certificate]) -> t.Iterator[x509.Certificate]:
    """From the certificate's own issuer up, as far as the file goes."""
    passed = [certificate]
    while passed[-1].issuer != passed[-1].subject:
        issuer = next((entry for entry in others if entry not in passed and _has_issued(entry, passed[-1])), None)
        if issuer is None:
            return
        passed.append(issuer)
        yield issuer


def _has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _public(holder: x509.Certificate | RSAPrivateKey) -> bytes | None:
    """None for a kind of key that the library does not know: an issuer may have any."""
    try:
        return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return None


def _kind(key: t.Any) -> str:
    return type(key).__name__.removesuffix("PrivateKey").removeprefix("_").upper() or "unknown"


def _password_missing(path: str) -> InputError:
    return _refused(
        f"The private key in {path} is protected by a password, and none is given.",
        "Give auth_certificate_password (AZURE_CLIENT_CERTIFICATE_PASSWORD).",
        "CertificatePasswordMissing",
    )


def _password_wrong(path: str) -> InputError:
    return _refused(
        f"The password does not open the private key in {path}.",
        "Correct auth_certificate_password (AZURE_CLIENT_CERTIFICATE_PASSWORD).",
        "CertificatePasswordWrong",
    )


def _refused(message: str, next_step: str, code: str = "CertificateNotReadable") -> InputError:
    return InputError(message, next_step=next_step, code=code)
