# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass

#: The next step for what nobody can say more about: the cause may pass, or Microsoft's support knows it.
RUN_AGAIN = "Run again in some minutes; should it stay so, ask Microsoft's support with the request id."
#: For a refusal of which nothing is known, and which the same request will meet again.
REFUSED = (
    "What Microsoft says of it decides what is to be done; until then another run ends alike. Where that says too "
    "little, ask Microsoft's support with the request id."
)


def unknown_refusal(status: int) -> str:
    """The next step where a status from 400 on says no more: what the server could not do passes by itself."""
    return REFUSED if status < 500 and status != 408 else RUN_AGAIN


@dataclass(frozen=True)
class Trace:
    """What Microsoft's support asks for: HTTP status, Microsoft's id of the request and ours."""

    status: int | None = None
    request_id: str | None = None
    client_request_id: str | None = None


class ConnectorError(Exception):
    """A foreseeable fault, told so that the operator knows what to do.

    ConnectorError
      InputError            the inventory or the task says something impossible; nothing was sent
      EndpointError         no usable connection to an endpoint (name, route, certificate)
      SignInError           Microsoft Entra refused the sign-in (AADSTS code)
        NoExchangeError     there is no Exchange Online to sign in to
      GraphError            Microsoft Graph refused a request
        NotFoundError       404 Request_ResourceNotFound: the object is absent
        ForbiddenError      403 Authorization_RequestDenied: the automation lacks a right
      ExchangeError         Exchange Online refused a cmdlet
        ObjectMissingError  ManagementObjectNotFoundException: the object is absent
        ExchangeRightError  the automation may not run the cmdlet
        ExchangeBusyError   too many requests at once; the cmdlet was not run
      ProofError            signed in as the registration, something is not as it should be
      UnexpectedAnswerError an answer of Microsoft's is not as documented; nothing was done on it
      ReplicationError      an object that was written stayed invisible for too long
      AmbiguityError        several objects match, or one that nobody allowed us to take
      PolicyError           a policy of the tenant forbids what was asked
      StoreError            the secret store cannot be used
    """

    def __init__(
        self,
        message: str,
        *,
        next_step: str = "",
        code: str = "",
        trace: Trace | None = None,
        details: t.Sequence[t.Mapping[str, t.Any]] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.code = code or type(self).__name__
        self.trace = trace or Trace()
        self.details = tuple(details)

    def sentence(self, tenant: str) -> str:
        """Everything for a person in one line: tenant, what happened, who must do what, request id."""
        parts = [f"Tenant {tenant}: {self.message}" if tenant else self.message, self.next_step]
        if self.trace.request_id:
            parts.append(f"[request-id {self.trace.request_id}]")
        return " ".join(part for part in parts if part)

    def failure(self, tenant: str) -> dict[str, t.Any]:
        """The same as data, for playbooks."""
        return {
            "tenant": tenant,
            "code": self.code,
            "message": self.message,
            "next_step": self.next_step,
            **vars(self.trace),
            "details": [dict(detail) for detail in self.details],
        }


class InputError(ConnectorError):
    pass


class EndpointError(ConnectorError):
    pass


class SignInError(ConnectorError):
    pass


class NoExchangeError(SignInError):
    pass


class GraphError(ConnectorError):
    pass


class NotFoundError(GraphError):
    pass


class ForbiddenError(GraphError):
    pass


class ExchangeError(ConnectorError):
    """`reason`: Exchange's own text, in the tenant's language."""

    reason = ""


class ObjectMissingError(ExchangeError):
    pass


class ExchangeRightError(ExchangeError):
    pass


class ExchangeBusyError(ExchangeError):
    pass


class ProofError(ConnectorError):
    pass


class UnexpectedAnswerError(ConnectorError):
    pass


class ReplicationError(ConnectorError):
    pass


class AmbiguityError(ConnectorError):
    pass


class PolicyError(ConnectorError):
    pass


class StoreError(ConnectorError):
    pass
