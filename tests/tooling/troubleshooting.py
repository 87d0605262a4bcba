# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/troubleshooting.md, from the code that tells the errors: `python -m tooling.troubleshooting`.

With `tests` and `collections` on the path of modules.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth import aadsts
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange import errors as exchange
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph import errors as graph
from tooling.tables import Table, written

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
SOURCES = ROOT / "plugins"
PACKAGE = "ansible_collections.totalview.exchange365.plugins"
OPEN = "…"
CODE = re.compile(r"([A-Z][a-z]+){2,}")
#: Codes of Graph with the statuses they come with; "": whatever else has that status.
GRAPH_CODES = [
    (404, "Request_ResourceNotFound"),
    (403, "Authorization_RequestDenied"),
    (403, "AccessDenied"),
    (401, "NoPermissionsInAccessToken"),
    (403, "Directory_QuotaExceeded"),
    (401, "OrganizationFromTenantGuidNotFound"),
    (409, graph.CONCURRENCY),
    (409, "Request_MultipleObjectsWithSameKeyValue"),
]
#: The types of a missing object and of a missing right besides those that are busy.
EXCHANGE_TYPES = [(404, exchange._MISSING), (404, "CommandNotFoundException"), (403, "")]


class Told(NamedTuple):
    """An error as the sources raise it; what is filled in is `…`."""

    code: str
    message: str
    next_step: str


def sign_in_rows() -> Iterator[list[str]]:
    for code, explanation in sorted(aadsts.EXPLANATIONS.items()):
        meaning = explanation.meaning.replace("{resource}", OPEN)
        yield [f"`AADSTS{code}`", meaning, explanation.automation, explanation.registration or "the same"]


def graph_rows() -> Iterator[list[str]]:
    policies = [(400, code) for code in graph._POLICY_CODES]
    for status, code in [*policies, *GRAPH_CODES, *((status, "") for status in graph._NEXT_STEPS)]:
        yield [_code(status, code), graph._classify(status, code)[1]]
    yield ["any other", graph._classify(400, "BadRequest")[1]]


def exchange_rows() -> Iterator[list[str]]:
    busy = [(503, name) for name in sorted(exchange._BUSY)]
    final = [(400, name) for name in sorted(exchange._FOR_GOOD)]
    for status, name in [*EXCHANGE_TYPES, *final, *busy, *((status, "") for status in exchange._NEXT_STEPS)]:
        yield [_code(status, name), exchange._classify(status, exchange.Refusal(name, ""))[1]]
    yield ["any other", exchange._classify(400, exchange.Refusal("Exception", ""))[1]]


def _code(status: int, code: str) -> str:
    return f"{status} `{code}`" if code else str(status)


def own_rows() -> Iterator[list[str]]:
    """Several places may tell the same code in other words."""
    told = sorted(set(own_errors()))
    for code in sorted({error.code for error in told}):
        same = [error for error in told if error.code == code]
        yield [f"`{code}`", " Or: ".join(error.message for error in same), _either(error.next_step for error in same)]


def _either(texts: Iterable[str]) -> str:
    return " Or: ".join(dict.fromkeys("as the message says" if text in ("", OPEN) else text for text in texts))


def own_errors() -> Iterator[Told]:
    for path in sorted([*SOURCES.glob("module_utils/**/*.py"), *SOURCES.glob("plugin_utils/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield from _errors(node, path)


def _errors(call: ast.Call, path: Path) -> Iterator[Told]:
    given: dict[str | None, ast.expr] = {}
    if isinstance(call.func, ast.Name) and call.func.id == "_refused":
        given = dict(zip(("message", "next_step", "code"), call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords}
    codes = [code for code in _codes(given.get("code")) if CODE.fullmatch(code)]
    if not codes or not call.args:
        return
    names = vars(import_module(f"{PACKAGE}.{'.'.join(path.relative_to(SOURCES).with_suffix('').parts)}"))
    next_step = _text(given["next_step"], names) if "next_step" in given else OPEN
    yield from (Told(code, _text(call.args[0], names), next_step) for code in codes)


def _codes(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _codes(node.body)
        yield from _codes(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _text(node: ast.expr, names: Mapping[str, Any]) -> str:
    """The text with `…` for whatever is known only when it happens."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return re.sub(f"{OPEN}+", OPEN, "".join(_text(part, names) for part in node.values))
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, names)
    if isinstance(node, ast.Name) and isinstance(names.get(node.id), str):
        return str(names[node.id])
    return OPEN


TABLES: dict[str, Table] = {
    "sign-in": (["Code", "What it means", "The automation signed in", "A registration signed in"], sign_in_rows),
    "graph": (["Status, code", "Who does what"], graph_rows),
    "exchange": (["Status, type", "Who does what"], exchange_rows),
    "own": (["Code", "Message", "Who does what"], own_rows),
}


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8"), TABLES), "utf-8")
