# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import typing as t
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import urlsplit

if t.TYPE_CHECKING:
    import requests

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    EndpointError,
    InputError,
    SignInError,
    StoreError,
    Trace,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import (
    GUID,
    Authority,
    ConfiguredOnce,
    json_mapping,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.choose import credential
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.clouds import CLOUDS, Cloud, host_of
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import (
    Credential,
    Tokens,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.environment import with_environment
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.kinds import (
    KINDS,
    credential_options,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.http_client import HttpClient
from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line

#: Of the kinds of sign-in, those that need nothing that is stored somewhere.
AUTH_KINDS = tuple(name for name, kind in KINDS.items() if "auth_refresh_token_file" not in kind.options)
_SIGN_IN = ("auth_kind", "auth_client_id", *credential_options(AUTH_KINDS))
#: What is said of options that a tenant's sign-in has as well begins like this.
STORE_OPTIONS = "Of the store's own options: "
#: Of all versions since 2018 the newest that national clouds have too.
_API_VERSION = "7.4"
#: learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules, Microsoft.KeyVault.
_VAULT = re.compile(r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]")
_PREFIX = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z-]*")
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class KeyVaultOptions:
    """Which vault, and who signs in to its tenant. `path`: what the names of all secrets of the store begin with."""

    url: str
    path: str
    credential: Credential
    ca_cert: str | None

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> t.Self:
        """Raises InputError for what cannot work, before anything is sent."""
        url = str(params.get("url") or "").rstrip("/")
        _check_url(url)
        path = params["path"].strip("/")
        if not _PREFIX.fullmatch(path):
            raise InputError(
                f"path '{path}' cannot begin the name of a secret in Azure Key Vault.",
                next_step="Use letters, digits and - only.",
                code="InvalidName",
            )
        given = with_environment({name: params.get(name) for name in _SIGN_IN}, environ)
        try:
            return cls(url.lower(), path, credential(given, _no_token_file), params.get("ca_cert"))
        except InputError as error:
            error.message = f"The secret store {url} cannot be signed in to. {error.message}"
            error.next_step = f"{STORE_OPTIONS}{error.next_step}"
            raise

    @property
    def cloud(self) -> Cloud:
        """The first that has such vaults: those for the government of the USA sign in at one authority."""
        return next(cloud for cloud in CLOUDS.values() if host_of(self.url).endswith(f".{cloud.vault_domain}"))


def _no_token_file(path: str) -> t.NoReturn:
    raise InputError(f"A store is not signed in to with a refresh token, such as that in {path}.")


def _check_url(url: str) -> None:
    if not url:
        raise InputError(
            "The address of the secret store is missing.",
            next_step="Give the store's url: https://NAME.vault.azure.net.",
            code="StoreAddressMissing",
        )
    name, _dot, domain = urlsplit(url).netloc.partition(".")
    domains = [cloud.vault_domain for cloud in CLOUDS.values()]
    if url.lower() != f"https://{name}.{domain}".lower() or domain.lower() not in domains or not _VAULT.fullmatch(name):
        raise InputError(
            f"'{url}' is no address of a key vault.",
            next_step=f"Give https://NAME.DOMAIN, with one of {', '.join(dict.fromkeys(domains))}; a private endpoint "
            "has the same name.",
            code="StoreAddressUnusable",
        )


@dataclass(frozen=True)
class _Challenge:
    """How a vault wants to be signed in to."""

    tenant: str
    resource: str


@dataclass(frozen=True)
class _SignIn:
    challenge: _Challenge
    tokens: Tokens


class KeyVault:
    """Sends requests to one vault, signed in to its tenant. Every other answer than those asked for is a StoreError."""

    def __init__(self, options: KeyVaultOptions) -> None:
        self._options = options
        self._http = HttpClient(options.ca_cert)
        self._clock = ServerClock()
        self._sign_in: _SignIn | None = None
        self._token: Token | None = None

    def get(
        self, path: str, query: t.Mapping[str, str] | None = None, *, absent: bool = False
    ) -> t.Mapping[str, t.Any] | None:
        """None only where that may be (`absent`) and is: there is nothing of this name."""
        answer = self._send("GET", path, None, query or {}, f"read {path}")
        if absent and answer.status_code == HTTPStatus.NOT_FOUND and _codes(answer) & {"SecretNotFound"}:
            return None
        return self._body(answer, f"read {path}")

    def change(self, method: str, path: str, body: t.Any, action: str) -> t.Mapping[str, t.Any]:
        """Raises KeyVaultConflict, and LostAnswer where it is not known whether it was done."""
        answer = self._send(method, path, body, {}, action)
        if answer.status_code == HTTPStatus.CONFLICT:
            raise KeyVaultConflict(self._refused(answer, action), _codes(answer))
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise LostAnswer(self._refused(answer, action))
        if method == "DELETE" and answer.status_code == HTTPStatus.NOT_FOUND:
            return {}  # done before
        return self._body(answer, action)

    def _send(self, method: str, path: str, body: t.Any, query: t.Mapping[str, str], action: str) -> requests.Response:
        # What a vault has to say of its tenant it says to whoever asks without a token, and without a body.
        sign_in = self._sign_in
        if sign_in is None:
            first = self._once(method, path, None, query, None, action)
            if first.status_code != HTTPStatus.UNAUTHORIZED:
                raise self._unlike_a_vault(first)
            sign_in = self._signed_in(first)
        answer = self._once(method, path, body, query, self._usable_token(sign_in), action)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:  # revoked, or the vault has moved to another tenant
            answer = self._once(method, path, body, query, self._usable_token(self._signed_in(answer)), action)
        return answer

    def _once(
        self, method: str, path: str, body: t.Any, query: t.Mapping[str, str], token: str | None, action: str
    ) -> requests.Response:
        headers = {"x-ms-client-request-id": str(uuid.uuid4())}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url, params = f"{self._options.url}/{path}", {"api-version": _API_VERSION, **query}
        try:
            answer = self._http.request(method, url, headers=headers, params=params, json=body)
        except EndpointError as exc:
            error = StoreError(
                f"The secret store cannot be reached to {action}. {exc.message}",
                next_step=exc.next_step.replace("ca_path", "ca_cert"),
                code="StoreUnreachable",
            )
            raise (error if method == "GET" else LostAnswer(error)) from exc
        self._clock.note(answer.headers)
        return answer

    def _signed_in(self, refusal: requests.Response) -> _SignIn:
        challenge, sign_in = self._verified(refusal), self._sign_in
        if sign_in is None or challenge != sign_in.challenge:
            cloud = self._options.cloud
            http = ConfiguredOnce(self._http, self._clock)
            authority = Authority(cloud.authority_url, challenge.tenant, http, cloud.token_exchange)
            sign_in = _SignIn(challenge, self._options.credential.sign_in(authority))
        self._sign_in, self._token = sign_in, None
        return sign_in

    def _usable_token(self, sign_in: _SignIn) -> str:
        if self._token is None or not self._token.usable(self._clock.now.timestamp()):
            with _told_as_the_stores(self._options.url):
                self._token = sign_in.tokens.token(sign_in.challenge.resource)
        return self._token.value

    def _verified(self, refusal: requests.Response) -> _Challenge:
        """Raises StoreError where the token would be of use elsewhere than in this vault's cloud.

        As the Azure SDK does it (aka.ms/azsdk/blog/vault-uri), which also takes whatever the vault's name ends with:
        whoever answers in a vault's place could otherwise have us fetch a token for somebody else, and show it.
        """
        scheme, _blank, rest = refusal.headers.get("WWW-Authenticate", "").partition(" ")
        found = dict(_PARAMETER.findall(rest))
        authorization = found.get("authorization") or found.get("authorization_uri") or ""
        resource = (found.get("resource") or found.get("scope") or "").removesuffix("/.default").rstrip("/")
        tenant = urlsplit(authorization).path.strip("/")
        if scheme.lower() != "bearer" or not GUID.fullmatch(tenant):
            raise self._unlike_a_vault(refusal)
        cloud = self._options.cloud
        if host_of(resource) != cloud.vault_domain or host_of(authorization) not in cloud.hosts:
            raise StoreError(
                f"The secret store {self._options.url} wants a token of {one_line(authorization)} for "
                f"{one_line(resource)}, which is not of its own cloud; none was fetched.",
                next_step="Check the store's url, and who answers in its place: a proxy, or a false entry in the DNS.",
                code="KeyVaultChallengeRefused",
                trace=_trace(refusal),
            )
        return _Challenge(tenant.lower(), f"https://{cloud.vault_domain}")

    def _unlike_a_vault(self, answer: requests.Response) -> StoreError:
        if answer.status_code == HTTPStatus.FORBIDDEN:  # its firewall comes before its challenge
            return self._refused(answer, "sign in")
        return StoreError(
            f"{self._options.url} does not answer like Azure Key Vault (status {answer.status_code}).",
            next_step="Check the store's url, and whether a proxy answers in its place.",
            code="KeyVaultUnexpected",
            trace=_trace(answer),
        )

    def _body(self, answer: requests.Response, action: str) -> t.Mapping[str, t.Any]:
        if not answer.ok:
            raise self._refused(answer, action)
        if answer.status_code == HTTPStatus.NO_CONTENT:
            return {}
        body = json_mapping(answer.text)
        if answer.is_redirect or not body:
            raise self._unlike_a_vault(answer)
        return body

    def _refused(self, answer: requests.Response, action: str) -> StoreError:
        told = next((row for row in _REFUSALS if row.fits(answer)), _OTHER)
        who = f"{told.meaning}: {_message(answer)}"
        return StoreError(
            f"The secret store {self._options.url} does not let {self._options.credential.who} {action}. {who}.",
            next_step=told.next_step,
            code=told.code,
            trace=_trace(answer),
        )


class KeyVaultConflict(Exception):
    """The name is not free at this moment; `codes` say why."""

    def __init__(self, error: StoreError, codes: frozenset[str]) -> None:
        super().__init__(error.message)
        self.error, self.codes = error, codes


class LostAnswer(Exception):
    """Whether it was done only another reading can tell."""

    def __init__(self, error: StoreError) -> None:
        super().__init__(error.message)
        self.error = error


@lru_cache(maxsize=2)
def signed_in(options: KeyVaultOptions) -> KeyVault:
    """One sign-in for each task."""
    return KeyVault(options)


@contextmanager
def _told_as_the_stores(url: str) -> t.Iterator[None]:
    """It is another sign-in than the one to the customer's tenant."""
    try:
        yield
    except (SignInError, InputError, EndpointError) as exc:
        raise StoreError(
            f"The secret store {url} cannot be signed in to. {exc.message}",
            next_step=f"Of the store's own options: {exc.next_step}",
            code="KeyVaultSignInRefused",
            trace=exc.trace,
        ) from exc


class _Refusal(t.NamedTuple):
    """`codes`: Key Vault's own, of which one is enough; none: any."""

    meaning: str
    next_step: str
    code: str
    status: int = 0
    codes: frozenset[str] = frozenset()

    def fits(self, answer: requests.Response) -> bool:
        return self.status == answer.status_code and (not self.codes or bool(self.codes & _codes(answer)))


#: learn.microsoft.com/azure/key-vault/general/rest-error-codes and common-error-codes.
_REFUSALS = (
    _Refusal(
        "Key Vault does not take the token",
        status=401,
        code="KeyVaultTokenRefused",
        next_step="Whoever runs the vault says of which tenant it is, and who may sign in to it.",
    ),
    _Refusal(
        "No role on the vault allows it",
        status=403,
        codes=frozenset({"ForbiddenByRbac"}),
        code="KeyVaultForbiddenByRbac",
        next_step="Whoever owns the vault assigns the role Key Vault Secrets Officer on it. One that was assigned just "
        "now takes some minutes to count.",
    ),
    _Refusal(
        "No access policy of the vault allows it",
        status=403,
        codes=frozenset({"AccessDenied"}),
        code="KeyVaultAccessDenied",
        next_step="Whoever owns the vault gives get, list, set, delete, recover and purge of secrets in an access "
        "policy.",
    ),
    _Refusal(
        "The vault's firewall does not let this machine in",
        status=403,
        codes=frozenset({"ForbiddenByFirewall", "ForbiddenByConnection"}),
        code="KeyVaultForbiddenByFirewall",
        next_step="Whoever owns the vault adds this machine's address to its networking rules, or gives it a private "
        "endpoint; roles do not help.",
    ),
    _Refusal(
        "Somebody has disabled the newest version of it",
        status=403,
        codes=frozenset({"SecretDisabled"}),
        code="KeyVaultSecretDisabled",
        next_step="Enable that version (az keyvault secret set-attributes --enabled true), or set the content that is "
        "right anew; a version that is disabled counts as unknown, not as nothing.",
    ),
    _Refusal(
        "Key Vault has had too many requests for too long",
        status=429,
        code="KeyVaultThrottled",
        next_step="Run again with fewer forks, or give the store a vault of its own.",
    ),
)
_OTHER = _Refusal(
    "Key Vault answers",
    code="KeyVaultRefused",
    next_step="What it says decides what is to be done; ask whoever runs it.",
)


def _codes(answer: requests.Response) -> frozenset[str]:
    """Of the error and of those in it."""
    found: list[str] = []
    error = json_mapping(answer.text).get("error")
    while isinstance(error, dict):
        found.append(str(error.get("code")))
        error = error.get("innererror")
    return frozenset(found)


def _message(answer: requests.Response) -> str:
    error = json_mapping(answer.text).get("error")
    text = error.get("message") if isinstance(error, dict) else None
    return one_line(" ".join(str(text or f"status {answer.status_code}").split()))[:300].rstrip(".")


def _trace(answer: requests.Response) -> Trace:
    ours = answer.request.headers.get("x-ms-client-request-id")
    return Trace(answer.status_code, answer.headers.get("x-ms-request-id"), ours)
