# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers with entities: one, or a page of many."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import quote

from emulator.call import Answer, Body, Call
from emulator.graph.errors import bad_request
from emulator.graph.keys import attach_keys
from emulator.graph.odata.entities import Entity
from emulator.graph.odata.filters import value_at
from emulator.graph.odata.options import Expand, Options, SearchTerm, read_options
from emulator.graph.odata.order import shown
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Place, Record, Version

Expander = Callable[[Version, Expand], Any]


class Row(NamedTuple):
    sequence: int
    seen: Version


def entity_answer(call: Call, entity: Entity, seen: Version, expander: Expander | None = None) -> Answer:
    """One object as the body of a GET."""
    options = read_options(call, entity)
    context = {"@odata.context": _context(call, entity.set_name, options, "/$entity")}
    return Answer(200, {**context, **project(entity, seen, options, expander)})


def created_answer(call: Call, entity: Entity, body: Body) -> Answer:
    context = f"{call.origin}/{_version(call)}/$metadata#{entity.set_name}/$entity"
    return Answer(201, {"@odata.context": context, **{name: shown(name, body.get(name)) for name in entity.fields}})


def list_answer(
    call: Call,
    entity: Entity,
    records: Iterable[Record],
    *,
    place: Place = Place.LIVE,
    expander: Expander | None = None,
) -> Answer:
    assert call.tenant is not None
    options = read_options(call, entity)
    rows = _ordered(_visible(call.tenant.directory, records, place, options), options)
    page, rest = _page(rows, options)
    body: Body = {"@odata.context": _context(call, entity.set_name, options)}
    if options.count:
        body["@odata.count"] = len(rows)
    if rest:
        body["@odata.nextLink"] = _next_link(call, _position(entity, options, page[-1]))
    body["value"] = [project(entity, row.seen, options, expander) for row in page]
    return Answer(200, body)


def count_answer(call: Call, entity: Entity, records: Iterable[Record]) -> Answer:
    """`/$count` is plain text and wants the header (aad-advanced-queries)."""
    assert call.tenant is not None
    if call.headers.get("consistencylevel", "").lower() != "eventual":
        raise bad_request("$count is not currently supported.")
    call.query.setdefault("$count", "true")
    options = read_options(call, entity)
    rows = _visible(call.tenant.directory, records, Place.LIVE, options)
    return Answer(200, str(len(rows)), {"content-type": "text/plain"})


def project(entity: Entity, seen: Version, options: Options, expander: Expander | None) -> Body:
    names = options.select or entity.fields
    body = seen.body
    result = {name: shown(name, body[name] if name in body else entity.on_request.get(name)) for name in names}
    for expand in options.expand if expander else ():
        assert expander is not None
        result[expand.name] = expander(seen, expand)
    return result


def _visible(directory: Directory, records: Iterable[Record], place: Place, options: Options) -> list[Row]:
    """What readers see now; a record that readers should but do not yet see has thereby been read once more."""
    rows = []
    for record in records:
        seen = directory.peek(record)
        matches = _matches(seen, place, options)
        if matches or (seen is not record.true and _matches(record.true, place, options)):
            record.state.count_read()
        if matches:
            rows.append(Row(record.sequence, seen))
    return rows


def _matches(version: Version, place: Place, options: Options) -> bool:
    if version.place is not place:
        return False
    if options.filter is not None and not options.filter.test(version.body):
        return False
    return not options.search or _found(version.body, options.search)


def _found(body: Body, terms: tuple[SearchTerm, ...]) -> bool:
    """`$search` finds the beginnings of words."""
    result = True
    for index, term in enumerate(terms):
        value = str(body.get(term.name) or "").casefold()
        hit = value.startswith(term.text) or f" {term.text}" in value
        result = (result or hit) if term.any_of and index else (result and hit)
    return result


def _ordered(rows: list[Row], options: Options) -> list[Row]:
    if options.order is None:
        return rows
    name, descending = options.order
    return sorted(rows, key=lambda row: str(value_at(row.seen.body, name) or "").casefold(), reverse=descending)


def _page(rows: list[Row], options: Options) -> tuple[list[Row], list[Row]]:
    """A page starts behind the last row of the one before, so that deletions in between skip nothing."""
    if options.skiptoken:
        rows = _rows_after(rows, _read_skiptoken(options.skiptoken), ordered=options.order is not None)
    rows = rows[options.skip :]
    return rows[: options.top], rows[options.top :]


def _rows_after(rows: list[Row], last: int, *, ordered: bool) -> list[Row]:
    if not ordered:
        return [row for row in rows if row.sequence > last]
    positions = [index for index, row in enumerate(rows) if row.sequence == last]
    return rows[positions[0] + 1 :] if positions else []


def _position(entity: Entity, options: Options, last: Row) -> dict[str, str]:
    if entity.of_mailbox:
        return {"$skip": str(options.skip + options.top)}
    return {"$skiptoken": _skiptoken(last.sequence)}


def _skiptoken(sequence: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"after": sequence}).encode()).decode().rstrip("=")


def _read_skiptoken(token: str) -> int:
    try:
        return int(json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))["after"])
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request("The specified skip token is not valid.") from error


def _next_link(call: Call, position: dict[str, str]) -> str:
    query = {**call.query, **position}
    text = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in query.items())
    path = quote(attach_keys(call.path.removeprefix("/beta")), safe="/$.()='%")
    return f"{call.origin}/{_version(call)}{path}?{text}"


def _context(call: Call, set_name: str, options: Options, suffix: str = "") -> str:
    shape = ",".join((*options.select, *(f"{expand.name}()" for expand in options.expand)))
    return f"{call.origin}/{_version(call)}/$metadata#{set_name}{f'({shape})' if shape else ''}{suffix}"


def _version(call: Call) -> str:
    """Paths of v1.0 have lost their version on the way here, those of beta keep it."""
    return "beta" if call.path.startswith("/beta/") else "v1.0"
