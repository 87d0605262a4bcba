# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/troubleshooting.md says of each code what the collection says of it."""

from __future__ import annotations

import re

import pytest

from tooling.tables import markdown, written
from tooling.troubleshooting import PAGE, SOURCES, TABLES, own_errors


@pytest.mark.parametrize("name", ["sign-in", "graph", "exchange"])
def test_the_page_is_as_the_code_tells(name):
    assert markdown(TABLES[name]) in PAGE.read_text("utf-8"), "run python -m tooling.troubleshooting"


def test_the_page_tells_of_no_code_that_is_gone():
    own = PAGE.read_text("utf-8").partition("<!-- begin own -->")[2]
    codes = set(re.findall(r"^\| `(\w+)` \|", own, re.MULTILINE))

    assert codes
    assert codes <= {error.code for error in own_errors()}


def test_writing_the_page_changes_nothing_but_the_tables():
    page = PAGE.read_text("utf-8")

    once = written(page, TABLES)

    assert written(once, TABLES) == once
    assert once.partition("<!-- begin sign-in -->")[0] == page.partition("<!-- begin sign-in -->")[0]


@pytest.mark.parametrize("name", TABLES)
def test_no_cell_is_empty(name):
    rows = [row.strip("|").split(" | ") for row in markdown(TABLES[name]).splitlines()]

    assert all(cell.strip() not in ("", "…") for row in rows for cell in row)
    assert len({len(row) for row in rows}) == 1


def test_every_code_of_our_own_is_there():
    text = "\n".join(path.read_text("utf-8") for path in SOURCES.rglob("*_utils/**/*.py"))
    codes = set(re.findall(r'\bcode="(\w+)"', text))
    told = markdown(TABLES["own"])

    assert codes
    assert [code for code in sorted(codes) if f"| `{code}` |" not in told] == []
