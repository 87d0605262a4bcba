# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import typing as t
import uuid
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlencode, urlsplit

if t.TYPE_CHECKING:
    import requests

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import GraphError, NotFoundError
from ansible_collections.totalview.exchange365.plugins.module_utils._graph.errors import graph_error
from ansible_collections.totalview.exchange365.plugins.module_utils._http import HttpClient

Json = dict[str, t.Any]

_PATH_SAFE = "/()='$,"
_QUERY_SAFE = "$,()"


class BearerTokens(t.Protocol):
    def token(self, resource_url: str) -> t.Any: ...

    def renew(self, resource_url: str) -> t.Any: ...


class GraphClient:
    """Microsoft Graph v1.0 for one tenant: JSON in, JSON out, typed errors.

    Knows paging, headers and tokens; knows nothing of applications. `action` says in words what a call is for,
    as in "refused to <action>".
    """

    def __init__(self, http: HttpClient, graph_url: str, tokens: BearerTokens) -> None:
        self._http = http
        self._graph_url = graph_url
        self._tokens = tokens
        self._server_time: datetime | None = None

    @property
    def now(self) -> datetime:
        """Microsoft's time of the last answer: secrets are dated by it, whatever this machine's clock says."""
        return self._server_time or datetime.now(UTC)

    def get(self, path: str, query: t.Mapping[str, str] | None = None, *, action: str) -> Json:
        """Raises NotFoundError, ForbiddenError, GraphError."""
        return self._json(self._send("GET", self._url(path, query), action), action)

    def find(self, path: str, query: t.Mapping[str, str] | None = None, *, action: str) -> Json | None:
        """None only for Graph's own 404: a 404 of a proxy, or any other refusal, is raised."""
        try:
            return self.get(path, query, action=action)
        except NotFoundError:
            return None

    def list(self, path: str, query: t.Mapping[str, str] | None = None, *, action: str) -> list[Json]:
        """All pages. A nextLink to another host is refused: the token would go there."""
        values: list[Json] = []
        url: str | None = self._url(path, query)
        while url:
            page = self.get_url(url, action)
            values += page.get("value", [])
            url = page.get("@odata.nextLink")
        return values

    def get_url(self, url: str, action: str) -> Json:
        # Scheme and host: over plain http the token would be readable.
        if urlsplit(url)[:2] != urlsplit(self._graph_url)[:2]:
            raise GraphError(
                f"Microsoft Graph pointed to another host ({'://'.join(urlsplit(url)[:2])}) to {action}.",
                next_step="Check graph_url; nothing was sent to the other host.",
            )
        return self._json(self._send("GET", url, action), action)

    def post(self, path: str, body: Json, *, action: str) -> Json:
        return self._json(self._send("POST", self._url(path), action, body=body), action)

    def post_no_content(self, path: str, body: Json, *, action: str) -> None:
        """A POST that Graph answers with 204."""
        self._send("POST", self._url(path), action, body=body)

    def patch(self, path: str, body: Json, *, action: str) -> None:
        self._send("PATCH", self._url(path), action, body=body)

    def upsert(self, path: str, body: Json, *, action: str) -> Json | None:
        """PATCH by an alternate key with create-if-missing: the new object, or None where it was there already."""
        headers = {"Prefer": "create-if-missing"}
        response = self._send("PATCH", self._url(path), action, body=body, headers=headers)
        return self._json(response, action) if response.status_code == 201 else None

    def delete(self, path: str, *, action: str) -> None:
        self._send("DELETE", self._url(path), action)

    def reference(self, path: str) -> str:
        """The absolute address that @odata.id wants."""
        return self._url(path)

    def _url(self, path: str, query: t.Mapping[str, str] | None = None) -> str:
        # Keys of Graph's alternate addressing hold quotes and parentheses: those stay, anything else is encoded.
        url = f"{self._graph_url}/v1.0{quote(path, safe=_PATH_SAFE)}"
        return f"{url}?{urlencode(query, quote_via=quote, safe=_QUERY_SAFE)}" if query else url

    def _send(
        self,
        method: str,
        url: str,
        action: str,
        *,
        body: Json | None = None,
        headers: t.Mapping[str, str] | None = None,
    ) -> requests.Response:
        response = self._once(method, url, self._tokens.token(self._graph_url).value, body, headers)
        if response.status_code == 401:
            # Continuous access evaluation may revoke a token before its time; a 401 was not processed.
            response = self._once(method, url, self._tokens.renew(self._graph_url).value, body, headers)
        self._note_time(response)
        if not 200 <= response.status_code < 300:
            raise graph_error(response, action)
        return response

    def _once(
        self, method: str, url: str, token: str, body: Json | None, headers: t.Mapping[str, str] | None
    ) -> requests.Response:
        sent = {"Authorization": f"Bearer {token}", "client-request-id": str(uuid.uuid4()), **(headers or {})}
        return self._http.request(method, url, json=body, headers=sent)

    def _note_time(self, response: requests.Response) -> None:
        with contextlib.suppress(TypeError, ValueError):  # missing, or no date: this machine's clock serves
            moment = parsedate_to_datetime(response.headers.get("Date", ""))
            self._server_time = moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    @staticmethod
    def _json(response: requests.Response, action: str) -> Json:
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise GraphError(
                f"The answer to {action} is no JSON object (status {response.status_code}).",
                next_step="Check graph_url, and whether a proxy answers in Microsoft's place.",
            )
        return body


def odata_string(value: str) -> str:
    """A string literal in a filter or a key: quoted, quotes doubled."""
    return "'" + value.replace("'", "''") + "'"
