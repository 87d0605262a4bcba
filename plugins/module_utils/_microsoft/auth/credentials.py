# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

try:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
except ImportError as exc:  # comes with msal
    CRYPTOGRAPHY_IMPORT_ERROR: ImportError | None = exc
else:
    CRYPTOGRAPHY_IMPORT_ERROR = None

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError

_PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)


class Credential(t.Protocol):
    """How the automation's own application signs in."""

    @property
    def client_id(self) -> str: ...

    def for_msal(self) -> t.Any:
        """The value of msal's client_credential."""


@dataclass(frozen=True)
class ClientSecret:
    client_id: str
    secret: str = field(repr=False)

    def for_msal(self) -> t.Any:
        return self.secret


@dataclass(frozen=True)
class ClientCertificate:
    """A file as of the Azure SDK: PEM with certificate and private key, or PKCS#12 (.pfx, .p12)."""

    client_id: str
    path: str
    password: str | None = field(repr=False, default=None)

    def for_msal(self) -> t.Any:
        """Raises InputError where the file cannot be read, or key and password do not fit."""
        path = Path(self.path).expanduser()
        try:
            content = path.read_bytes()
            if path.suffix.lower() in (".pfx", ".p12"):
                return self._from_pkcs12(path, content)
            return self._from_pem(content.decode("ascii", errors="replace"))
        except OSError as exc:
            raise InputError(
                f"The certificate file {self.path} cannot be read: {exc.strerror}.",
                next_step="Correct auth_certificate_path (AZURE_CLIENT_CERTIFICATE_PATH).",
            ) from exc
        except (ValueError, TypeError) as exc:  # TypeError: a password for a key that has none, or the reverse
            raise InputError(
                f"The certificate file {self.path} cannot be used: wrong password, or no private key in it.",
                next_step="Check auth_certificate_path and auth_certificate_password.",
            ) from exc

    def _from_pkcs12(self, path: Path, content: bytes) -> dict[str, t.Any]:
        key, certificate, _others = pkcs12.load_key_and_certificates(content, self._password_bytes)
        if key is None or certificate is None:
            raise ValueError("a PKCS#12 file without a private key or its certificate")
        return {"private_key_pfx_path": str(path), "passphrase": self.password, "public_certificate": True}

    def _from_pem(self, text: str) -> dict[str, t.Any]:
        blocks = [(match.group(1), match.group(0)) for match in _PEM_BLOCK.finditer(text)]
        keys = [block for label, block in blocks if label.endswith("PRIVATE KEY")]
        certificates = [block for label, block in blocks if label == "CERTIFICATE"]
        if len(keys) != 1 or not certificates:
            raise InputError(
                f"{self.path} holds {len(keys)} private keys and {len(certificates)} certificates.",
                next_step="It needs one private key and its certificate, in PEM form or as a .pfx file.",
            )
        load_pem_private_key(keys[0].encode(), self._password_bytes)
        # With public_certificate msal sends the SHA-256 thumbprint; the bare SHA-1 form is deprecated.
        credential = {"private_key": keys[0], "public_certificate": "\n".join(certificates)}
        return credential | ({"passphrase": self.password} if self.password else {})

    @property
    def _password_bytes(self) -> bytes | None:
        return self.password.encode() if self.password else None
