# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of Microsoft Graph in their wire form."""

from __future__ import annotations

from typing import NamedTuple

from emulator.call import Answer, Body, Call, Refusal
from emulator.exchange.errors import ExchangeError
from emulator.exchange.store.conflicts import ExchangeConflict
from emulator.exchange.store.conflicts import Reason as ExchangeReason
from emulator.graph.store.conflicts import Conflict, Reason


class Form(NamedTuple):
    status: int
    code: str
    message: str


BAD = "Request_BadRequest"
DENIED = "Authorization_RequestDenied"
SAME_KEY = "Request_MultipleObjectsWithSameKeyValue"

# Messages are matched by clients, hence word by word as reported (terraform-provider-azuread, public issues). The
# status for an existing service principal and an existing delegated grant is not confirmed.
CONFLICTS: dict[Reason, Form] = {
    Reason.UNIQUE_NAME_TAKEN: Form(
        400, BAD, "Another object with the same value for property uniqueName already exists."
    ),
    Reason.UNIQUE_NAME_FIXED: Form(400, BAD, "Property 'uniqueName' is read-only and cannot be set."),
    Reason.NO_SUCH_APPLICATION: Form(
        400, BAD, "The appId '{}' of the service principal does not reference a valid application object."
    ),
    Reason.BACKING_APPLICATION_ELSEWHERE: Form(
        403,
        DENIED,
        "When using this permission, the backing application of the service principal being created must in the "
        "local tenant",
    ),
    Reason.SERVICE_PRINCIPAL_EXISTS: Form(
        409,
        SAME_KEY,
        "The service principal cannot be created, updated, or restored because the service principal name {} is "
        "already in use.",
    ),
    Reason.ALREADY_ASSIGNED: Form(400, BAD, "Permission being assigned already exists on the object"),
    Reason.NO_SUCH_ROLE: Form(400, BAD, "Permission being assigned was not found on application"),
    Reason.NOT_A_VALID_REFERENCE: Form(400, BAD, "Not a valid reference update"),
    Reason.GRANT_EXISTS: Form(409, SAME_KEY, "Permission entry already exists."),
    Reason.OWNER_EXISTS: Form(
        400, BAD, "One or more added object references already exist for the following modified properties: 'owners'."
    ),
    Reason.NO_SUCH_KEY: Form(400, BAD, "No password credential found with keyId '{}'."),
    Reason.BAD_LIFETIME: Form(400, BAD, "Key credential end date is invalid."),
    Reason.BAD_CERTIFICATE: Form(400, BAD, "Key credential value is not a certificate."),
    # Code and message as people report them of applications that lock their service principals.
    Reason.PRINCIPAL_LOCKED: Form(400, "CannotUpdateLockedServicePrincipalProperty", "Property {} is invalid."),
    Reason.FEDERATED_TAKEN: Form(
        409, SAME_KEY, "FederatedIdentityCredential with name {} or the same issuer and subject already exists."
    ),
    Reason.TOO_MANY_FEDERATED: Form(400, BAD, "No more than 20 federated identity credentials can be added."),
    Reason.FEDERATED_NAME_FIXED: Form(400, BAD, "Property 'name' is read-only and cannot be set."),
    Reason.POLICY_ASSIGNED: Form(400, BAD, "Only one app management policy can be assigned to an object."),
    Reason.SECRETS_NOT_ALLOWED: Form(
        400,
        "CredentialTypeNotAllowedAsPerAppPolicy",
        "Credential type not allowed as per assigned policy '{}'.",
    ),
    Reason.LIFETIME_NOT_ALLOWED: Form(
        400,
        "CredentialInvalidLifetimeAsPerAppPolicy",
        "Credential lifetime exceeds the max value allowed as per assigned policy '{}'.",
    ),
    Reason.NO_SUCH_DIRECTORY_ROLE: Form(400, BAD, "The role definition '{}' was not found."),
    Reason.NO_SUCH_PRINCIPAL: Form(
        404,
        "Request_ResourceNotFound",
        "Resource '{}' does not exist or one of its queried reference-property objects are not present.",
    ),
    Reason.DIRECTORY_ROLE_ASSIGNED: Form(
        400,
        BAD,
        "A conflicting object with one or more of the specified property values is present in the directory.",
    ),
}


class GraphError(Refusal):
    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = self.why = code
        self.message = message
        self.headers = headers or {}

    def answer(self, call: Call) -> Answer:
        return Answer(self.status, error_body(call, self.code, self.message), dict(self.headers))


def error_body(call: Call, code: str, message: str) -> Body:
    """The field order and the zoneless date of recordings 10 and 11."""
    inner = {
        "date": call.world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": call.request_id,
        "client-request-id": call.client_request_id,
    }
    return {"error": {"code": code, "message": message, "innerError": inner}}


def of_conflict(conflict: Conflict) -> GraphError:
    form = CONFLICTS[conflict.reason]
    return GraphError(form.status, form.code, form.message.replace("{}", conflict.subject))


