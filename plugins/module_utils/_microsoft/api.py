# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import hashlib
import json
import typing as t
import uuid
from collections import Counter
from datetime import datetime
from urllib.parse import urlsplit

if t.TYPE_CHECKING:
    import requests

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import Trace, UnexpectedAnswerError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.answers import NEXT_STEP, parse
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.http_client import HttpClient

Json = dict[str, t.Any]

#: Of what can be had in another way, or done without.
_BRIEFLY = {"retries": 2}


class BearerTokens(t.Protocol):
    def token(self, resource_url: str) -> t.Any: ...

    def renew(self, resource_url: str) -> t.Any: ...


class Api:
    """One of Microsoft's APIs in one tenant: where it answers, and the token that it wants."""

    def __init__(
        self,
        http: HttpClient,
        url: str,
        tokens: BearerTokens,
        audience: str | None = None,
        clock: ServerClock | None = None,
    ) -> None:
        """`audience`: what tokens are asked for, where it is not the address itself. `clock`: the tenant's."""
        self.url = url
        self._http = http
        self._tokens = tokens
        self._audience = audience or url
        self._clock = clock or ServerClock()

    @property
    def now(self) -> datetime:
        """Microsoft's time of the last answer: secrets are dated by it, whatever this machine's clock says."""
        return self._clock.now

    @property
    def stops_removal(self) -> str | None:
        """Why nothing is removed now, by the clocks."""
        return self._clock.stops_removal

    def is_elsewhere(self, url: str) -> bool:
        """Scheme and host: over plain http the token would be readable."""
        return urlsplit(url)[:2] != urlsplit(self.url)[:2]

    def send(
        self,
        method: str,
        url: str,
        *,
        body: Json | None = None,
        headers: t.Mapping[str, str] | None = None,
        reads: bool = False,
        briefly: bool = False,
    ) -> requests.Response:
        """The answer, whatever its status. `reads`: a POST that changes nothing, so that it may be sent again.

        `briefly`: it is soon given up. Raises EndpointError, SignInError.
        """
        return self._signed(method, url, headers, json=body, reads=reads, **(_BRIEFLY if briefly else {}))

    def send_batch(self, url: str, body: Json, headers: t.Mapping[str, str] | None = None) -> requests.Response:
        """As `send`, soon given up: whatever a batch asks for can be asked one by one."""
        return self._signed("POST", url, headers, json=body, **_BRIEFLY)

    def _signed(
        self, method: str, url: str, headers: t.Mapping[str, str] | None, **how_and_what: t.Any
    ) -> requests.Response:
        token = self._tokens.token(self._audience).value
        response = self._once(method, url, headers, token, **how_and_what)
        if response.status_code == 401 and is_about_the_token(response):
            # Continuous access evaluation may revoke a token before its time; a 401 was not processed.
            token = self._tokens.renew(self._audience).value
            response = self._once(method, url, headers, token, **how_and_what)
        self._clock.note(response.headers)
        return response

    def _once(
        self, method: str, url: str, headers: t.Mapping[str, str] | None, token: str, **how_and_what: t.Any
    ) -> requests.Response:
        sent = {"Authorization": f"Bearer {token}", "client-request-id": str(uuid.uuid4()), **(headers or {})}
        return self._http.request(method, url, headers=sent, **how_and_what)


#: Of up to a thousand objects each.
_MOST_PAGES = 10_000

#: Of 401 and 403: the token cannot be read, has expired, was revoked, or is for somebody else. Any other code is about
#: what the token may do, and a new one may do no more.
_TOKEN_FAULTS = frozenset(
    {"invalidauthenticationtoken", "invalidtoken", "expiredauthenticationtoken", "unauthenticated"}
)

#: Where a body that has no `error` tells in words what is wrong.
_TEXTS = ("error_description", "Message", "message")


def is_about_the_token(response: requests.Response) -> bool:
    """Whether a 401 or 403 says that the token itself is at fault; without a code it may be.

    Only then the cloud, the address or the token's age are worth a look.
    """
    error = error_of(response)
    code, told = str(error.get("code") or "").lower(), str(error.get("message")).lower()
    return not code or code in _TOKEN_FAULTS or "invalid audience" in told or "token validation" in told


def error_of(response: requests.Response) -> Json:
    """The error that the body tells: code, message and what else there is; empty where it tells none.

    Gateways and older parts of Microsoft's services tell it in forms of their own: `odata.error`, `Message` alone, or
    `error` with `error_description` as a token endpoint does (learn.microsoft.com/graph/errors; openshift-azure issue
    1932; RFC 6749 section 5.2).
    """
    body = json_object(response) or {}
    if says_error(body):
        return t.cast("Json", body["error"])
    older = body.get("odata.error")
    if isinstance(older, dict):
        message = older.get("message")
        return {**older, "message": message.get("value") if isinstance(message, dict) else message}
    return {"message": next((body[name] for name in _TEXTS if body.get(name)), "")}


def json_object(response: requests.Response) -> Json | None:
    """None for whatever is no JSON object, such as a proxy's page.

    Raises UnexpectedAnswerError where a field is not of the documented type.
    """
    try:
        body = parse(response.text)
    except ValueError:
        return None
    except UnexpectedAnswerError as error:
        error.trace = trace_of(response)
        raise
    return body if isinstance(body, dict) else None


def trace_of(response: requests.Response) -> Trace:
    request_id = response.headers.get("request-id") or response.headers.get("x-ms-request-id")
    return Trace(response.status_code, request_id, response.request.headers.get("client-request-id"))


def batch_answers(body: Json | None) -> dict[str, Json]:
    """By id, what a batch answers plainly; not what is there twice, and nothing where the whole says something else.

    learn.microsoft.com/graph/json-batching promises no order. Clients met batches with a status of 200 and an error.
    """
    found = body.get("responses") if body is not None else None
    answers = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    times = Counter(str(entry.get("id")) for entry in answers)
    return {str(entry.get("id")): entry for entry in answers if times[str(entry.get("id"))] == 1}


def says_error(body: t.Any) -> bool:
    """Microsoft has been seen to answer 200 with nothing but an error in the body."""
    return isinstance(body, dict) and isinstance(body.get("error"), dict)


def rows_of(page: Json, action: str) -> list[Json]:
    """The objects of one page. Raises UnexpectedAnswerError."""
    rows = page["value"]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnexpectedAnswerError(f"Microsoft's answer to {action} is no list of objects.", next_step=NEXT_STEP)
    return rows


def next_link(page: Json, passed: set[str], action: str) -> str | None:
    """Where the page after this one is; None after the last. `passed`: the pages so far, by their digests.

    Raises UnexpectedAnswerError for a page that came before, and beyond any number of pages that a tenant has: they
    would have no end.
    """
    link = page.get("@odata.nextLink")
    if not link:
        return None
    read = hashlib.sha256(json.dumps(page, sort_keys=True).encode()).hexdigest()  # a page may be large
    if read in passed:
        raise UnexpectedAnswerError(f"The pages of Microsoft's answer to {action} go in a circle.", next_step=NEXT_STEP)
    if len(passed) >= _MOST_PAGES:
        raise UnexpectedAnswerError(f"Microsoft's answer to {action} has no end.", next_step=NEXT_STEP)
    passed.add(read)
    return str(link)
