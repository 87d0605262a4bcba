# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import itertools
import typing as t
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

if t.TYPE_CHECKING:
    import requests

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    RUN_AGAIN,
    EndpointError,
    GraphError,
    NotFoundError,
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
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import (
    graph_error,
    is_not_found,
)

#: One thing to read: its path and query.
Read: t.TypeAlias = "tuple[str, t.Mapping[str, str] | None]"

#: learn.microsoft.com/graph/json-batching
_BATCH = 20
_PATH_SAFE = "/()='$,"
_QUERY_SAFE = "$,()"


class GraphClient:
    """Microsoft Graph for one tenant: JSON in, JSON out, typed errors.

    Knows paging, headers and tokens; knows nothing of applications. `action` says in words what a call is for,
    as in "refused to <action>".
    """

    def __init__(self, api: Api, version: str = "v1.0") -> None:
        self._api = api
        self._version = version
        self._ahead: dict[str, Json | None] = {}
        self._lasting: dict[str, Json | None] = {}
        self._foreseen: dict[str, Json] = {}
        self._batches = True

    @property
    def now(self) -> datetime:
        return self._api.now

    @property
    def stops_removal(self) -> str | None:
        return self._api.stops_removal

    def read_missing(self, wanted: t.Iterable[Read]) -> None:
        """As `read_ahead`, without what is there already."""
        self.read_ahead(read for read in wanted if self._url(*read) not in self._ahead)

    def read_ahead(self, wanted: t.Iterable[Read]) -> None:
        """Read much at once; `get`, `find` and `list` of the same then use what came, until something is written.

        What a batch does not answer plainly (throttled, refused) is left to the single request that asks for it; and so
        is everything once a batch as a whole was refused.
        """
        urls = {self._url(*read): quote_path(*read) for read in wanted}
        for url in urls:
            self._ahead.pop(url, None)
        for part in _parts((url, path) for url, path in urls.items() if url not in self._lasting):
            if self._batches:
                answers = self._batch([path for _url, path in part])
                for number, (url, _path) in enumerate(part):
                    self._keep(url, answers.get(str(number), {}))

    def _batch(self, paths: t.Iterable[str]) -> dict[str, Json]:
        items = [{"id": str(number), "method": "GET", "url": path} for number, path in enumerate(paths)]
        try:
            response = self._api.send_batch(self._url("/$batch"), {"requests": items})
            body = json_object(response) if response.status_code == HTTPStatus.OK else None
        except (EndpointError, UnexpectedAnswerError):
            body = None
        self._batches = body is not None and "responses" in body
        return batch_answers(body)

    def _keep(self, url: str, response: Json) -> None:
        body = response.get("body")
        if response.get("status") == 200 and isinstance(body, dict) and _is_plain(body):
            self._ahead[url] = body
        elif response.get("status") == 404 and is_not_found(body):
            self._ahead[url] = None

    def get(self, path: str, query: t.Mapping[str, str] | None = None, *, action: str) -> Json:
        """Raises NotFoundError, ForbiddenError, GraphError."""
        return self.get_url(self._url(path, query), action)

    def find(self, path: str, query: t.Mapping[str, str] | None = None, *, action: str) -> Json | None:
        """None only for Graph's own 404: a 404 of a proxy, or any other refusal, is raised."""
        try:
            return self.get(path, query, action=action)
        except NotFoundError:
            return None

    def find_lasting(self, path: str, query: t.Mapping[str, str] | None = None, *, action: str) -> Json | None:
        """As `find`, of something that we never write: it is read once, whatever else is written."""
        url = self._url(path, query)
        if url not in self._lasting:
            self._lasting[url] = self.find(path, query, action=action)
        return self._lasting[url]

    def foresee(self, read: Read, body: Json) -> None:
        """Whoever plans finds this there from now on: what is deleted, and will be restored."""
        self._foreseen[self._url(*read)] = body

    def list(self, path: str, query: t.Mapping[str, str] | None = None, *, action: str) -> list[Json]:
        """All pages. Refused is a nextLink to another host, where the token would go to, and pages without an end."""
        values: list[Json] = []
        url: str | None = self._url(path, query)
        passed: set[str] = set()
        while url:
            page = self.get_url(url, action)
            values += rows_of(page, action)
            url = next_link(page, passed, action)
        return values

    def get_url(self, url: str, action: str) -> Json:
        if self._api.is_elsewhere(url):
            raise GraphError(
                f"Microsoft Graph pointed to another host ({'://'.join(urlsplit(url)[:2])}) to {action}.",
                next_step="Check graph_url; nothing was sent to the other host.",
            )
        if url in self._foreseen:
            return self._foreseen[url]
        if url in self._ahead:
            return _present(self._ahead[url], action)
        return self._json(self._send("GET", url, action), action)

    def post(self, path: str, body: Json, *, action: str) -> Json:
        return self._json(self._send("POST", self._url(path), action, body=body), action)

    def post_no_content(self, path: str, body: Json, *, action: str) -> None:
        """A POST that Graph answers with 204."""
        _check_done(self._send("POST", self._url(path), action, body=body), action)

    def patch(self, path: str, body: Json, *, action: str) -> None:
        self._check_changed(self._send("PATCH", self._url(path), action, body=body), action)

    def upsert(self, path: str, body: Json, *, action: str) -> Json | None:
        """PATCH by an alternate key with create-if-missing: the new object, or None where it was there already."""
        headers = {"Prefer": "create-if-missing"}
        response = self._send("PATCH", self._url(path), action, body=body, headers=headers)
        if response.status_code == HTTPStatus.CREATED:
            return self._json(response, action)
        self._check_changed(response, action)
        return None

    def _check_changed(self, response: requests.Response, action: str) -> None:
        """Where the object as it is now is told, as OData allows for, it was changed as well."""
        if response.status_code == HTTPStatus.OK and json_object(response):
            self._json(response, action)
        else:
            _check_done(response, action)

    def delete(self, path: str, *, action: str) -> None:
        _check_done(self._send("DELETE", self._url(path), action), action)

    def reference(self, path: str) -> str:
        """The absolute address that @odata.id wants."""
        return self._url(path)

    def _url(self, path: str, query: t.Mapping[str, str] | None = None) -> str:
        return f"{self._api.url}/{self._version}{quote_path(path, query)}"

    def _send(
        self,
        method: str,
        url: str,
        action: str,
        *,
        body: Json | None = None,
        headers: t.Mapping[str, str] | None = None,
    ) -> requests.Response:
        if method != "GET":
            self._ahead.clear()
        response = self._api.send(method, url, body=body, headers=headers)
        if not 200 <= response.status_code < 300:
            raise graph_error(response, action)
        return response

    @staticmethod
    def _json(response: requests.Response, action: str) -> Json:
        body = json_object(response)
        if body is None:
            raise GraphError(
                f"The answer to {action} is no JSON object (status {response.status_code}).",
                next_step="Check graph_url, and whether a proxy answers in Microsoft's place.",
            )
        if says_error(body):
            raise graph_error(response, action)
        return body


