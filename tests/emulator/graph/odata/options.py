# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The query options of one request, checked against what the type and Microsoft's "advanced queries" allow."""

from __future__ import annotations

import re
from dataclasses import dataclass

from emulator.call import Call
from emulator.graph.errors import GraphError, bad_request, malformed, unknown, unsupported_query
from emulator.graph.odata.entities import ADVANCED_VERBS, Entity
from emulator.graph.odata.filters import BadFilter, Filter, UnsupportedFilter, parse_filter

DEFAULT_PAGE = 100

_KNOWN = frozenset({"$filter", "$select", "$expand", "$top", "$skiptoken", "$count", "$search", "$orderby", "$format"})
_EXPAND = re.compile(r"(?P<name>\w+)(?:\(\$select=(?P<select>[\w,]+)\))?")
_SEARCH = re.compile(r'\s*(?P<joint>AND\s+|OR\s+)?"(?P<name>\w+):(?P<text>[^"]*)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Expand:
    name: str
    select: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchTerm:
    any_of: bool
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Options:
    select: tuple[str, ...] = ()
    expand: tuple[Expand, ...] = ()
    filter: Filter | None = None
    order: tuple[str, bool] | None = None
    search: tuple[SearchTerm, ...] = ()
    count: bool = False
    top: int = DEFAULT_PAGE
    skiptoken: str = ""
    skip: int = 0


def read_options(call: Call, entity: Entity) -> Options:
    for name in call.query:
        if name.startswith("$") and name not in (_KNOWN | {"$skip"} if entity.of_mailbox else _KNOWN):
            error = malformed(f"The query parameter '{name}' is not supported by the service.")
            raise unknown(error, f"query parameter {name}")
    options = Options(
        select=_select(call.query.get("$select", ""), entity),
        expand=_expand(call.query.get("$expand", ""), entity),
        filter=_filter(call.query.get("$filter"), entity),
        order=_order(call.query.get("$orderby"), entity),
        search=_search(call.query.get("$search"), entity),
        count=call.query.get("$count", "").lower() == "true" and (entity.of_mailbox or _eventual(call)),
        top=_top(call.query.get("$top"), entity.longest_page),
        skiptoken=call.query.get("$skiptoken", ""),
        skip=_skip(call.query.get("$skip", "0")),
    )
    _check_advanced(call, entity, options)
    return options


def _eventual(call: Call) -> bool:
    return call.headers.get("consistencylevel", "").lower() == "eventual"


def _select(text: str, entity: Entity) -> tuple[str, ...]:
    return tuple(_selected(name.strip(), entity) for name in text.split(",") if name.strip())


def _selected(name: str, entity: Entity) -> str:
    known = entity.named(name)
    if known is None:
        raise _no_such_property(name, entity)
    return known


def _no_such_property(name: str, entity: Entity) -> GraphError:
    return malformed(f"Could not find a property named '{name}' on type 'microsoft.graph.{entity.name}'.")


def _expand(text: str, entity: Entity) -> tuple[Expand, ...]:
    if not text:
        return ()
    found = _EXPAND.fullmatch(text.strip())
    if found is None:
        raise malformed("Parsing OData Select and Expand failed.")
    if found["name"] not in entity.expand:
        raise _no_such_property(found["name"], entity)
    return (Expand(found["name"], tuple((found["select"] or "").split(",")) if found["select"] else ()),)


def _filter(text: str | None, entity: Entity) -> Filter | None:
    if text is None:
        return None
    try:
        parsed = parse_filter(text.strip())
    except BadFilter as error:
        raise bad_request("Invalid filter clause.") from error
    except UnsupportedFilter as error:
        raise unsupported_query("Unsupported Query.") from error
    for name, verb in parsed.uses:
        if name and verb not in entity.verbs(name):
            raise _unsupported_clause(name, entity)
    return parsed


def _unsupported_clause(name: str, entity: Entity) -> GraphError:
    title = entity.name[0].upper() + entity.name[1:]
    return unsupported_query(
        f"Unsupported or invalid query filter clause specified for property '{name}' of resource '{title}'."
    )


def _order(text: str | None, entity: Entity) -> tuple[str, bool] | None:
    if text is None:
        return None
    name, _unused, direction = text.strip().partition(" ")
    known = entity.sorts_by(name)
    if direction.strip().lower() not in ("", "asc", "desc") or (known is None and entity.named(name) is None):
        raise malformed(f"Invalid $orderby clause '{text}'.")
    if known is None:
        raise unsupported_query("Sorting not supported for current query.")
    return known, direction.strip().lower() == "desc"


def _search(text: str | None, entity: Entity) -> tuple[SearchTerm, ...]:
    terms: list[SearchTerm] = []
    position = 0
    while text and position < len(text.rstrip()):
        found = _SEARCH.match(text, position)
        if found is None or found["name"] not in entity.search:
            raise bad_request(f"Unrecognized $search clause '{text}'.")
        any_of = (found["joint"] or "").upper().startswith("OR")
        terms.append(SearchTerm(any_of, found["name"], found["text"].casefold()))
        position = found.end()
    return tuple(terms)


def _top(text: str | None, longest: int) -> int:
    if text is None:
        return DEFAULT_PAGE
    if not text.isdecimal() or not 1 <= int(text) <= longest:
        raise bad_request(f"Invalid page size specified: '{text}'. Must be between 1 and {longest} inclusive.")
    return int(text)


def _skip(text: str) -> int:
    if not text.isdecimal():
        raise bad_request(f"Invalid value specified for '$skip': '{text}'.")
    return int(text)


def _check_advanced(call: Call, entity: Entity, options: Options) -> None:
    """Which queries need the header, which need `$count=true` besides, and what cannot go with them."""
    if entity.of_mailbox:
        return
    advanced = options.count
    if options.search and not _eventual(call):
        raise unsupported_query(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    for name, verb in options.filter.uses if options.filter else ():
        if verb in ADVANCED_VERBS and not advanced:
            raise _unsupported_clause(name or "filter", entity)
    if options.order and not advanced and (options.filter or options.order[0] in entity.order_advanced):
        raise unsupported_query("Sorting not supported for current query.")
    if options.expand and (advanced or options.search):
        raise unsupported_query("$expand cannot be combined with advanced query parameters.")
