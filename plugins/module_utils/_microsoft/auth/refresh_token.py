# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import Who
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import Authority
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import (
    ApplicationCredential,
    Tokens,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.sign_in import (
    Acquire,
    Application,
    OwnCredential,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token


class RefreshTokenStore(t.Protocol):
    """Where one refresh token lives, encrypted."""

    def read(self) -> str | None:
        """Raises StoreError, also where a new one could not be written later."""

    def write(self, refresh_token: str) -> None: ...


@dataclass(frozen=True)
class PublicClient(OwnCredential):
    """An application without a credential of its own, which people sign in through."""

    delegated: t.ClassVar[bool] = True

    def for_msal(self, now: datetime) -> t.Any:
        return None

    def require_valid(self, now: datetime) -> None:
        """There is nothing that ends."""


@dataclass(frozen=True)
class RefreshToken:
    """A person who once signed in through `application`: a partner's administrator, in the tenants of customers (GDAP).

    Each use brings a new refresh token, which takes the old one's place in the store: the old one goes on to work, so
    several at once do no harm, and the last one stays (learn.microsoft.com/entra/identity-platform/refresh-tokens).
    """

    application: ApplicationCredential
    store: RefreshTokenStore = field(repr=False, compare=False)
    delegated: t.ClassVar[bool] = True
    has_consent_page: t.ClassVar[bool] = True

    @property
    def client_id(self) -> str:
        return self.application.client_id

    @property
    def who(self) -> Who:
        return self.application.who

    def sign_in(self, authority: Authority) -> Tokens:
        return _Renewing(Application(self.application, authority), self.store)


@dataclass(frozen=True)
class _Renewing:
    application: Application
    store: RefreshTokenStore

    def token(self, resource_url: str) -> Token:
        held = (self.store.read() or "").strip()
        if not held:
            raise InputError(
                "There is no refresh token in auth_refresh_token_file.",
                next_step="Sign in once with auth_kind device_code and the same file; see the page sign-in.",
                code="RefreshTokenMissing",
            )
        answer = self.application.ask(by_refresh_token(held), resource_url)
        keep(answer, self.store, held)
        return self.application.token_of(answer)


def by_refresh_token(refresh_token: str) -> Acquire:
    return lambda client, scopes: t.cast(
        "dict[str, t.Any]", client.acquire_token_by_refresh_token(refresh_token, scopes)
    )


def keep(answer: t.Mapping[str, t.Any], store: RefreshTokenStore, held: str | None = None) -> None:
    new = answer.get("refresh_token")
    if new and new != held:
        store.write(str(new))
