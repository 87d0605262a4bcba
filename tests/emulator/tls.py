# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority of its own for every emulator, and one server certificate for all names it stands for."""

from __future__ import annotations

import os
import ssl
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import trustme

NAMES = (
    "localhost",
    "127.0.0.1",
    "::1",
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.windows.net",
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
    "management.azure.com",
    "outlook.office365.com",
    "outlook.office365.us",
    "outlook-dod.office365.us",
    "outlook.office365.cn",
    "partner.outlook.cn",
    "*.vault.azure.net",
    "*.vault.usgovcloudapi.net",
    "*.vault.azure.cn",
)


class Wrong(Enum):
    """What is not right about a certificate that clients must refuse."""

    AUTHORITY = "authority"
    NAME = "name"


class TlsFiles(NamedTuple):
    ca_file: Path
    certificate_file: Path
    key_file: Path
    wrong: ssl.SSLContext | None = None


def make_certificates(folder: Path, wrong: Wrong | None = None) -> TlsFiles:
    """With a wrong one, its context is for a second port; the files of the right one are the same as ever."""
    authority = trustme.CA()
    server = authority.issue_cert(*NAMES)
    files = TlsFiles(folder / "ca.pem", folder / "server.pem", folder / "server.key", _wrong_context(authority, wrong))
    files.ca_file.write_bytes(authority.cert_pem.bytes())
    files.certificate_file.write_bytes(b"".join(blob.bytes() for blob in server.cert_chain_pems))
    _write_private(files.key_file, server.private_key_pem.bytes())
    return files


def _wrong_context(authority: trustme.CA, wrong: Wrong | None) -> ssl.SSLContext | None:
    if wrong is None:
        return None
    issuer, names = (trustme.CA(), NAMES) if wrong is Wrong.AUTHORITY else (authority, ("somewhere-else.example",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(*names).configure_cert(context)
    return context


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
