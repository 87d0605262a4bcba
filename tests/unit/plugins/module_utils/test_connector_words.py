# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever calls the role is told of its variables, whoever calls a module of its options."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.words import (
    in_variables,
    result_in_variables,
    told_in_variables,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError

PLUGINS = Path(__file__).resolve().parents[4] / "plugins"
MODULES = "ansible_collections.totalview.exchange365.plugins.modules"
#: The role has no variables for these: it knows which application is meant, takes the run's own vault password, and has
#: the last one in its lists of permissions as well.
NO_VARIABLES = {"client_id", "vault_password_file", "inventory_dir", "resource_app_id"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Check tenant_id.", "Check connector_tenant_id."),
        ("Check graph_url and cloud.", "Check connector_graph_url and connector_cloud."),
        ("Set adopt to take it over.", "Set connector_adopt to take it over."),
        ("Choose a shorter valid_for.", "Choose a shorter connector_secret_valid_for."),
        ("Choose another unique_name.", "Choose another connector_mail_unique_name."),
        ("Set connector_enable: true.", "Set connector_enable: true."),
        ("An administrator may adopt it in the cloud.", "An administrator may adopt it in the cloud."),
        ("The parameter 'tenant_id' is missing.", "The parameter 'tenant_id' is missing."),
        ("Of the store's own options: Give auth_kind.", "Of the store's own options: Give connector_store_auth_kind."),
        ("Give auth_kind.", "Give connector_auth_kind."),
    ],
)
def test_options_are_called_as_the_variables(text, told):
    assert in_variables(text, "mail") == told
    assert in_variables(told, "mail") == told


def test_where_it_may_be_about_either_registration_both_variables_are_named():
    told = in_variables("Choose another unique_name.")

    assert told == "Choose another connector_calendar_unique_name or connector_mail_unique_name."


def test_an_error_is_told_likewise():
    with pytest.raises(InputError) as told, told_in_variables("calendar"):
        raise InputError("members_exact is false.", next_step="Set it, or adopt_group.")

    assert told.value.message == "connector_calendar_members_exact is false."
    assert told.value.next_step == "Set it, or connector_calendar_adopt_group."


def test_a_result_changes_in_its_words_only():
    failure = {"message": "No graph_url.", "next_step": "Give graph_url.", "code": "graph_url"}
    result = {"failed": True, "msg": "No graph_url. Give graph_url.", "failure": failure, "warnings": ["ca_path"]}

    told = result_in_variables(result)

    assert told["msg"] == "No connector_graph_url. Give connector_graph_url."
    assert told["failure"] == {
        "message": "No connector_graph_url.",
        "next_step": "Give connector_graph_url.",
        "code": "graph_url",
    }
    assert told["warnings"] == ["connector_ca_path"]
    assert result_in_variables({"changed": False, "name": "graph_url"}) == {"changed": False, "name": "graph_url"}


def _options() -> Iterator[str]:
    for path in (PLUGINS / "modules").glob("*.py"):
        operation = getattr(import_module(f"{MODULES}.{path.stem}"), "OPERATION", None)
        spec = operation.argument_spec if operation else {}
        yield from spec
        yield from (name for option in spec.values() for name in option.get("options", ()))


def _sentences(tree: ast.AST) -> Iterator[str]:
    """All texts with words in them; a docstring is for whoever reads the code."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in docstrings else None
        if isinstance(text, str) and " " in text.strip():
            yield text


def test_no_text_is_left_with_an_option_that_the_role_calls_otherwise():
    options = {name for name in _options() if "_" in name and not name.startswith("connector_")} - NO_VARIABLES
    option = re.compile(rf"(?<![\w'.])({'|'.join(sorted(options))})(?!\w)")
    texts = [
        text
        for path in (PLUGINS / "module_utils").rglob("*.py")
        if "_inventory" not in path.parts
        for text in _sentences(ast.parse(path.read_text("utf-8")))
    ]

    assert sum(bool(option.search(text)) for text in texts) > 50
    assert [text for text in texts if option.search(in_variables(text))] == []
