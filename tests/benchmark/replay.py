# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP requests of a recorded run once more, from plain Python and for any number of tenants: the lower limit.

python -m benchmark.replay job.json
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import requests

#: Ids, secrets and domains, also inside of paths, forms and JSON. URLs and times are cut at their : and /.
OPAQUE = re.compile(r"[A-Za-z0-9_.~-]{16,}")
#: What the client library writes itself, or what belongs to the connection.
OWN_HEADERS = frozenset({"accept-encoding", "authorization", "connection", "content-length", "host"})

Json = dict[str, Any]


@dataclass(frozen=True)
class Exchange:
    """One recorded request, and what it was answered."""

    service: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: str
    status: int
    answer: Any

    @classmethod
    def of_log(cls, entry: Json) -> Exchange:
        query = f"?{entry['query']}" if entry["query"] else ""
        headers = {name: value for name, value in entry["request_headers"].items() if name not in OWN_HEADERS}
        return cls(
            entry["service"],
            entry["method"],
            entry["path"] + query,
            headers,
            entry["request_body"],
            entry["status"],
            entry["response_body"],
        )


@dataclass(frozen=True)
class Job:
    """`names`: for each tenant what stands for the recorded one's ids; it grows, and a later job may go on with it."""

    url: str
    ca_file: str
    recorded_url: str
    automation: str
    exchanges: Sequence[Exchange]
    names: list[dict[str, str]]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def load(cls, path: Path) -> Job:
        fields = json.loads(path.read_text("utf-8"))
        return cls(**{**fields, "exchanges": [Exchange(**row) for row in fields["exchanges"]]})


class Replay:
    """One tenant's share, over one kept-alive session."""

    def __init__(self, job: Job, names: dict[str, str]) -> None:
        self._job = job
        self._names = names
        self._tokens: dict[str, str] = {}

    def run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.verify = self._job.ca_file
            for exchange in self._job.exchanges:
                self._repeat(session, exchange)

    def _repeat(self, session: requests.Session, exchange: Exchange) -> None:
        body = self._translated(exchange.body)
        headers = {name: self._translated(value) for name, value in exchange.headers.items()}
        if exchange.service != "identity":
            headers["authorization"] = f"Bearer {self._tokens[_signed_in_for(exchange)]}"
        url = self._job.url + self._translated(exchange.path)
        answer = session.request(exchange.method, url, data=body.encode(), headers=headers, timeout=60)
        if answer.status_code != exchange.status:
            sys.exit(f"{exchange.method} {url}: {answer.status_code}, recorded was {exchange.status}: {answer.text}")
        content: Any = answer.json() if isinstance(exchange.answer, dict) else None
        if exchange.service == "identity" and exchange.method == "POST":
            self._tokens[self._asked_for(exchange.body)] = content["access_token"]
        else:
            self._names.update(_renamed(exchange.answer, content))

    def _translated(self, text: str) -> str:
        here, there = self._job.recorded_url, self._job.url
        text = text.replace(here, there).replace(quote(here, safe=""), quote(there, safe=""))
        return OPAQUE.sub(lambda found: self._names.get(found[0], found[0]), text)

    def _asked_for(self, form: str) -> str:
        fields = parse_qs(form)
        if fields["client_id"] != [self._job.automation]:
            return "mailboxes"
        return "exchange" if "outlook" in fields["scope"][0] else "graph"


def _signed_in_for(exchange: Exchange) -> str:
    """Only the proof asks for mailboxes, as the registration that it proves; everything else asks the automation."""
    return "mailboxes" if exchange.path.startswith("/v1.0/users/") else exchange.service


def _renamed(recorded: Any, now: Any) -> Iterator[tuple[str, str]]:
    """Which text of the recorded answer is which of this one."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        for name in recorded.keys() & now.keys():
            yield from _renamed(recorded[name], now[name])
    elif isinstance(recorded, list) and isinstance(now, list):
        for one, other in zip(_in_order(recorded), _in_order(now), strict=False):
            yield from _renamed(one, other)
    elif isinstance(recorded, str) and isinstance(now, str) and recorded != now and OPAQUE.fullmatch(recorded):
        yield recorded, now


def _in_order(items: list[Any]) -> list[Any]:
    """Items of a batch are answered in any order, under the numbers that the client gave them."""
    batch = all(isinstance(item, dict) and "status" in item for item in items)
    return sorted(items, key=lambda item: str(item["id"])) if batch else items


def main() -> None:
    path = Path(sys.argv[1])
    job = Job.load(path)
    for names in job.names:
        Replay(job, names).run()
    job.save(path)


if __name__ == "__main__":
    main()
