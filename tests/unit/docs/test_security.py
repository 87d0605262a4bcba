# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/security.md names tests that there are, and the rights that the code asks for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.rights import rights_for
from tooling.rights import CHOICES, LEAST, PAGE, ROOT, TABLES
from tooling.tables import markdown

TEXT = PAGE.read_text("utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)


@cache
def names_in(path: str) -> frozenset[str]:
    body = ast.parse((ROOT / "tests" / path).read_text("utf-8")).body
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef))


def test_each_named_test_is_there():
    assert NAMED
    assert [f"{path}::{name}" for path, name in NAMED if name not in names_in(path)] == []


def test_no_test_is_named_in_another_way():
    assert TEXT.count("::") == len(NAMED) + 1  # that of the introduction


def test_each_attacker_has_a_test():
    attackers = TEXT.partition("## Who might attack")[2].partition("\n## ")[0].split("\n### ")[1:]

    assert len(attackers) >= 11
    assert [text.splitlines()[0] for text in attackers if "::" not in text] == []


@pytest.mark.parametrize("name", TABLES)
def test_rights_are_as_the_code_asks_for(name):
    assert markdown(TABLES[name]) in TEXT, "run python -m tooling.rights"


class Noting(Mapping[str, Any]):
    """Variables that note which of them were read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@pytest.mark.parametrize("mode", ["none", "rbac"])
def test_each_variable_that_rights_depend_on_is_a_choice_of_the_table(mode):
    chosen = {name for ways in CHOICES.values() for changes in ways for name in changes}
    variables = Noting({**LEAST, **dict.fromkeys(chosen), "connector_mail_restriction": mode})

    rights_for(variables)

    assert variables.read
    assert variables.read <= chosen
