# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`$filter`: parsed by a library, turned once into a test over bodies, and remembered."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from emulator.clock import parse_stamp

Test = Callable[[Any], bool]


class BadFilter(ValueError):
    """Not a filter at all."""


class UnsupportedFilter(ValueError):
    """A filter that may well be OData but that the directory does not evaluate."""


class Filter(NamedTuple):
    """`uses` names each (property, operator); what may be used on which type is for the type to say."""

    test: Test
    uses: frozenset[tuple[str, str]]


_COMPARE: dict[type, tuple[str, Callable[[Any, Any], bool]]] = {
    ast.Eq: ("eq", operator.eq),
    ast.NotEq: ("ne", operator.ne),
    ast.Gt: ("gt", operator.gt),
    ast.GtE: ("ge", operator.ge),
    ast.Lt: ("lt", operator.lt),
    ast.LtE: ("le", operator.le),
}

_QUOTED = re.compile(r"('(?:[^']|'')*')")
_FUNCTION = re.compile(r"\b(startsWith|endsWith|contains)\b(?=\s*\()", re.IGNORECASE)
_IN = re.compile(r"\bin\s*\(\s*$", re.IGNORECASE)
_NOT = re.compile(r"\bnot\s*\(", re.IGNORECASE)


@lru_cache(maxsize=1024)
def parse_filter(text: str) -> Filter:
    try:
        tree = ODataParser().parse(ODataLexer().tokenize(_as_the_parser_wants_it(text)))
    except ODataException as error:
        raise BadFilter(text) from error
    uses: set[tuple[str, str]] = set()
    return Filter(_compile(tree, uses), frozenset(uses))


def _as_the_parser_wants_it(text: str) -> str:
    """Graph takes function names in any case and `not(`; the parser wants lower case and a space. Strings stay."""
    parts = _QUOTED.split(text)
    for index in range(0, len(parts), 2):
        lowered = _FUNCTION.sub(lambda found: found[0].lower(), parts[index])
        parts[index] = _NOT.sub("not (", lowered)
    for index in range(0, len(parts) - 2, 2):
        before, after = _IN.search(parts[index]), parts[index + 2].lstrip()
        if before is not None and after.startswith(")"):
            # The parser takes one value in parentheses for no list.
            parts[index], parts[index + 2] = f"{parts[index][: before.start()]}eq ", after[1:]
    return "".join(parts)


def _compile(node: Any, uses: set[tuple[str, str]]) -> Test:
    match node:
        case ast.BoolOp(op=ast.And()):
            left, right = _compile(node.left, uses), _compile(node.right, uses)
            return lambda body: left(body) and right(body)
        case ast.BoolOp():
            left, right = _compile(node.left, uses), _compile(node.right, uses)
            return lambda body: left(body) or right(body)
        case ast.UnaryOp(op=ast.Not()):
            inner = _compile(node.operand, uses)
            uses.add(("", "not"))
            return lambda body: not inner(body)
        case ast.Compare(left=ast.Identifier() | ast.Attribute(owner=ast.Identifier())):
            return _comparison(node, uses)
        case ast.Call(args=[ast.Identifier(), ast.String()]):
            return _function(node, uses)
        case ast.CollectionLambda(owner=ast.Identifier(), operator=ast.Any(), lambda_=ast.Lambda()):
            return _any(node, uses)
    raise UnsupportedFilter


