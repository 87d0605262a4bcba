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
    ExchangeBusyError,
    ExchangeError,
    ExchangeRightError,
    ObjectMissingError,
    Trace,
    unknown_refusal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json, error_of

#: Whoever may give the right; New-ManagementRoleAssignment and access policies need no less.
GIVE_ROLE = (
    "A Privileged Role Administrator or Global Administrator of the tenant assigns the directory role "
    "Exchange Administrator to the service principal of the automation's application."
)

_MISSING = "ManagementObjectNotFoundException"
#: Of an object that is not there, where the answer tells no type; the first ends with the directory server's name.
_MISSING_TEXT = re.compile(
    r"object '.+' couldn.t be found on '[^']+'|Couldn.t find object \"[^\"]+\"\. Please make sure that", re.DOTALL
)
#: The automation may not run the cmdlet. A cmdlet that none of its roles holds is not known to it.
_RIGHTS = frozenset({"CommandNotFoundException", "CmdletAccessDeniedException", "UnauthorizedAccessException"})
#: The same by its text, with a status of 401 or 400 (MicrosoftDocs/office-docs-powershell issues 7970, 8927, 11332;
#: Microsoft365DSC issue 4530).
_RIGHTS_TEXT = re.compile(
    r"is not allowed to call|isn.t supported in this scenario|isn.t assigned to any management roles", re.IGNORECASE
)
#: The server took nothing up; the texts are what clients wait for (CIPP-API, ExoHelper).
_BUSY = frozenset({"OverBudgetException", "ServerBusyException", "ResourceUnhealthyException"})
_BUSY_TEXT = re.compile(r"maximum number of concurrent|over budget|server is busy", re.IGNORECASE)
#: What is put around the exception of a cmdlet.
_WRAPPERS = frozenset(
    {
        "DirectInvokeCmdletExecutionException",
        "ODataServiceException",
        "CmdletInvocationException",
        "RemoteException",
        "AggregateException",
    }
)
#: Types of whatever may be wrong with a recipient, and none: the text tells.
_SAY_NOTHING = frozenset({"", "RecipientTaskException", "TaskException", "LocalizedException"})
#: `Ex6F9304|Full.Type.Name|text`, as an exception is told; the error's id may be empty or missing, and the type be told
#: with its assembly.
_DETAIL = re.compile(r"(?:[^|]*\|)?\s*(?P<type>\w+(?:[.+`]\w+)+|\w+Exception)\s*(?:,[^|]*)?\|(?P<text>.*)", re.DOTALL)

_TAKEN = (
    "Another object has that name, alias or address, perhaps a deleted one, which keeps its address for a while. "
    "Choose another name, or an Exchange Administrator of the tenant gives the other object another one."
)
#: What stays refused until somebody changes something (learn.microsoft.com/exchange/troubleshoot,
#: proxy-address-being-used; MicrosoftDocs/office-docs-powershell issues 5045 and 9879; timmcmic/DLConversionV2).
_FOR_GOOD = {
    "ADObjectAlreadyExistsException": _TAKEN,
    "ManagementObjectAlreadyExistsException": _TAKEN,
    "ProxyAddressExistsException": _TAKEN,
    "ManagementObjectAmbiguousException": "Several objects go by that name: give an address or an id.",
    "DataValidationException": "Choose a value that Exchange takes: what it says names the property. An alias has no "
    "period at either end, and no two in a row.",
    "ProvisioningValidationException": "An administrator of the tenant does what Exchange says: most often the "
    "organization has no licence with Exchange Online, or the account none.",
    "InvalidADObjectOperationException": "It is synchronized from on premises: whoever tends the Active Directory "
    "there changes it, or you choose another one.",
    "NotAcceptedDomainException": "Choose an address in a domain that the organization has.",
    "OperationRequiresGroupManagerException": GIVE_ROLE,
    "ParameterBindingException": "This organization's Exchange does not take the cmdlet as it was sent: report it to "
    "the maintainers of this collection, with the request id.",
}
#: Types that decide what is to be done.
_KNOWN = frozenset({_MISSING, *_RIGHTS, *_BUSY, *_FOR_GOOD})
_NO_ROOM = (
    "The organization has no room for another access policy: an Exchange Administrator removes some that nothing needs "
    "any more, or shortens their descriptions; or use the mode rbac."
)
#: The same by its text, where no type is told or one that tells nothing (RecipientTaskException).
_FOR_GOOD_TEXTS = (
    (re.compile(r"already (being )?used|already exists", re.IGNORECASE), _TAKEN),
    (re.compile(r"synchronized from your on-premises", re.IGNORECASE), _FOR_GOOD["InvalidADObjectOperationException"]),
    (
        re.compile(r"total size of App Access Policies", re.IGNORECASE),
        _NO_ROOM,
    ),
    (
        re.compile(r"policy scope is not a security principal", re.IGNORECASE),
        "An access policy takes a mail-enabled security group: choose another name for the group.",
    ),
)

