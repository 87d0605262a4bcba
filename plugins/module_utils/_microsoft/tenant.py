# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ExchangeRightError,
    InputError,
    NoExchangeError,
    SignInError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Api
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import (
    GUID,
    Authority,
    ConfiguredOnce,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.choose import (
    OpenTokenFile,
    credential,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.clouds import (
    CLOUDS,
    Cloud,
    require_of,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import Credential
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.session import (
    Session,
    SignIn,
    TokenSource,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock, allowed_offsets
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange.client import ExchangeClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange.errors import GIVE_ROLE
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.http_client import HttpClient

MANAGE_AS_APP = "Exchange.ManageAsApp"
#: Of a person.
MANAGE_AS_USER = "Exchange.Manage"
MAY_RUN_CMDLETS = frozenset({MANAGE_AS_APP, MANAGE_AS_USER})
#: The code of the NoExchangeError of a tenant that has none; any other refusal may pass.
NO_EXCHANGE = "NoExchangeOnline"
#: The service's principal is not in the tenant; it is switched off; the tenant has not subscribed to it.
_NO_SERVICE = ("AADSTS500011", "AADSTS500014", "AADSTS650052")

_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9-]+")
_ORIGIN = re.compile(r"https://([a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?/?")


@dataclass(frozen=True)
class TenantOptions:
    """The options that every module of the action group has, as plain values."""

    tenant_id: str
    credential: Credential
    authority_url: str
    graph_url: str
    exchange_url: str | None
    exchange_audience: str | None
    ca_path: str | None
    cloud: Cloud = CLOUDS["Global"]

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], open_token_file: OpenTokenFile) -> t.Self:
        """Raises InputError for what cannot work, before anything is sent."""
        cloud = CLOUDS[params["cloud"]]
        for option in ("authority_url", "graph_url", "exchange_url"):
            if params[option]:
                require_of(params["cloud"], _https(params[option], option), _named(option))
        exchange_url = params["exchange_url"] or cloud.exchange_url
        return cls(
            tenant_id=_tenant_id(params["tenant_id"]),
            credential=credential(params, open_token_file),
            authority_url=_https(params["authority_url"] or cloud.authority_url, "authority_url"),
            graph_url=_https(params["graph_url"] or cloud.graph_url, "graph_url"),
            exchange_url=exchange_url and _https(exchange_url, "exchange_url"),
            exchange_audience=cloud.exchange_url or exchange_url,
            ca_path=params["ca_path"],
            cloud=cloud,
        )


class Tenant:
    """One customer's tenant as the core sees it: a Graph client and what its caller may do."""

    def __init__(self, options: TenantOptions, session: Session | None) -> None:
        self.options = options
        self._http = http_client(options.ca_path)
        allowed = allowed_offsets(rehearsed=options.graph_url != options.cloud.graph_url)
        self.clock = ServerClock(session.clock_offset if session is not None else None, allowed)
        self._sign_in_http = ConfiguredOnce(self._http, self.clock)
        self.tokens = self.tokens_of(options.credential, session)

    def tokens_of(self, credential: Credential, session: Session | None = None) -> TokenSource:
        who = SignIn(self.options.tenant_id, credential.client_id, self.options.authority_url, credential.delegated)
        authority = Authority(
            who.authority_url, who.tenant, self._sign_in_http, token_exchange=self.options.cloud.token_exchange
        )
        return TokenSource(who, credential.sign_in(authority), self.clock, session)

    def graph_api_as(self, tokens: TokenSource) -> Api:
        """Microsoft Graph for somebody else than the automation."""
        return Api(self._http, self.options.graph_url, tokens, clock=self.clock)

    @cached_property
    def graph(self) -> GraphClient:
        return GraphClient(self._graph_api)

    @cached_property
    def graph_beta(self) -> GraphClient:
        return GraphClient(self._graph_api, "beta")

    @property
    def sign_in_reports(self) -> GraphClient | None:
        """Where the use of client secrets is told; None in a cloud that has no such reports."""
        return self.graph_beta if self.options.cloud.has_sign_in_reports else None

    @cached_property
    def exchange(self) -> ExchangeClient:
        """Raises NoExchangeError, ExchangeRightError."""
        url, token = self.options.exchange_url, self.exchange_token
        if not token.roles & MAY_RUN_CMDLETS:
            needed = (
                f"{MANAGE_AS_USER} (delegated)"
                if self.options.credential.delegated
                else f"{MANAGE_AS_APP} (application)"
            )
            raise ExchangeRightError(
                f"The automation's application lacks the permission {needed} of Office 365 Exchange Online.",
                next_step="A Privileged Role Administrator or Global Administrator of the tenant grants it. "
                f"{GIVE_ROLE}",
                code="ExchangeManageAsAppMissing",
            )
        api = Api(self._http, t.cast(str, url), self.tokens, self.options.exchange_audience, self.clock)
        return ExchangeClient(api, str(token.claims["tid"]))

    @property
    def has_exchange(self) -> bool:
        """Whether the token allows for cmdlets; the directory role besides shows only when one is run."""
        return bool(self.exchange_roles & MAY_RUN_CMDLETS)

    @property
    def exchange_roles(self) -> frozenset[str]:
        """Names of the Exchange Online application permissions that the automation holds here."""
        try:
            return self.exchange_token.roles
        except NoExchangeError:
            return frozenset()

    @property
    def exchange_token(self) -> Token:
        audience = self.options.exchange_audience
        if audience is None:
            raise NoExchangeError("exchange_url is not given.", next_step="Give it: this cloud has no certain address.")
        try:
            return self.tokens.token(audience)
        except SignInError as error:
            raise _no_exchange(error) from error

    @cached_property
    def _graph_api(self) -> Api:
        return self.graph_api_as(self.tokens)

    @property
    def directory_id(self) -> str:
        """The tenant's GUID, also where it was named by a domain."""
        return str(self._claims["tid"])

    @property
    def principal_id(self) -> str:
        """Object id of the automation's own service principal; empty where the token does not tell it."""
        return str(self._claims.get("oid") or "")

    @property
    def client_id(self) -> str:
        """The client that Microsoft sees us use, as it writes it; an inventory may have it in capitals, or none."""
        claims = self._claims
        return str(claims.get("appid") or claims.get("azp") or self.options.credential.client_id).lower()

    @property
    def roles(self) -> frozenset[str]:
        """Names of the Graph application permissions that the automation holds here."""
        return self.tokens.token(self.options.graph_url).roles

    @property
    def _claims(self) -> t.Mapping[str, t.Any]:
        return self.tokens.token(self.options.graph_url).claims


def _no_exchange(error: SignInError) -> NoExchangeError:
    """Whatever keeps a token from us concerns only those who want something of Exchange."""
    if error.code not in _NO_SERVICE:
        message, next_step, code = error.message, error.next_step, error.code
    else:
        message = f"The tenant has no Exchange Online that can be used. {error.message}"
        next_step = (
            "A Global Administrator of the tenant adds or renews a plan with Exchange Online, and enables "
            "'Office 365 Exchange Online' under Enterprise applications where it is switched off."
        )
        code = NO_EXCHANGE
    return NoExchangeError(message, next_step=next_step, code=code, trace=error.trace)


@lru_cache(maxsize=1)
def http_client(ca_path: str | None) -> HttpClient:
    """One kept-alive client for each process, in which a loop runs all its items."""
    return HttpClient(ca_path)


def is_guid(value: str) -> bool:
    return bool(GUID.fullmatch(value))


def _tenant_id(value: str | None) -> str:
    if not value:
        raise InputError("No tenant: tenant_id is not given.", next_step="Give tenant_id (or AZURE_TENANT_ID).")
    if is_guid(value) or _DOMAIN.fullmatch(value):
        return value.lower()
    raise InputError(
        f"tenant_id '{value}' is neither a directory id (GUID) nor a domain name.",
        next_step="Correct the inventory: the id stands on the tenant's overview page in the Entra admin centre.",
    )


def _named(option: str) -> str:
    return "authority_url (AZURE_AUTHORITY_HOST)" if option == "authority_url" else option


def _https(url: str, option: str) -> str:
    # The Azure SDK takes AZURE_AUTHORITY_HOST also without a scheme.
    url = url if "://" in url else f"https://{url}"
    if not _ORIGIN.fullmatch(url):
        raise InputError(
            f"{option} '{url}' is not of the form https://host[:port].",
            next_step=f"Correct {_named(option)}, or leave it out: cloud knows Microsoft's own addresses.",
        )
    return url.rstrip("/")
