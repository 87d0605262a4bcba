# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass
from http import HTTPStatus

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.clouds import (
    CLOUDS,
    clouds_of,
    host_of,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: Of a configuration: where a credential would be sent to.
_ENDPOINTS = ("token_endpoint", "device_authorization_endpoint")


class MsalHttp(t.Protocol):
    """What msal wants of an http_client."""

    def get(self, url: str, **kwargs: t.Any) -> t.Any: ...

    def post(self, url: str, **kwargs: t.Any) -> t.Any: ...


class AnyHttp(MsalHttp, t.Protocol):
    """And what the other ways to sign in want: see HttpClient.request."""

    def request(self, method: str, url: str, **kwargs: t.Any) -> t.Any: ...


class ConfiguredOnce:
    """Asks an authority for its configuration once, however many applications of a tenant sign in.

    `clock` learns the time from each answer.
    """

    def __init__(self, http: AnyHttp, clock: ServerClock) -> None:
        self.clock = clock
        self._http = http
        self._known: dict[str, t.Any] = {}

    def get(self, url: str, **kwargs: t.Any) -> t.Any:
        if url not in self._known:
            answer = self._http.get(url, **kwargs)
            self.clock.note(answer.headers)
            if answer.status_code != HTTPStatus.OK:
                return answer
            _require_own_endpoints(url, answer)
            self._known[url] = answer
        return self._known[url]

    def post(self, url: str, **kwargs: t.Any) -> t.Any:
        answer = self._http.post(url, **kwargs)
        self.clock.note(answer.headers)
        return answer

    def request(self, method: str, url: str, **kwargs: t.Any) -> t.Any:
        """Of somebody else than Microsoft Entra, whose clock tells nothing."""
        return self._http.request(method, url, **kwargs)


def _require_own_endpoints(url: str, answer: t.Any) -> None:
    """Raises SignInError where the tenant's endpoints are of another cloud, or of somebody else.

    Asked at the wrong cloud for a tenant, Microsoft Entra answers with the endpoints of the right one, and msal would
    send the credential there.
    """
    body = json_mapping(answer.text)
    for endpoint in (body[name] for name in _ENDPOINTS if isinstance(body.get(name), str)):
        if host_of(endpoint) == host_of(url) or set(clouds_of(endpoint)) & set(clouds_of(url)):
            continue
        clouds = " or ".join(clouds_of(endpoint))
        whose = f", which is of the cloud {clouds}" if clouds else ""
        raise SignInError(
            f"The tenant does not sign in at {host_of(url)} but at {host_of(endpoint)}{whose}.",
            next_step=f"Set cloud to {clouds}." if clouds else "Check authority_url and cloud.",
            code="CloudsMixed",
        )


def json_mapping(text: str) -> t.Mapping[str, t.Any]:
    """Empty for anything else."""
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


@dataclass(frozen=True)
class Authority:
    """Where a tenant's tokens come from. `base_url`: scheme and host; `tenant`: GUID or domain name.

    `token_exchange`: the audience of tokens that stand in for a credential, of the cloud.
    """

    base_url: str
    tenant: str
    http: ConfiguredOnce
    token_exchange: str = CLOUDS["Global"].token_exchange

    @property
    def url(self) -> str:
        return f"{self.base_url}/{self.tenant}"

    @property
    def directory_id(self) -> str:
        """The tenant's GUID; asked for where a domain name was given. Raises SignInError, EndpointError."""
        if GUID.fullmatch(self.tenant):
            return self.tenant.lower()
        answer = self.http.get(f"{self.url}/v2.0/.well-known/openid-configuration")
        found = (
            GUID.search(str(json_mapping(answer.text).get("issuer"))) if answer.status_code == HTTPStatus.OK else None
        )
        if found is None:
            raise SignInError(
                f"The tenant {self.tenant} was not found at {self.base_url}.",
                next_step="Check tenant_id and cloud.",
                code="TenantNotFound",
            )
        return found[0].lower()
