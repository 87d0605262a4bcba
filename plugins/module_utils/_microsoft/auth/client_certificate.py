# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth import certificate
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.sign_in import OwnCredential


@dataclass(frozen=True)
class ClientCertificate(OwnCredential):
    """A file as of the Azure SDK: certificate and private key in PEM form, or PKCS#12 (.pfx, .p12).

    `send_chain`: for applications that trust a subject name and issuer rather than one certificate.
    """

    path: str
    password: str | None = field(repr=False, default=None)
    send_chain: bool = False

    def for_msal(self, now: datetime) -> t.Any:
        return certificate.load(self.path, self.password, now).for_msal(send_chain=self.send_chain)

    def require_valid(self, now: datetime) -> None:
        certificate.load(self.path, self.password, now).require_valid(now)
