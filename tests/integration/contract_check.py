# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything the collection sends, and every answer of the emulator, against Microsoft's OpenAPI description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from contract.exchange_contract import violations as exchange_violations
from contract.graph_contract import GraphContract

#: What differs from tenant to tenant and from run to run, and is of no matter here: ids, times, domains.
_OWN = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]{43}|\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)|\bt[0-9a-f]{8}\.",
    re.IGNORECASE,
)
_SHAPED_BY = ("method", "path", "query", "status", "fault", "request_body", "response_body")

_right: set[int] = set()


def check_against_contract(exchanges: Iterable[Mapping[str, Any]], *, answer_only: bool = False) -> None:
    """Fails with every violation; what clients of others send is theirs."""
    violations = [violation for exchange in exchanges for violation in _violations(exchange, answer_only)]
    assert not violations, "\n".join(violations)


def _violations(exchange: Mapping[str, Any], answer_only: bool) -> Iterator[str]:
    """Tenants are alike, and checking takes long: what was right once is not checked again."""
    if exchange["service"] == "exchange":
        yield from exchange_violations(exchange)
    if exchange["service"] != "graph" or (shape := _shape(exchange)) in _right:
        return
    found = _graph_contract().check(exchange, answer_only=answer_only)
    yield from found
    if not found and not answer_only:
        _right.add(shape)


@cache
def _graph_contract() -> GraphContract:
    return GraphContract()


def _shape(exchange: Mapping[str, Any]) -> int:
    headers = [sorted(exchange[name]) for name in ("request_headers", "response_headers")]
    return hash(_OWN.sub("", json.dumps([headers, *(exchange.get(name) for name in _SHAPED_BY)])))
