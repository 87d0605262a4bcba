# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import Who
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import Authority
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import Tokens
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.refresh_token import (
    PublicClient,
    RefreshTokenStore,
    by_refresh_token,
    keep,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.sign_in import Application
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tell


@dataclass(frozen=True)
class DeviceCode:
    """A person who signs in by typing a code into a browser, once in a task.

    `store`: where the refresh token is to stay for later runs; None where it dies with the task.
    """

    client_id: str
    store: RefreshTokenStore | None = field(repr=False, compare=False, default=None)
    delegated: t.ClassVar[bool] = True
    has_consent_page: t.ClassVar[bool] = True

    @property
    def who(self) -> Who:
        return Who(self.client_id)

    def sign_in(self, authority: Authority) -> Tokens:
        return _Asking(Application(PublicClient(self.client_id), authority), self.store)


class _Asking:
    def __init__(self, application: Application, store: RefreshTokenStore | None) -> None:
        self._application = application
        self._store = store
        self._refresh_token: str | None = None

    def token(self, resource_url: str) -> Token:
        held = self._refresh_token
        if held is None and self._store is not None:
            self._store.read()  # raises where the new one could not be stored
        acquire = _ask_the_person if held is None else by_refresh_token(held)
        answer = self._application.ask(acquire, resource_url)
        self._refresh_token = answer.get("refresh_token") or held
        if self._store is not None:
            keep(answer, self._store, held)
        return self._application.token_of(answer)


def _ask_the_person(client: t.Any, scopes: list[str]) -> dict[str, t.Any]:
    flow = client.initiate_device_flow(scopes)
    if "user_code" not in flow:
        return t.cast("dict[str, t.Any]", flow)
    tell(f"asks an administrator of the tenant, within {flow['expires_in'] // 60} min: {flow['message']}")
    return t.cast("dict[str, t.Any]", client.acquire_token_by_device_flow(flow))
