# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import json
import typing as t
from dataclasses import dataclass
from http import HTTPStatus

with contextlib.suppress(ImportError):  # told by each task
    import msal

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import EndpointError, SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import Who
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import Authority
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import Tokens
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token

#: Seconds to connect and to wait: who answers is this machine, or nobody.
_TIMEOUT = (3, 30)
_RETRIES = 5
#: It is being updated, or has had too many requests (learn.microsoft.com, "How to use managed identities on a virtual
#: machine to acquire an access token", Retry guidance).
_BUSY = frozenset({410, 429})
_ELSEWHERE = (
    "auth_kind managed_identity works on the Azure resource that has the identity, and on servers with Azure Arc; "
    "elsewhere sign in with a certificate or a federated token."
)


@dataclass(frozen=True)
class ManagedIdentity:
    """The identity of the Azure resource that this machine is; it signs in to its own tenant only.

    `client_id`: of a user-assigned identity; empty for the system-assigned one.
    """

    client_id: str = ""
    delegated: t.ClassVar[bool] = False
    has_consent_page: t.ClassVar[bool] = False

    @property
    def who(self) -> Who:
        return Who(self.client_id or "its system-assigned managed identity")

    def sign_in(self, authority: Authority) -> Tokens:
        return _OfOwnTenant(self, authority)

    def token(self, authority: Authority, resource: str) -> Token:
        """Whatever tenant it is of. Raises SignInError, EndpointError."""
        wanted = (
            msal.UserAssignedManagedIdentity(client_id=self.client_id)
            if self.client_id
            else msal.SystemAssignedManagedIdentity()
        )
        neighbour = _Neighbour(authority)
        try:
            # A new client each time: msal's own memory would repeat tokens and refusals.
            client = msal.ManagedIdentityClient(wanted, http_client=neighbour)
            answer = client.acquire_token_for_client(resource=resource)
        except EndpointError as error:
            error.message = f"No managed identity is offered here. {error.message}"
            error.next_step = _ELSEWHERE
            raise
        except json.JSONDecodeError as exc:
            raise self._refused("its answer is no JSON", neighbour.status) from exc
        except ValueError as exc:  # what msal raises for a platform that it does not ask
            raise self._refused(exc, neighbour.status) from exc
        if "access_token" not in answer:
            told = answer.get("error_description") or answer.get("error") or f"status {neighbour.status}"
            raise self._refused(told, neighbour.status)
        lifetime = float(answer.get("expires_in") or 0)
        return Token(str(answer["access_token"]), expires_at=authority.http.clock.now.timestamp() + lifetime)

    def _refused(self, reason: t.Any, status: int) -> SignInError:
        why = str(reason).rstrip(".")
        if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return SignInError(
                f"The machine's own endpoint does not sign in {self.who} now: {why}.",
                next_step="Run again in some minutes: the endpoint is busy, or being updated.",
                code="ManagedIdentityBusy",
            )
        return SignInError(
            f"Sign-in of {self.who} refused by the machine's own endpoint: {why}.",
            next_step="Assign the identity to this resource in Azure, and give its client ID in auth_client_id (for "
            "federation: auth_managed_identity_client_id) where it is user-assigned.",
            code="ManagedIdentityRefused",
        )


@dataclass(frozen=True)
class ManagedIdentityAssertion:
    """A user-assigned managed identity in the place of an application's secret: for the tenants of customers
    (learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity)."""

    identity: ManagedIdentity

    def assertion(self, authority: Authority) -> str:
        return self.identity.token(authority, authority.token_exchange).value


def _is_readable(text: str) -> bool:
    try:
        body = json.loads(text)
    except ValueError:
        return True  # msal tells that itself
    if not isinstance(body, dict):
        return False
    given = [body.get(name) for name in ("access_token", "expires_in", "expires_on") if name in body]
    return all(found and isinstance(found, str | int) for found in given)


@dataclass(frozen=True)
class _OfOwnTenant:
    identity: ManagedIdentity
    authority: Authority

    def token(self, resource_url: str) -> Token:
        token = self.identity.token(self.authority, resource_url)
        own, asked = str(token.claims.get("tid")), self.authority.directory_id
        if own != asked:
            raise SignInError(
                f"The managed identity is of tenant {own}, and such a one signs in to its own tenant only.",
                next_step="For other tenants register a multi-tenant application beside the identity, with a federated "
                "credential for it, and use auth_kind federated_managed_identity.",
                code="ManagedIdentityOfAnotherTenant",
            )
        return token


class _Neighbour:
    """How msal asks this machine's own endpoint: without a proxy, soon given up. `status`: of the last answer."""

    def __init__(self, authority: Authority) -> None:
        self._http = authority.http
        self.status = 0

    def get(self, url: str, **kwargs: t.Any) -> t.Any:
        return self._asked("GET", url, **kwargs)

    def post(self, url: str, **kwargs: t.Any) -> t.Any:
        return self._asked("POST", url, **kwargs)

    def _asked(self, method: str, url: str, **kwargs: t.Any) -> t.Any:
        """Raises ValueError for what msal would read without a look at its type."""
        answer = self._http.request(method, url, neighbour=True, timeout=_TIMEOUT, retries=_RETRIES, **kwargs)
        self.status = answer.status_code
        if answer.status_code != HTTPStatus.UNAUTHORIZED and not _is_readable(answer.text):
            raise ValueError("its answer is none of a managed identity's endpoint")
        return answer

    def close(self) -> None:
        """The connection is everybody's."""
