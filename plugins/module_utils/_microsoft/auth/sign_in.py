# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import logging
import re
import typing as t
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

try:
    import msal
except ImportError as exc:
    MSAL_IMPORT_ERROR: ImportError | None = exc
else:
    MSAL_IMPORT_ERROR = None

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import (
    EXPLANATIONS,
    Who,
    sign_in_error,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import Authority
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import (
    ApplicationCredential,
    Tokens,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token

# msal logs what it then raises; without a handler Python would print it to stderr as well.
logging.getLogger("msal").addHandler(logging.NullHandler())


#: Asks an application of msal's for a token with these scopes.
Acquire: t.TypeAlias = "t.Callable[[t.Any, list[str]], dict[str, t.Any]]"


def _client_credentials(client: t.Any, scopes: list[str]) -> dict[str, t.Any]:
    client.remove_tokens_for_client()  # a cached one would still carry the roles of an hour ago
    return t.cast("dict[str, t.Any]", client.acquire_token_for_client(scopes=scopes))


class Application:
    """The application that signs in. Asks the authority for its configuration once, however many tokens follow."""

    def __init__(self, credential: ApplicationCredential, authority: Authority) -> None:
        self._credential = credential
        self._authority = authority.url
        self._http = authority.http
        self._remembered: dict[str, t.Any] = {}
        self._msal: t.Any = None

    def token(self, resource_url: str) -> Token:
        """A new token for `resource_url`. Raises SignInError (AADSTS), EndpointError, InputError (certificate)."""
        return self.token_of(self.ask(_client_credentials, resource_url))

    def ask(self, acquire: Acquire, resource_url: str) -> dict[str, t.Any]:
        """msal's answer to `acquire`, which has a token in it. Raises as `token`."""
        try:
            client = self._client()
            self._credential.require_valid(self._http.clock.now)
            # msal repeats a refusal out of its memory for a minute (throttled_http_client.py): whoever waits for a
            # change wants to know how it is now.
            self._remembered.clear()
            answer = acquire(client, [f"{resource_url}/.default"])
        except (ValueError, KeyError) as exc:
            raise self._discovery_error(exc) from exc
        if "access_token" not in answer:
            raise self._refused(answer, resource_url)
        return answer

    def token_of(self, answer: t.Mapping[str, t.Any]) -> Token:
        # msal writes "expires_in" itself where the answer has none.
        lifetime = float(answer.get("expires_in") or 0)
        return Token(str(answer["access_token"]), expires_at=self._http.clock.now.timestamp() + lifetime)

    def _client(self) -> t.Any:
        if self._msal is None:
            own = self._credential.for_msal(self._http.clock.now)
            kind = msal.PublicClientApplication if own is None else msal.ConfidentialClientApplication
            # Instance discovery asks a fixed public host whether the authority is Microsoft's. The authority comes from
            # our own table or from the operator, so the question is needless, and impossible from closed networks.
            self._msal = kind(
                self._credential.client_id,
                client_credential=own,
                authority=self._authority,
                instance_discovery=False,
                http_client=self._http,
                http_cache=self._remembered,
            )
        return self._msal

    def _refused(self, answer: t.Mapping[str, t.Any], resource_url: str) -> SignInError:
        error = sign_in_error(answer, self._credential.who, resource_url)
        if error.code == _NOT_VALID_NOW and self._http.clock.skew:
            error.message = f"{error.message.rstrip('.')}, {self._http.clock.skew}."
        return error

    def _discovery_error(self, exc: Exception) -> SignInError:
        """msal tells every failure of the OpenID configuration as a ValueError; the answer's text is in its context."""
        codes = [int(code) for code in _CODE.findall(f"{exc} {exc.__context__}")]
        if any(code in EXPLANATIONS for code in codes):
            return sign_in_error({"error_codes": codes}, self._credential.who)
        return SignInError(
            f"{self._authority} does not answer like Microsoft Entra.",
            next_step="Check authority_url and cloud.",
            code="AuthorityNotAccepted",
        )


#: Of a client assertion.
@dataclass(frozen=True)
class OwnCredential(ABC):
    """What an application shows to Microsoft Entra in its own name: an ApplicationCredential."""

    client_id: str
    delegated: t.ClassVar[bool] = False
    has_consent_page: t.ClassVar[bool] = True

    @property
    def who(self) -> Who:
        return Who(self.client_id)

    def sign_in(self, authority: Authority) -> Tokens:
        return Application(self, authority)

    @abstractmethod
    def for_msal(self, now: datetime) -> t.Any: ...

    @abstractmethod
    def require_valid(self, now: datetime) -> None: ...


_NOT_VALID_NOW = "AADSTS700024"
_CODE = re.compile(r"AADSTS(\d+):")
