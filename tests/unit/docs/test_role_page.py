# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's README says what the role is; an option that takes a variable is documented as the variable is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import chain
from typing import Any

import pytest
import yaml

from ansible_collections.totalview.exchange365.plugins.module_utils._states import KNOWN
from tooling.install_collection import ROOT
from tooling.role_page import PAGE, ROLE, SPEC, TABLES
from tooling.tables import markdown

TEXT = PAGE.read_text("utf-8")
OURS = "totalview.exchange365."
PASSED_ON = re.compile(r"\{\{ (connector_\w+)(?: \| default\(omit\))? \}\}")


@pytest.mark.parametrize("name", TABLES)
def test_the_page_is_as_the_role(name):
    assert markdown(TABLES[name]) in TEXT, "run python -m tooling.role_page"


def test_no_markup_of_ansible_is_left_in_it():
    assert re.findall(r"\b(?:[OVCEMP]|RV)\(", TEXT) == []


def test_each_state_is_told():
    states = TEXT.partition("## States")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", states, re.MULTILINE)) == set(KNOWN)


def passed_on() -> Iterator[tuple[str, str, str]]:
    """Module, option and the variable that the role's tasks give it as it is."""
    for path in sorted((ROLE / "tasks").glob("*.yml")):
        for task in chain.from_iterable(each.get("block", [each]) for each in yaml.safe_load(path.read_text("utf-8"))):
            for key, options in task.items():
                if key.startswith(OURS):
                    for name, value in options.items():
                        if (found := PASSED_ON.fullmatch(str(value))) and found[1] in SPEC:
                            yield key.removeprefix(OURS), name, found[1]


def documented(module: str) -> dict[str, Any]:
    for node in ast.parse((ROOT / "plugins" / "modules" / f"{module}.py").read_text("utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="DOCUMENTATION")], value=ast.Constant(value=str() as text)):
                found = yaml.safe_load(text)
                fragments = [_fragment(name) for name in found.get("extends_documentation_fragment", ())]
                return {
                    **{name: option for options in fragments for name, option in options.items()},
                    **found["options"],
                }
    raise AssertionError(module)


def _fragment(name: str) -> dict[str, Any]:
    """Options of a documentation fragment, named as in a module."""
    file, _dot, part = name.removeprefix(OURS).partition(".")
    found = import_module(f"ansible_collections.{OURS}plugins.doc_fragments.{file}")
    return dict(yaml.safe_load(getattr(found.ModuleDocFragment, (part or "DOCUMENTATION").upper())).get("options", {}))


@pytest.mark.parametrize(("module", "option", "variable"), sorted(set(passed_on())))
def test_an_option_is_as_its_variable(module, option, variable):
    theirs, ours = documented(module)[option], SPEC[variable]

    assert [theirs.get(key) for key in ("type", "elements", "choices")] == [
        ours.get(key) for key in ("type", "elements", "choices")
    ]
    # The role may have a text for what a module leaves alone.
    assert theirs.get("default", ours.get("default")) == ours.get("default")


def test_the_examples_have_real_variables_and_playbooks():
    [inventory, _play] = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
    used = {*inventory["all"]["vars"], *inventory["all"]["hosts"]["contoso"]}

    assert used <= set(SPEC)
    assert {name for name, option in SPEC.items() if option.get("required")} <= used
    called = set(re.findall(r"ansible-playbook totalview\.exchange365\.(\w+)", TEXT))
    assert called <= {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