_NEXT_STEPS = {
    401: "The token was not accepted: check cloud and exchange_url.",
    429: "Exchange Online is throttled: run again in some minutes.",
    503: "Exchange Online is not available: run again later.",
}


class Refusal(t.NamedTuple):
    """What Exchange says of a refusal: the exception's short type ("" where none is told) and its text."""

    type: str
    text: str

    @property
    def is_missing(self) -> bool:
        return self.type == _MISSING or (self.type in _SAY_NOTHING and bool(_MISSING_TEXT.search(self.text)))

    @property
    def is_lack_of_rights(self) -> bool:
        return self.type in _RIGHTS or bool(_RIGHTS_TEXT.search(self.text))

    @property
    def is_busy(self) -> bool:
        return self.type in _BUSY or bool(_BUSY_TEXT.search(self.text))


def exchange_error(response: requests.Response, cmdlet: str, action: str) -> ExchangeError:
    """The typed error of an answer with status 400 or higher.

    The top message says little and texts come in the tenant's language, so the exception's type decides, and the text
    only where there is no type. A missing role shows as 403 with an empty body or one of NUL bytes (ExoHelper and
    CIPP-API read it so).
    """
    refusal = _refusal(error_of(response), response.headers.get("x-exceptiontype", ""))
    kind, next_step = _classify(response.status_code, refusal)
    said = f"{refusal.type or 'without a type'}, {refusal.text.rstrip('.') or 'no reason was given'}"
    request_id = response.headers.get("request-id") or response.headers.get("x-ms-request-id")
    error = kind(
        f"Exchange Online refused to {action} ({cmdlet}): {response.status_code} {said}.",
        next_step=next_step,
        code=refusal.type or f"HTTP{response.status_code}",
        trace=Trace(response.status_code, request_id, response.request.headers.get("client-request-id")),
    )
    error.reason = refusal.text
    return error


def is_missing(body: Json) -> bool:
    """Whether the body says that the object is absent."""
    error = body.get("error")
    return isinstance(error, dict) and _refusal(error).is_missing


def _classify(status: int, refusal: Refusal) -> tuple[type[ExchangeError], str]:
    if refusal.is_missing:
        return ObjectMissingError, RUN_AGAIN
    if refusal.is_lack_of_rights or status == 403:
        return ExchangeRightError, GIVE_ROLE
    if refusal.is_busy:
        return ExchangeBusyError, "Run again in some minutes."
    return ExchangeError, _for_good(refusal) or _NEXT_STEPS.get(status, unknown_refusal(status))


def _for_good(refusal: Refusal) -> str | None:
    by_text = (step for pattern, step in _FOR_GOOD_TEXTS if pattern.search(refusal.text))
    return _FOR_GOOD.get(refusal.type) or next(by_text, None)


def _refusal(error: Json, header: str = "") -> Refusal:
    """From where it is told best.

    Refusals of the endpoint (an unknown parameter) tell type and text in details and in internalexception alike. Those
    of a cmdlet tell them in details only, and internalexception, where it is there, only that there was one. `header`:
    X-ExceptionType, which has a type and no text.
    """
    told = [*_details(error), *_internal(error), _parsed("", str(error.get("message") or ""))]
    typed = next((refusal for refusal in told if refusal.type), None)
    # Around them mostly stands that of the endpoint itself, which says nothing.
    outer = _any_case(error, "innererror")
    around = _told(str(outer.get("type") or ""), told[0].text) if isinstance(outer, dict) else Refusal("", "")
    return typed or (around if around.type in _KNOWN else _told(header, told[0].text))


def _details(error: Json) -> t.Iterator[Refusal]:
    entries = error.get("details")
    for entry in entries if isinstance(entries, list) else (entries,):
        message = str(entry.get("message") or "") if isinstance(entry, dict) else ""
        if message:
            yield _parsed("", message)


def _internal(error: Json) -> t.Iterator[Refusal]:
    """The exception inside, and those inside of it."""
    inner = _any_case(error, "innererror")
    while isinstance(inner, dict):
        inner = _any_case(inner, "internalexception")
        if isinstance(inner, dict) and inner.get("message"):
            yield _parsed(str(inner.get("type") or ""), str(inner["message"]))


def _any_case(body: Json, name: str) -> t.Any:
    return next((value for key, value in body.items() if key.lower() == name), None)


def _parsed(type_name: str, message: str) -> Refusal:
    found = _DETAIL.fullmatch(message)
    return _told(found["type"], found["text"]) if found else _told(type_name, message)


def _told(type_name: str, text: str) -> Refusal:
    """The type without its namespace; none for a wrapper, which says nothing of what happened."""
    short = type_name.rsplit(".", 1)[-1].strip()
    return Refusal("" if short in _WRAPPERS else short, text.strip())
