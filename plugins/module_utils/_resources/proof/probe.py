# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

if t.TYPE_CHECKING:
    import requests

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ConnectorError,
    ForbiddenError,
    GraphError,
    SignInError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import (
    Api,
    Json,
    is_about_the_token,
    json_object,
    says_error,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.session import TokenSource
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import graph_error
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.judge import judge
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.model import (
    Desired,
    Evidence,
    Judgement,
    Mailbox,
    Seen,
    Verdict,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tries

#: Sign-in errors that pass by themselves while a secret or an application is young.
YOUNG_SECRET = {
    "AADSTS7000215": "Microsoft Entra does not know the new client secret everywhere yet.",
    "AADSTS700016": "Microsoft Entra does not know the new application everywhere yet.",
    "AADSTS7000229": "Microsoft Entra does not know the new service principal everywhere yet.",
}
_YOUNG = timedelta(minutes=10)
PAUSE = 5.0
#: Of 401 and 403 from a mailbox: the service in front of it sees no role in the token (public reports: python-o365
#: issues 446, 448, 763; microsoft-graph-docs 5673; laravel-msgraph-mail 4). It passes some time after the grant.
_NO_ROLE = frozenset({"NoPermissionsInAccessToken", "Authorization_RequestDenied", "Authorization_IdentityNotFound"})
#: Likewise, but nothing about access to this mailbox: what was asked does not fit the sender.
_OTHER = frozenset({"ErrorSendAsDenied"})
_LOOK_AT_MAILBOX = (
    "The registration asked, not the automation. An Exchange Administrator looks at that mailbox: what Microsoft says "
    "is about the mailbox itself, not about access to it."
)
#: What an access policy's refusal says of itself (learn.microsoft.com/graph/auth-limit-mailbox-access).
_BY_POLICY = "[RAOP]"
#: What Exchange lists may not answer all the same, whoever asks: young, without a licence, on premises, on the move
#: (public reports: graph-docs-contrib 405; microsoft-graph-docs 10745; python-o365 438, 757; graph-explorer-v4 3143;
#: ErrorAccountDisabled: the list of EWS response codes). Any 404 with a code, too.
_CANNOT_ANSWER = frozenset(
    {
        "MailboxNotEnabledForRESTAPI",
        "MailboxNotSupportedForRESTAPI",
        "MailboxNotHostedInExchangeOnline",
        "OrganizationFromTenantGuidNotFound",
        "ErrorInvalidUser",
        "ErrorNonExistentMailbox",
        "ErrorMailboxMoveInProgress",
        "ErrorMailboxStoreUnavailable",
        "ErrorAccountDisabled",
        "MailboxInfoStale",
    }
)
#: So many mailboxes with a fault of the service's, and it is not theirs.
_MOST_UNWELL = 3


class Registration:
    """Signed in as the registration itself: a token of its own, and requests to mailboxes with it."""

    def __init__(self, api: Api, tokens: TokenSource, secret_since: datetime) -> None:
        self._api = api
        self._tokens = tokens
        self._secret_since = secret_since

    @property
    def now(self) -> datetime:
        return self._api.now

    def judged(self, desired: Desired, *, sign_in_wait: timedelta, exchange_wait: timedelta) -> Judgement:
        """Looks again until all is well or has failed for good, within the two waits."""
        judgement, evidence = self._judge(desired)
        if judgement.state == "waiting_for_exchange" and not evidence.has_all(desired):
            for _turn in _further_tries("Microsoft Entra to know the new secret", sign_in_wait):
                judgement, evidence = self._judge(desired)
                if judgement.state != "waiting_for_exchange" or evidence.has_all(desired):
                    break
        if judgement.state == "waiting_for_exchange":
            for _turn in _further_tries("Exchange Online to enforce the restriction", exchange_wait):
                judgement, _evidence = self._judge(desired)
                if judgement.state != "waiting_for_exchange":
                    break
        return judgement

    def _judge(self, desired: Desired) -> tuple[Judgement, Evidence]:
        evidence = self._look(desired)
        return judge(desired, evidence), evidence

    def _look(self, desired: Desired) -> Evidence:
        try:
            # A new token each time: an old one would still carry the old roles.
            roles = self._tokens.renew(self._api.url).roles
        except SignInError as error:
            return Evidence(self._api.now, self._secret_since, refusal=self._young(error))
        inside = self._ask(desired.permissions, desired.inside)
        outside = self._ask(desired.permissions, desired.outside)
        return Evidence(self._api.now, self._secret_since, None, roles, inside, outside)

    def _young(self, error: SignInError) -> str:
        if error.code not in YOUNG_SECRET or self._api.now - self._secret_since > _YOUNG:
            raise error
        return YOUNG_SECRET[error.code]

    def _ask(self, permissions: t.Collection[str], mailboxes: t.Iterable[Mailbox]) -> tuple[Seen, ...]:
        """Of the first mailbox that can answer; of all, where none can."""
        asked: list[Seen] = []
        unwell: list[Mailbox] = []
        for mailbox in mailboxes:
            try:
                seen = self._ask_one(permissions, mailbox, briefly=True)
            except GraphError as error:
                unwell.append(mailbox)
                if not _is_unwell(error):
                    raise
                if len(unwell) < _MOST_UNWELL:
                    continue
                break  # it is not the mailboxes
            if all(entry.verdict != "missing" for entry in seen):
                return seen
            asked += [entry for entry in seen if entry.verdict == "missing"]
        return self._ask_one(permissions, unwell[0]) if unwell else tuple(asked)

    def _ask_one(self, permissions: t.Collection[str], mailbox: Mailbox, *, briefly: bool = False) -> tuple[Seen, ...]:
        kinds = {name.split(".")[0]: name for name in permissions}
        found = []
        if "Calendars" in kinds:
            found.append(_seen(kinds["Calendars"], mailbox.address, self._read_calendar(mailbox, briefly=briefly)))
        if "Mail.Send" in permissions:
            found.append(_seen("Mail.Send", mailbox.address, self._send_nothing(mailbox, briefly=briefly)))
        return tuple(found)

    def _read_calendar(self, mailbox: Mailbox, *, briefly: bool) -> requests.Response:
        now = self._api.now
        window = f"startDateTime={now:%Y-%m-%dT%H:%M:%SZ}&endDateTime={now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
        url = f"{self._user(mailbox)}/calendarView?{window}&$top=1&$select=id"
        return self._api.send("GET", url, briefly=briefly)

    def _send_nothing(self, mailbox: Mailbox, *, briefly: bool) -> requests.Response:
        """A message without recipients: Exchange decides about access first, and can deliver it to nobody, however
        often it is sent."""
        body: Json = {"message": {"subject": "", "toRecipients": []}, "saveToSentItems": False}
        return self._api.send("POST", f"{self._user(mailbox)}/sendMail", body=body, reads=True, briefly=briefly)

    def send_test_mail(self, sender: Mailbox, recipient: str) -> None:
        """A real message. Raises GraphError."""
        message: Json = {
            "subject": "Totalview test message",
            "body": {
                "contentType": "Text",
                "content": "Sent to prove that Totalview can send e-mail from this address.",
            },
            "toRecipients": [{"emailAddress": {"address": recipient}}],
        }
        body: Json = {"message": message, "saveToSentItems": False}
        response = self._api.send("POST", f"{self._user(sender)}/sendMail", body=body)
        if response.status_code != 202:
            raise graph_error(response, f"send a test message from {sender.address}")

    def _user(self, mailbox: Mailbox) -> str:
        # By its id: an address finds a mailbox only where it is the sign-in name (public reports: microsoft-graph-docs
        # issues 3979, 5291).
        return f"{self._api.url}/v1.0/users/{quote(mailbox.key)}"


def _further_tries(what: str, patience: timedelta) -> t.Iterator[None]:
    """After the first look, which has been taken."""
    turns = tries(what, patience, (PAUSE,))
    next(turns)
    return turns


def _seen(permission: str, mailbox: str, response: requests.Response) -> Seen:
    action = f"use {permission} for {mailbox}"
    if 200 <= response.status_code < 300:
        _check_answer(response, action)
        return Seen(permission, mailbox, "reached")
    error = graph_error(response, action)
    verdict = _verdict(response, error)
    if verdict is None:
        if isinstance(error, ForbiddenError):
            error.next_step = _LOOK_AT_MAILBOX  # it is not the automation that was refused
        raise error
    return Seen(permission, mailbox, verdict, error.message)


def _is_unwell(error: GraphError) -> bool:
    """Whether the service has a fault with this mailbox, be it with others as well."""
    return error.trace.status is not None and error.trace.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _verdict(response: requests.Response, error: ConnectorError) -> Verdict | None:
    """None for an answer that tells nothing about access."""
    if error.code == "ErrorInvalidRecipients":
        return "reached"
    if error.code in _CANNOT_ANSWER or (response.status_code == 404 and _has_code(response)):
        return "missing"
    return _refusal(response, error) if response.status_code in (401, 403) else None


def _check_answer(response: requests.Response, action: str) -> None:
    """Raises GraphError for a success that is none: an error in the body, or a page of something in between.

    Microsoft accepts a message with 202 and no body, and shows a calendar as a list.
    """
    body = json_object(response)
    if says_error(body):
        raise graph_error(response, action)
    if response.status_code != HTTPStatus.ACCEPTED and (body is None or "value" not in body):
        raise GraphError(
            f"The answer to {action} is none of Microsoft Graph's (status {response.status_code}).",
            next_step="Check graph_url, and whether a proxy answers in Microsoft's place.",
        )


def _refusal(response: requests.Response, error: ConnectorError) -> Verdict | None:
    """Of a 401 or 403. None for a token that is of no use at all, and for what a proxy answers."""
    if is_about_the_token(response) or error.code in _OTHER:
        return None
    if _BY_POLICY in error.message.upper():
        return "blocked"
    return "no_role" if error.code in _NO_ROLE else "refused"


def _has_code(response: requests.Response) -> bool:
    """Whether it is Graph that answers, and no gateway in between."""
    error = (json_object(response) or {}).get("error")
    return isinstance(error, dict) and bool(error.get("code"))
