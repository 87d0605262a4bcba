# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import json
import typing as t
from dataclasses import dataclass

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
        try:
            # A new client each time: msal's own memory would repeat tokens and refusals.
            client = msal.ManagedIdentityClient(wanted, http_client=_Neighbour(authority))
            answer = client.acquire_token_for_client(resource=resource)
        except EndpointError as error:
            error.message = f"No managed identity is offered here. {error.message}"
            error.next_step = _ELSEWHERE
            raise
        except json.JSONDecodeError as exc:
            raise self._refused("its answer is no JSON") from exc
        except ValueError as exc:  # what msal raises for a platform that it does not ask
            raise self._refused(exc) from exc
        if "access_token" not in answer:
            raise self._refused(answer.get("error_description") or answer.get("error"))
        lifetime = float(answer.get("expires_in") or 0)
        return Token(str(answer["access_token"]), expires_at=authority.http.clock.now.timestamp() + lifetime)

    def _refused(self, reason: t.Any) -> SignInError:
        return SignInError(
            f"Sign-in of {self.who} refused by the machine's own endpoint: {str(reason).rstrip('.')}.",
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
    """How msal asks this machine's own endpoint: without a proxy, soon given up."""

    def __init__(self, authority: Authority) -> None:
        self._http = authority.http

    def get(self, url: str, **kwargs: t.Any) -> t.Any:
        return self._http.request("GET", url, neighbour=True, timeout=_TIMEOUT, retries=_RETRIES, **kwargs)

    def post(self, url: str, **kwargs: t.Any) -> t.Any:
        return self._http.request("POST", url, neighbour=True, timeout=_TIMEOUT, retries=_RETRIES, **kwargs)

    def close(self) -> None:
        """The connection is everybody's."""