def of_exchange_conflict(conflict: ExchangeConflict) -> GraphError:
    """How Graph words what Exchange refuses is not documented, hence Exchange's own type and text."""
    if conflict.reason is ExchangeReason.NOT_FOUND:
        return not_found(conflict.subjects[0])
    error = ExchangeError.of_conflict(conflict)
    return malformed(f"|{error.type}|{error.text('en')}")


def not_found(key: str) -> GraphError:
    message = f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Request_ResourceNotFound", message)


def denied() -> GraphError:
    return GraphError(403, DENIED, "Insufficient privileges to complete the operation.")


def bad_request(message: str) -> GraphError:
    return GraphError(400, BAD, message)


def malformed(message: str) -> GraphError:
    """What the protocol layer says no to, before the directory is asked."""
    return GraphError(400, "BadRequest", message)


def unsupported_query(message: str) -> GraphError:
    return GraphError(400, "Request_UnsupportedQuery", message)


def unknown(error: GraphError, what: str) -> GraphError:
    """A refusal of what the emulator does not know, although Microsoft might: the log says so."""
    error.unknown = what
    return error


def unknown_segment(segment: str) -> GraphError:
    return unknown(malformed(f"Resource not found for the segment '{segment}'."), f"path segment {segment}")


def nobody_is_me() -> GraphError:
    return malformed("/me request is only valid with delegated authentication flow.")


def unknown_method(method: str) -> GraphError:
    error = GraphError(405, BAD, "Specified HTTP method is not allowed for the request target.")
    return unknown(error, f"method {method}")


# --- mailboxes: Exchange's own codes, as reported in public issues --------------------------------------------------


def access_denied() -> GraphError:
    """No permission at all, or a mailbox outside of the application's Exchange role: not to be told apart."""
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def blocked_by_policy() -> GraphError:
    """Same status and code as above (auth-limit-mailbox-access): only the message names the access policy."""
    message = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."
    return GraphError(403, "ErrorAccessDenied", message)


def invalid_user(name: str) -> GraphError:
    return GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")


def no_mailbox() -> GraphError:
    message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
    return GraphError(404, "MailboxNotEnabledForRESTAPI", message)


def cannot_be_asked(code: str) -> GraphError:
    """Of a mailbox that Exchange lists (public reports: graph-docs-contrib 405; microsoft-graph-docs 10745)."""
    if code == "ErrorMailboxMoveInProgress":
        return GraphError(503, code, "Mailbox move in progress. Try again later.")
    return GraphError(404, code, "The mailbox is either inactive, soft-deleted, or is hosted on-premise.")


def no_time_window() -> GraphError:
    message = (
        "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime."
    )
    return GraphError(400, "ErrorInvalidParameter", message)


def validation_failure() -> GraphError:
    """All that Graph tells of an event that cannot be (microsoft-graph-docs 7919)."""
    return GraphError(400, "ErrorPropertyValidationFailure", "At least one property failed validation.")


def no_such_time_zone(name: str) -> GraphError:
    """microsoft-graph-docs 4758, 6870."""
    message = f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
    return GraphError(400, "TimeZoneNotSupportedException", message)


def no_such_item() -> GraphError:
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def duplicate_transaction() -> GraphError:
    message = "Your request can't be completed. An event with the same transactionId was already created."
    return GraphError(409, "ErrorDuplicateTransactionId", message)


def invalid_schedule() -> GraphError:
    """calendar-getschedule: up to 62 days, slots of 5 to 1440 minutes; up to 20 mailboxes."""
    return GraphError(400, "ErrorInvalidParameter", "The requested schedules, time window or interval are not valid.")


def invalid_item_id() -> GraphError:
    return GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def not_emulated(what: str) -> GraphError:
    return unknown(GraphError(501, "NotImplemented", f"The emulator has no {what}."), what)


def invalid_recipients(reason: str) -> GraphError:
    return GraphError(400, "ErrorInvalidRecipients", f"At least one recipient is not valid., {reason}")


def too_large() -> GraphError:
    return GraphError(413, "RequestEntityTooLarge", "The request body is too large.")


def not_mime_in_base64() -> GraphError:
    """outlook-send-mime-message, "Errors"."""
    return GraphError(400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.")


def send_as_denied() -> GraphError:
    message = (
        "The user account which was used to submit this request does not have the right to send mail on behalf of the "
        "specified sending account., Cannot submit message."
    )
    return GraphError(403, "ErrorSendAsDenied", message)


def invalid_token(call: Call, message: str) -> GraphError:
    challenge = (
        f'Bearer realm="", authorization_uri="{call.origin}/common/oauth2/authorize", '
        'client_id="00000003-0000-0000-c000-000000000000"'
    )
    return GraphError(401, "InvalidAuthenticationToken", message, {"www-authenticate": challenge})
