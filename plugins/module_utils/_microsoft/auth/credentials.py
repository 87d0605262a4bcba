# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import Who
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import Authority
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token


class Tokens(t.Protocol):
    """One who has signed in to one tenant."""

    def token(self, resource_url: str) -> Token:
        """A new token for `resource_url`. Raises SignInError (AADSTS), EndpointError, InputError."""


class Credential(t.Protocol):
    """How somebody signs in: each kind in a file of its own.

    `delegated`: tokens are of a person, with scopes in the place of roles. `has_consent_page`: whether an administrator
    can give the application its permissions on Microsoft's page for that.
    """

    @property
    def delegated(self) -> bool: ...

    @property
    def has_consent_page(self) -> bool: ...

    @property
    def client_id(self) -> str: ...

    @property
    def who(self) -> Who: ...

    def sign_in(self, authority: Authority) -> Tokens:
        """Sends nothing yet."""


class ApplicationCredential(Credential, t.Protocol):
    """What an application shows to Microsoft Entra itself, in the client credentials flow."""

    def for_msal(self, now: datetime) -> t.Any:
        """The value of msal's client_credential, before anything is sent. Raises InputError."""

    def require_valid(self, now: datetime) -> None:
        """By Microsoft's time, once it is known. Raises InputError."""
