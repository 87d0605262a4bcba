# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    import requests

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    RUN_AGAIN,
    ForbiddenError,
    GraphError,
    NotFoundError,
    PolicyError,
    Trace,
    unknown_refusal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import error_of

_POLICY_CODES = {
    "CredentialTypeNotAllowedAsPerAppPolicy": "An Application Administrator or Global Administrator of the tenant "
    "assigns the application an app management policy of its own that allows client secrets, or excepts it from this "
    "one.",
    "CredentialInvalidLifetimeAsPerAppPolicy": "Choose a shorter valid_for, or leave it out to take what is allowed.",
    "SignInAudienceNotAllowedAsPerAppPolicy": "Choose a sign_in_audience that the tenant's policy allows.",
}

#: The token is well, but does not carry what the request wants.
_LACKS_A_ROLE = frozenset({"Authorization_RequestDenied", "NoPermissionsInAccessToken"})

#: Whatever the status is.
_BY_CODE = {
    "Directory_QuotaExceeded": "The creator's or the tenant's object quota is full: delete objects permanently.",
    # Of mailboxes, with a status of 401 (python-o365 issue 757; msgraph-sdk-java-auth issue 35).
    "OrganizationFromTenantGuidNotFound": "A Global Administrator of the tenant gives it a licence with Exchange "
    "Online.",
}
_NEXT_STEPS = {
    401: "The token was not accepted: check cloud and graph_url.",
    429: "The tenant is throttled: run again in some minutes.",
    503: "Microsoft Graph is not available: run again later.",
}


CONCURRENCY = "Directory_ConcurrencyViolation"
_BUSY = "Something else changes the tenant at the same time: run again in some minutes."
_TAKEN = (
    "Running again does not help while another object holds that key. Somebody with the role Application Administrator "
    "looks for it in the Entra admin centre, among the deleted objects as well, and removes or renames it."
)

#: By its text, since its code says nothing (jpazureid/blog pull request 492; microsoft/coe-starter-kit issue 3695;
#: wso2/docs-apim pull request 10892).
_TOO_MANY_SECRETS = re.compile(
    r"maximum of \d+ (encrypted credentials|passwords)|credential limit has been reached", re.IGNORECASE
)
_REMOVE_A_SECRET = (
    "The application has as many client secrets as it may have (two where personal accounts may sign in): remove one "
    "that nothing uses any more (App registrations, Certificates & secrets)."
)

_NOT_FOUND = "Request_ResourceNotFound"
_BAD_REQUEST = "Request_BadRequest"
SAME_KEY = "Request_MultipleObjectsWithSameKeyValue"
#: What a bad request may mean, where only its text says so (CIPP-API pull request 1970; azure-docs-powershell issue
#: 599; msgraph-bicep-types issue 137; CIPP issue 1142).
_BY_TEXT = (
    (re.compile(r"credential type not allowed as per", re.IGNORECASE), "CredentialTypeNotAllowedAsPerAppPolicy"),
    (re.compile(r"credential lifetime exceeds the max", re.IGNORECASE), "CredentialInvalidLifetimeAsPerAppPolicy"),
    (re.compile(r"another object with the same value for property|is already in use", re.IGNORECASE), SAME_KEY),
)
#: The codes that mean something here, by their lower case.
_DOCUMENTED = {code.lower(): code for code in (*_POLICY_CODES, *_BY_CODE, *_LACKS_A_ROLE, _NOT_FOUND, CONCURRENCY)}

ReadT = t.TypeVar("ReadT")


def graph_error(response: requests.Response, action: str) -> GraphError | PolicyError:
    """The typed error of an answer with status 400 or higher (body: learn.microsoft.com/graph/errors)."""
    error = error_of(response)
    code, message = str(error.get("code") or ""), str(error.get("message") or "").rstrip(".")
    inner = error.get("innerError") or error.get("innererror")
    request_id = response.headers.get("request-id") or (inner.get("request-id") if isinstance(inner, dict) else None)
    kind, next_step = _classify(response.status_code, _meant(code, message))
    if _TOO_MANY_SECRETS.search(message):
        next_step = _REMOVE_A_SECRET
    return kind(
        f"Microsoft Graph refused to {action}: {response.status_code} {code or 'without a code'}"
        f"{f', {message}' if message else ''}.",
        next_step=next_step,
        code=code or f"HTTP{response.status_code}",
        trace=Trace(response.status_code, request_id, response.request.headers.get("client-request-id")),
    )


def is_not_found(body: t.Any) -> bool:
    """Whether this body of a 404 is Graph's own, and so means that the object is absent."""
    error = body.get("error") if isinstance(body, dict) else None
    return isinstance(error, dict) and str(error.get("code")).lower() == _NOT_FOUND.lower()


def _meant(code: str, message: str) -> str:
    """The code as it is documented, whatever its case; by the text where it says only that the request is bad."""
    if code in ("", _BAD_REQUEST):
        return next((meant for pattern, meant in _BY_TEXT if pattern.search(message)), code)
    return _DOCUMENTED.get(code.lower(), code)


def _classify(status: int, code: str) -> tuple[type[GraphError] | type[PolicyError], str]:
    if code in _POLICY_CODES:
        return PolicyError, _POLICY_CODES[code]
    if status == 404 and code == _NOT_FOUND:
        return NotFoundError, RUN_AGAIN
    if code in _BY_CODE:
        return GraphError, _BY_CODE[code]
    if (status == 403 and code) or (status == 401 and code in _LACKS_A_ROLE):
        # Authorization_RequestDenied or AccessDenied, as services will have it; a proxy's page has no code.
        return ForbiddenError, "The automation's application lacks a right in this tenant (see the README's table)."
    if status == 409 or code == SAME_KEY:
        return GraphError, _BUSY if code in ("", CONCURRENCY) else _TAKEN
    return GraphError, _NEXT_STEPS.get(status, unknown_refusal(status))


def is_taken(error: GraphError) -> bool:
    """Whether what shall be made is there, or something else that has its key."""
    if error.trace.status == 409:
        return error.code != CONCURRENCY
    return any(meant == SAME_KEY and pattern.search(error.message) for pattern, meant in _BY_TEXT)


def optional(read: t.Callable[[], ReadT]) -> ReadT | None:
    """What `read` gives; None where Graph refuses it, under whatever name: nothing may depend on it.

    A missing right or licence, or a cloud without the feature, shows as 400, 403, 404 or 501 and in many codes. What is
    no refusal of the read is raised: no answer of Graph's, a token that is not accepted, throttling, a fault of Graph.
    """
    try:
        return read()
    except GraphError as error:
        status = error.trace.status
        # What a batch said is absent carries no status.
        if isinstance(error, ForbiddenError | NotFoundError):
            return None
        if status is None or status in (401, 429) or (status >= 500 and status != 501):
            raise
        return None
