# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.totalview.exchange365.plugins.module_utils._auth.clouds import CLOUDS
from ansible_collections.totalview.exchange365.plugins.module_utils._auth.credentials import (
    ClientCertificate,
    ClientSecret,
    Credential,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._auth.session import Session, SignIn, TokenSource
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._http import HttpClient

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9-]+")
_ORIGIN = re.compile(r"https://([a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?/?")


@dataclass(frozen=True)
class TenantOptions:
    """The options that every module of the action group has, as plain values."""

    tenant_id: str
    credential: Credential
    authority_url: str
    graph_url: str
    ca_path: str | None

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> t.Self:
        """Raises InputError for what cannot work, before anything is sent."""
        cloud = CLOUDS[params["cloud"]]
        return cls(
            tenant_id=_tenant_id(params["tenant_id"]),
            credential=_credential(params),
            authority_url=_https(params["authority_url"] or cloud.authority_url, "authority_url"),
            graph_url=_https(params["graph_url"] or cloud.graph_url, "graph_url"),
            ca_path=params["ca_path"],
        )


class Tenant:
    """One customer's tenant as the core sees it: a Graph client and what its caller may do."""

    def __init__(self, options: TenantOptions, session: Session | None) -> None:
        self.options = options
        self._http = HttpClient(options.ca_path)
        who = SignIn(options.tenant_id, options.credential.client_id, options.authority_url)
        self.tokens = TokenSource(who, options.credential, self._http, session)

    @cached_property
    def graph(self) -> GraphClient:
        return GraphClient(self._http, self.options.graph_url, self.tokens)

    @property
    def directory_id(self) -> str:
        """The tenant's GUID, also where it was named by a domain."""
        return str(self._claims["tid"])

    @property
    def roles(self) -> frozenset[str]:
        """Names of the Graph application permissions that the automation holds here."""
        return self.tokens.token(self.options.graph_url).roles

    @property
    def _claims(self) -> t.Mapping[str, t.Any]:
        return self.tokens.token(self.options.graph_url).claims


def is_guid(value: str) -> bool:
    return bool(_GUID.fullmatch(value))


def _tenant_id(value: str | None) -> str:
    if not value:
        raise InputError("No tenant: tenant_id is not given.", next_step="Give tenant_id (or AZURE_TENANT_ID).")
    if is_guid(value) or _DOMAIN.fullmatch(value):
        return value.lower()
    raise InputError(
        f"tenant_id '{value}' is neither a directory id (GUID) nor a domain name.",
        next_step="Correct the inventory: the id stands on the tenant's overview page in the Entra admin centre.",
    )


def _credential(params: t.Mapping[str, t.Any]) -> Credential:
    client_id = params["auth_client_id"]
    if not client_id:
        raise InputError(
            "No credential to sign in with: auth_client_id is not given.",
            next_step="Give auth_client_id and auth_client_secret or auth_certificate_path "
            "(or AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH).",
        )
    if params["auth_certificate_path"]:
        return ClientCertificate(client_id, params["auth_certificate_path"], params["auth_certificate_password"])
    if params["auth_client_secret"]:
        return ClientSecret(client_id, params["auth_client_secret"])
    raise InputError(
        f"No credential to sign in with as {client_id}: neither a client secret nor a certificate is given.",
        next_step="Give auth_client_secret or auth_certificate_path "
        "(or AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH).",
    )


def _https(url: str, option: str) -> str:
    # The Azure SDK takes AZURE_AUTHORITY_HOST also without a scheme.
    url = url if "://" in url else f"https://{url}"
    if not _ORIGIN.fullmatch(url):
        raise InputError(f"{option} '{url}' is not of the form https://host[:port].")
    return url.rstrip("/")
