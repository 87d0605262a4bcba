# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    import requests

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    RUN_AGAIN,
    ExchangeBusyError,
    ExchangeError,
    ExchangeRightError,
    ObjectMissingError,
    Trace,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json, json_object

#: Whoever may give the right; New-ManagementRoleAssignment and access policies need no less.
GIVE_ROLE = (
    "A Privileged Role Administrator or Global Administrator of the tenant assigns the directory role "
    "Exchange Administrator to the service principal of the automation's application."
)

_MISSING = "ManagementObjectNotFoundException"

_NEXT_STEPS = {
    401: "The token was not accepted: check cloud and exchange_url.",
    429: "Exchange Online is throttled: run again in some minutes.",
    503: "Exchange Online is not available: run again later.",
}


def exchange_error(response: requests.Response, cmdlet: str, action: str) -> ExchangeError:
    """The typed error of an answer with status 400 or higher.

    The top message says little and texts come in the tenant's language, so the exception's type decides. A missing role
    shows as 403 with an empty body or one of NUL bytes (ExoHelper and CIPP-API read it so).
    """
    error = _error_body(response)
    kind_name, text = _innermost(error)
    kind, next_step = _classify(response.status_code, kind_name, text)
    said = f"{kind_name or 'without a type'}, {text.rstrip('.') or 'no reason was given'}"
    request_id = response.headers.get("request-id") or response.headers.get("x-ms-request-id")
    return kind(
        f"Exchange Online refused to {action} ({cmdlet}): {response.status_code} {said}.",
        next_step=next_step,
        code=kind_name or f"HTTP{response.status_code}",
        trace=Trace(response.status_code, request_id, response.request.headers.get("client-request-id")),
    )


def is_missing(body: Json) -> bool:
    """Whether the body says that the object is absent."""
    error = body.get("error")
    return isinstance(error, dict) and _innermost(error)[0] == _MISSING


def _classify(status: int, kind_name: str, text: str) -> tuple[type[ExchangeError], str]:
    if kind_name == _MISSING:
        return ObjectMissingError, RUN_AGAIN
    if kind_name == "CommandNotFoundException" or status == 403:
        return ExchangeRightError, GIVE_ROLE
    if "maximum number of concurrent" in text:
        return ExchangeBusyError, "Run again in some minutes."
    return ExchangeError, _NEXT_STEPS.get(status, RUN_AGAIN)


def _error_body(response: requests.Response) -> Json:
    error = (json_object(response) or {}).get("error")
    return error if isinstance(error, dict) else {}


def _innermost(error: Json) -> tuple[str, str]:
    """(short exception type, text) from where they are told best: internalexception, details, message."""
    inner = error.get("innererror")
    internal = inner.get("internalexception") if isinstance(inner, dict) else None
    if isinstance(internal, dict) and internal.get("message"):
        return _short(str(internal.get("type") or "")), str(internal["message"])
    details = error.get("details")
    if isinstance(details, list) and details and isinstance(details[0], dict) and details[0].get("message"):
        return _split(str(details[0]["message"]))
    return "", str(error.get("message") or "")


def _split(message: str) -> tuple[str, str]:
    """`|Full.Type.Name|text`"""
    parts = message.split("|", 2)
    return (_short(parts[1]), parts[2]) if len(parts) == 3 and not parts[0] else ("", message)


def _short(type_name: str) -> str:
    return type_name.rsplit(".", 1)[-1]
