# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import time
import typing as t
from datetime import datetime
from urllib.parse import quote

if t.TYPE_CHECKING:
    import requests

from ansible_collections.totalview.exchange365.plugins.module_utils._api import Api, Json, json_object
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ExchangeBusyError,
    ExchangeError,
    ObjectMissingError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._exchange.errors import exchange_error

#: App-only calls are routed by this system mailbox, the same in every tenant.
_ANCHOR = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
#: Seconds between tries while too many requests run at once; that answer means: not processed.
_BUSY_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)


class ExchangeClient:
    """Exchange Online's cmdlets for one tenant, through the endpoint behind the ExchangeOnlineManagement module (V3).

    Microsoft publishes no contract for it. Parameters are the cmdlet's own; switches are booleans.
    """

    def __init__(self, api: Api, tenant_id: str) -> None:
        self._api = api
        self._tenant_id = tenant_id

    @property
    def now(self) -> datetime:
        return self._api.now

    def invoke(self, cmdlet: str, *, action: str, **parameters: t.Any) -> list[Json]:
        """All objects that the cmdlet puts out. `action` says in words what the call is for.

        Beware: some Get cmdlets answer an unknown Identity with everything there is. Compare what comes back.
        Raises ObjectMissingError, ExchangeRightError, ExchangeError.
        """
        url = f"{self._api.url}/adminapi/beta/{quote(self._tenant_id)}/InvokeCommand"
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
        rows: list[Json] = []
        next_url: str | None = url
        while next_url:
            page = self._page(next_url, cmdlet, body, action)
            rows += _rows(page, action)
            # The next page wants the same body again (CIPP-API and ExoHelper do so).
            next_url = page.get("@odata.nextLink")
        return rows

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
            raise _no_object(response, action)
        return page

    def _send(self, url: str, cmdlet: str, body: Json, action: str) -> requests.Response:
        headers = {
            "X-CmdletName": cmdlet,
            "X-AnchorMailbox": f"{_ANCHOR}@{self._tenant_id}",
            "Prefer": "odata.maxpagesize=1000",
        }
        for pause in (*_BUSY_PAUSES, None):
            response = self._api.send("POST", url, body=body, headers=headers)
            if 200 <= response.status_code < 300:
                return response
            error = exchange_error(response, cmdlet, action)
            if pause is None or not isinstance(error, ExchangeBusyError):
                raise error
            time.sleep(pause)
        raise AssertionError("the last pause is None")


def _rows(page: Json, action: str) -> list[Json]:
    rows = page.get("value", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ExchangeError(f"The answer to {action} has an unknown form.", next_step="Run again; else report it.")
    return rows


def _no_object(response: requests.Response, action: str) -> ExchangeError:
    return ExchangeError(
        f"The answer to {action} is no JSON object (status {response.status_code}).",
        next_step="Check exchange_url, and whether a proxy answers in Microsoft's place.",
    )
