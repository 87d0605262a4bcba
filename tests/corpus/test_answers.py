# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each answer in answers.yaml is told as its row says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from ansible_collections.totalview.exchange365.plugins.module_utils import _errors
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ConnectorError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import Who, sign_in_error
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange.errors import exchange_error
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import (
    graph_error,
    optional,
)

Row = dict[str, Any]

ROWS: list[Row] = yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text("utf-8"))
WHO = {"automation": Who("client-1"), "registration": Who("client-2", "ours-mail")}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    rows = [row for row in ROWS if metafunc.function is not test_optional_read or "optional" in row]
    metafunc.parametrize("row", rows, ids=[f"{row['api']}: {row['name']}" for row in rows])


def test_answer_becomes_the_error_that_its_row_names(row: Row) -> None:
    error = told(row)

    assert error.__class__ is getattr(_errors, row["error"])
    assert error.code == row["code"]
    assert error.next_step
    for text in row.get("says", ()):
        assert text in error.message
    for text in row.get("next", ()):
        assert text in error.next_step
    for text in row.get("never", ()):
        assert text not in error.sentence("tenant")
    assert error.trace.request_id == row.get("trace")
    assert row["from"]


def test_optional_read(row: Row) -> None:
    def read() -> str:
        raise told(row)

    if row["optional"]:
        assert optional(read) is None
    else:
        with pytest.raises(ConnectorError):
            optional(read)


def told(row: Row) -> ConnectorError:
    if row["api"] == "entra":
        return sign_in_error(row["body"], WHO[row.get("who", "automation")], "https://service.example")
    if row["api"] == "exchange":
        return exchange_error(answer(row), "Get-Group", "read the group")
    return graph_error(answer(row), "read the thing")


def answer(row: Row) -> requests.Response:
    response = requests.Response()
    response.status_code = row["status"]
    response.headers.update(row.get("headers", {}))
    response._content = (json.dumps(row["body"]) if "body" in row else row["text"]).encode()
    response.request = requests.Request("GET", "https://service.example").prepare()
    return response
