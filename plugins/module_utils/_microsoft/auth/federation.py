# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import Who
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import Authority
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import Tokens
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.sign_in import (
    Application,
    OwnCredential,
)


class Issuer(t.Protocol):
    """Who says to Microsoft Entra who we are, in the application's place."""

    def assertion(self, authority: Authority) -> str:
        """A token of the issuer's, asked for anew: they are short-lived. Raises InputError, EndpointError."""


@dataclass(frozen=True)
class FederatedCredential:
    """An application that signs in with somebody else's token (learn.microsoft.com/entra/workload-id)."""

    client_id: str
    issuer: Issuer
    delegated: t.ClassVar[bool] = False
    has_consent_page: t.ClassVar[bool] = True

    @property
    def who(self) -> Who:
        return Who(self.client_id)

    def sign_in(self, authority: Authority) -> Tokens:
        return Application(_Asserted(self.client_id, self.issuer, authority), authority)


@dataclass(frozen=True)
class _Asserted(OwnCredential):
    """With the authority, whose cloud and connection the issuer is asked by."""

    issuer: Issuer
    authority: Authority

    def for_msal(self, now: datetime) -> t.Any:
        # A function, so that msal asks for a fresh token with each request.
        return {"client_assertion": lambda: self.issuer.assertion(self.authority)}

    def require_valid(self, now: datetime) -> None:
        """When it ends only the issuer knows."""
