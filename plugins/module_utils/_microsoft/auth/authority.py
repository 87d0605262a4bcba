# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from http import HTTPStatus

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock


class MsalHttp(t.Protocol):
    """What msal wants of an http_client."""

    def get(self, url: str, **kwargs: t.Any) -> t.Any: ...

    def post(self, url: str, **kwargs: t.Any) -> t.Any: ...


class ConfiguredOnce:
    """Asks an authority for its configuration once, however many applications of a tenant sign in.

    `clock` learns the time from each answer.
    """

    def __init__(self, http: MsalHttp, clock: ServerClock) -> None:
        self.clock = clock
        self._http = http
        self._known: dict[str, t.Any] = {}

    def get(self, url: str, **kwargs: t.Any) -> t.Any:
        if url not in self._known:
            answer = self._http.get(url, **kwargs)
            self.clock.note(answer.headers)
            if answer.status_code != HTTPStatus.OK:
                return answer
            self._known[url] = answer
        return self._known[url]

    def post(self, url: str, **kwargs: t.Any) -> t.Any:
        answer = self._http.post(url, **kwargs)
        self.clock.note(answer.headers)
        return answer


@dataclass(frozen=True)
class Authority:
    """Where a tenant's tokens come from. `base_url`: scheme and host."""

    base_url: str
    tenant: str
    http: ConfiguredOnce

    @property
    def url(self) -> str:
        return f"{self.base_url}/{self.tenant}"