def _comparison(node: ast.Compare, uses: set[tuple[str, str]]) -> Test:
    name = _name(node.left)
    if isinstance(node.comparator, ast.In):
        uses.add((name, "in"))
        wanted = [_literal(item) for item in getattr(node.right, "val", ())]
        return lambda body: _fold(value_at(body, name)) in wanted
    verb, compare = _COMPARE[type(node.comparator)]
    uses.add((name, verb))
    if isinstance(node.left, ast.Attribute):
        moment = _text_of_moment(node.right)
        return lambda body: compare(parse_stamp(value_at(body, name)), moment)
    wanted_value = _literal(node.right)
    if isinstance(node.right, ast.DateTime):
        return lambda body: (
            value_at(body, name) is not None and compare(parse_stamp(value_at(body, name)), wanted_value)
        )
    if verb in ("eq", "ne"):
        return lambda body: compare(_fold(value_at(body, name)), wanted_value)
    if not isinstance(wanted_value, str):
        raise UnsupportedFilter
    return lambda body: value_at(body, name) is not None and compare(_fold(value_at(body, name)), wanted_value)


def _text_of_moment(node: Any) -> datetime:
    """`start/dateTime` is a text: a date that is not quoted is of another type (resource type dateTimeTimeZone)."""
    if not isinstance(node, ast.String):
        raise BadFilter
    try:
        return parse_stamp(node.val)
    except ValueError as error:
        raise BadFilter from error


def _function(node: ast.Call, uses: set[tuple[str, str]]) -> Test:
    name, verb, text = _name(node.args[0]), node.func.name, _fold(getattr(node.args[1], "val", ""))
    tests: dict[str, Callable[[str], bool]] = {
        "startswith": lambda value: value.startswith(text),
        "endswith": lambda value: value.endswith(text),
        "contains": lambda value: text in value,
    }
    if verb not in tests:
        raise UnsupportedFilter
    uses.add((name, verb))
    test = tests[verb]
    return lambda body: test(_fold(value_at(body, name) or ""))


def _any(node: ast.CollectionLambda, uses: set[tuple[str, str]]) -> Test:
    """`tags/any(t:t eq 'x')`: one comparison of the elements themselves, or of one property of theirs."""
    assert node.lambda_ is not None
    expression = node.lambda_.expression
    if isinstance(expression, ast.Compare) and isinstance(expression.left, ast.Attribute):
        return _any_property(node, expression, expression.left, uses)
    inner: set[tuple[str, str]] = set()
    test = _compile(node.lambda_.expression, inner)
    element, name = node.lambda_.identifier.name, _name(node.owner)
    if {used for used, _verb in inner} != {element}:
        raise UnsupportedFilter
    uses.update((name, f"any {verb}") for _used, verb in inner)
    return lambda body: any(test({element: item}) for item in value_at(body, name) or ())


def _any_property(
    node: ast.CollectionLambda, expression: ast.Compare, inner: ast.Attribute, uses: set[tuple[str, str]]
) -> Test:
    """`targetResources/any(t:t/id eq 'x')`."""
    assert node.lambda_ is not None
    owner = _name(node.owner)
    if not isinstance(expression.comparator, ast.Eq) or _name(inner.owner) != node.lambda_.identifier.name:
        raise UnsupportedFilter
    uses.add((f"{owner}/{inner.attr}", "any eq"))
    wanted = _literal(expression.right)
    return lambda body: any(_fold(value_at(item, inner.attr)) == wanted for item in value_at(body, owner) or ())


def _name(node: Any) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.owner)}/{node.attr}"
    return str(node.full_name())


def value_at(body: Any, path: str) -> Any:
    """Of a property, or of one inside it; Graph takes their names in any case."""
    value = body
    for name in path.split("/"):
        if value is None:
            return None
        value = value[name] if name in value else _in_another_case(value, name)
    return value


def _in_another_case(body: Any, name: str) -> Any:
    return next((value for known, value in body.items() if known.lower() == name.lower()), None)


def _literal(node: Any) -> Any:
    if isinstance(node, ast.GUID | ast.String):
        return _fold(node.val)
    if isinstance(node, ast.DateTime | ast.Boolean | ast.Null | ast.Integer):
        return node.py_val
    raise UnsupportedFilter


def _fold(value: Any) -> Any:
    """The directory compares text without regard to case."""
    return value.casefold() if isinstance(value, str) else value