def _is_plain(body: Json) -> bool:
    """Whether it is an object, or a list of some."""
    return not says_error(body) and ("id" in body or isinstance(body.get("value"), list))


def _check_done(response: requests.Response, action: str) -> None:
    """Graph answers these writes with 204; waiting for what was never done behind a proxy's page would be in vain."""
    if response.status_code != HTTPStatus.NO_CONTENT:
        raise GraphError(
            f"The answer to {action} is none of Microsoft Graph's (status {response.status_code}).",
            next_step="Check graph_url, and whether a proxy answers in Microsoft's place.",
        )


def quote_path(path: str, query: t.Mapping[str, str] | None = None) -> str:
    # Keys of Graph's alternate addressing hold quotes and parentheses: those stay, anything else is encoded.
    url = quote(path, safe=_PATH_SAFE)
    return f"{url}?{urlencode(query, quote_via=quote, safe=_QUERY_SAFE)}" if query else url


def _parts(items: t.Iterable[tuple[str, str]]) -> t.Iterator[list[tuple[str, str]]]:
    rest = iter(items)
    while part := list(itertools.islice(rest, _BATCH)):
        yield part


def _present(body: Json | None, action: str) -> Json:
    if body is None:
        raise NotFoundError(f"Microsoft Graph refused to {action}: 404 Request_ResourceNotFound.", next_step=RUN_AGAIN)
    return body


def odata_string(value: str) -> str:
    """A string literal in a filter or a key: quoted, quotes doubled."""
    return "'" + value.replace("'", "''") + "'"
