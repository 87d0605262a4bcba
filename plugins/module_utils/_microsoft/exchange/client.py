# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import copy
import json
import typing as t
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

if t.TYPE_CHECKING:
    import requests

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    EndpointError,
    ExchangeBusyError,
    ExchangeError,
    ObjectMissingError,
    UnexpectedAnswerError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import (
    Api,
    Json,
    batch_answers,
    json_object,
    next_link,
    rows_of,
    says_error,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange.errors import (
    exchange_error,
    is_missing,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tries

#: A reading cmdlet and its parameters.
Cmdlet = tuple[str, t.Mapping[str, t.Any]]

READING_VERBS = ("Get-", "Test-")
#: What other clients send in one batch.
_BATCH = 10
#: App-only calls are routed by this system mailbox, the same in every tenant.
_ANCHOR = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
#: While too many requests run at once; that answer means: not processed.
_BUSY = timedelta(minutes=1)


class ExchangeClient:
    """Exchange Online's cmdlets for one tenant, through the endpoint behind the ExchangeOnlineManagement module (V3).

    Microsoft publishes no contract for it. Parameters are the cmdlet's own; switches are booleans.
    """

    def __init__(self, api: Api, tenant_id: str) -> None:
        self._api = api
        self._tenant_id = tenant_id
        self._ahead: dict[str, Json] = {}
        self._batches = True
        self._briefly = False

    def soon_given_up(self) -> t.Self:
        """The same for whom nothing depends on Exchange: it reads without much patience."""
        client = copy.copy(self)
        client._briefly = True
        return client

    @property
    def now(self) -> datetime:
        return self._api.now

    def invoke(self, cmdlet: str, *, action: str, **parameters: t.Any) -> list[Json]:
        """All objects that the cmdlet puts out. `action` says in words what the call is for.

        Beware: some Get cmdlets answer an unknown Identity with everything there is. Compare what comes back.
        Raises ObjectMissingError, ExchangeRightError, ExchangeError.
        """
        body = _input(cmdlet, parameters)
        kept = self._ahead.get(_key(body))
        if not cmdlet.startswith(READING_VERBS):
            self._ahead.clear()
        page = kept if kept is not None else self._page(self._url("InvokeCommand"), cmdlet, body, action)
        if not cmdlet.startswith(READING_VERBS):
            page.setdefault("value", [])  # what changes something need not put anything out
        rows = [*rows_of(page, action)]
        passed: set[str] = set()
        while link := next_link(page, passed, action):
            # The next page wants the same body again (CIPP-API and ExoHelper do so).
            page = self._page(link, cmdlet, body, action)
            rows += rows_of(page, action)
        return rows

    def read_ahead(self, wanted: t.Iterable[Cmdlet]) -> None:
        """Run several reading cmdlets at once; `invoke` and `find` of the same then use what came, until a write.

        What a batch does not answer plainly is left to the single request that asks for it; and so is everything once a
        batch as a whole was refused.
        """
        bodies = [_input(*cmdlet) for cmdlet in wanted]
        for body in bodies:
            self._ahead.pop(_key(body), None)
        for start in range(0, len(bodies), _BATCH):
            part = bodies[start : start + _BATCH]
            if self._batches:
                answers = self._batch(part)
                for number, body in enumerate(part):
                    self._keep(body, answers.get(str(number), {}))

    def _batch(self, bodies: list[Json]) -> dict[str, Json]:
        try:
            response = self._api.send_batch(self._url("$batch"), {"requests": self._items(bodies)}, self._headers(None))
            body = json_object(response) if response.status_code == HTTPStatus.OK else None
        except (EndpointError, UnexpectedAnswerError):
            body = None
        self._batches = body is not None and "responses" in body
        return batch_answers(body)

    def _items(self, bodies: list[Json]) -> list[Json]:
        return [
            {
                "id": str(number),
                "method": "POST",
                "url": self._url("InvokeCommand"),
                "headers": {**self._headers(body["CmdletInput"]["CmdletName"]), "Content-Type": "application/json"},
                "body": body,
            }
            for number, body in enumerate(bodies)
        ]

    def _keep(self, asked: Json, response: Json) -> None:
        body = response.get("body")
        if not isinstance(body, dict):
            return
        if response.get("status") == 200 and isinstance(body.get("value"), list) and not says_error(body):
            self._ahead[_key(asked)] = body
        elif response.get("status") != 200 and is_missing(body):
            self._ahead[_key(asked)] = {"value": []}

    def _url(self, command: str) -> str:
        return f"{self._api.url}/adminapi/beta/{quote(self._tenant_id)}/{command}"

    def _headers(self, cmdlet: str | None) -> dict[str, str]:
        """None for a batch, whose items carry the cmdlet's headers themselves."""
        name = {"X-CmdletName": cmdlet} if cmdlet else {"parameter-based-routing": "true"}
        return {
            **name,
            "X-AnchorMailbox": f"{_ANCHOR}@{self._tenant_id}",
            "Prefer": "odata.maxpagesize=1000",
        }

    def find(self, cmdlet: str, *, action: str, **parameters: t.Any) -> list[Json]:
        """As `invoke`; nothing where Exchange says that the object is absent."""
        try:
            return self.invoke(cmdlet, action=action, **parameters)
        except ObjectMissingError:
            return []

    def _page(self, url: str, cmdlet: str, body: Json, action: str) -> Json:
        if self._api.is_elsewhere(url):
            raise ExchangeError(
                f"Exchange Online pointed to another host to {action}.",
                next_step="Check exchange_url; nothing was sent to the other host.",
            )
        response = self._send(url, cmdlet, body, action)
        page = json_object(response)
        if page is None:
            if not response.content.strip() and not cmdlet.startswith(READING_VERBS):
                return {}  # done, and nothing to say
            raise _no_object(response, action)
        if says_error(page):
            raise exchange_error(response, cmdlet, action)
        return page

    def _send(self, url: str, cmdlet: str, body: Json, action: str) -> requests.Response:
        headers = self._headers(cmdlet)
        reads = cmdlet.startswith(READING_VERBS)
        busy: ExchangeError | None = None
        for _turn in tries("Exchange Online, which is busy,", _BUSY):
            response = self._api.send("POST", url, body=body, headers=headers, reads=reads, briefly=self._briefly)
            if 200 <= response.status_code < 300:
                return response
            busy = exchange_error(response, cmdlet, action)
            if not isinstance(busy, ExchangeBusyError):
                break
        raise t.cast("ExchangeError", busy)


def _input(cmdlet: str, parameters: t.Mapping[str, t.Any]) -> Json:
    return {"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}


def _key(body: Json) -> str:
    return json.dumps(body, sort_keys=True)


def _no_object(response: requests.Response, action: str) -> ExchangeError:
    return ExchangeError(
        f"The answer to {action} is no JSON object (status {response.status_code}).",
        next_step="Check exchange_url, and whether a proxy answers in Microsoft's place.",
    )
