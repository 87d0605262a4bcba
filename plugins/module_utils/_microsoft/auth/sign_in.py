# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import logging
import time
import typing as t
from http import HTTPStatus

try:
    import msal
except ImportError as exc:
    MSAL_IMPORT_ERROR: ImportError | None = exc
else:
    MSAL_IMPORT_ERROR = None

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import sign_in_error
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import Credential
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token

# msal logs what it then raises; without a handler Python would print it to stderr as well.
logging.getLogger("msal").addHandler(logging.NullHandler())


class MsalHttp(t.Protocol):
    """What msal wants of an http_client."""

    def get(self, url: str, **kwargs: t.Any) -> t.Any: ...

    def post(self, url: str, **kwargs: t.Any) -> t.Any: ...


class ConfiguredOnce:
    """Asks an authority for its configuration once, however many applications of a tenant sign in."""

    def __init__(self, http: MsalHttp) -> None:
        self.post = http.post
        self._http = http
        self._known: dict[str, t.Any] = {}

    def get(self, url: str, **kwargs: t.Any) -> t.Any:
        if url not in self._known:
            answer = self._http.get(url, **kwargs)
            if answer.status_code != HTTPStatus.OK:
                return answer
            self._known[url] = answer
        return self._known[url]


class Application:
    """The application that signs in. Asks the authority for its configuration once, however many tokens follow."""

    def __init__(self, credential: Credential, *, authority_url: str, tenant: str, http: MsalHttp) -> None:
        self._credential = credential
        self._authority = f"{authority_url}/{tenant}"
        self._http = http
        self._msal: msal.ConfidentialClientApplication | None = None

    def token(self, resource_url: str) -> Token:
        """A new token for `resource_url`. Raises SignInError (AADSTS), EndpointError, InputError (certificate)."""
        try:
            client = self._client()
            # A cached token would still carry the roles of an hour ago.
            client.remove_tokens_for_client()
            answer = client.acquire_token_for_client(scopes=[f"{resource_url}/.default"])
        except (ValueError, KeyError) as exc:
            raise _discovery_error(exc, self._authority) from exc
        if "access_token" not in answer:
            raise sign_in_error(answer)
        # msal writes "expires_in" itself where the answer has none.
        return Token(str(answer["access_token"]), expires_at=time.time() + float(answer.get("expires_in") or 0))

    def _client(self) -> msal.ConfidentialClientApplication:
        if self._msal is None:
            # Instance discovery asks a fixed public host whether the authority is Microsoft's. The authority comes from
            # our own table or from the operator, so the question is needless, and impossible from closed networks.
            self._msal = msal.ConfidentialClientApplication(
                self._credential.client_id,
                client_credential=self._credential.for_msal(),
                authority=self._authority,
                instance_discovery=False,
                http_client=self._http,
            )
        return self._msal


def _discovery_error(exc: Exception, authority: str) -> SignInError:
    """msal tells every failure of the OpenID configuration as a ValueError; the answer's text is in its context."""
    text = f"{exc} {exc.__context__}"
    for code in (90002, 900023):
        if f"AADSTS{code}:" in text:
            return sign_in_error({"error_codes": [code]})
    return SignInError(
        f"{authority} does not answer like Microsoft Entra.",
        next_step="Check authority_url and cloud.",
        code="AuthorityNotAccepted",
    )
