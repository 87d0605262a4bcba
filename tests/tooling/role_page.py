# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of roles/connector/README.md, from the role itself: `python -m tooling.role_page`.

With `tests` and `collections` on the path of modules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tooling.install_collection import ROOT
from tooling.tables import Table, written

ROLE = ROOT / "roles" / "connector"
PAGE = ROLE / "README.md"
SPEC: dict[str, dict[str, Any]] = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text("utf-8"))[
    "argument_specs"
]["main"]["options"]
#: Ansible's markup for names, values and code; all of it is code in Markdown.
_MARKUP = re.compile(r"\b(?:[OVCEMP]|RV)\((?:ignore:)?((?:[^()]|\([^()]*\))*)\)")


def variable_rows() -> Iterator[list[str]]:
    """In the order of the specification, those that must be given first."""
    for name in sorted(SPEC, key=lambda name: not SPEC[name].get("required")):
        option = SPEC[name]
        yield [f"`{name}`", _kind(option), _default(option), _text(option)]


def _kind(option: dict[str, Any]) -> str:
    kind = f"list of {option['elements']}" if "elements" in option else str(option["type"])
    return f"{kind}: {', '.join(f'`{choice}`' for choice in option['choices'])}" if "choices" in option else kind


def _default(option: dict[str, Any]) -> str:
    if option.get("required"):
        return "**required**"
    return f"`{json.dumps(option['default'], ensure_ascii=False)}`" if "default" in option else ""


def _text(option: dict[str, Any]) -> str:
    given = option["description"]
    text = _MARKUP.sub(r"`\1`", " ".join(given) if isinstance(given, list) else given)
    parts = [f"`{name}`: {_text(part)}" for name, part in option.get("options", {}).items()]
    return " ".join([text, *parts])


def playbook_rows() -> Iterator[list[str]]:
    for path in sorted((ROOT / "playbooks").glob("*.yml")):
        if path.stem == "summary":  # the end of the others
            continue
        play = yaml.safe_load(path.read_text("utf-8"))[0]
        yield [f"`totalview.exchange365.{path.stem}`", play["name"], f"`{_entry(play['tasks'])}`"]


def _entry(tasks: list[dict[str, Any]]) -> str:
    """The file of tasks that a playbook begins with, as `tasks_from` names it."""
    for task in tasks:
        if "block" in task:
            return _entry(task["block"])
        if "ansible.builtin.import_role" in task:
            return str(task["ansible.builtin.import_role"].get("tasks_from", "main"))
    raise SystemExit("A playbook does not call the role.")


def tag_rows() -> Iterator[list[str]]:
    """What a tag brings, in the order of the role's tasks."""
    [block] = [
        task["block"] for task in yaml.safe_load((ROLE / "tasks" / "main.yml").read_text("utf-8")) if "block" in task
    ]
    for tag in dict.fromkeys(tag for task in block for tag in task["tags"]):
        yield [f"`{tag}`", ", ".join(task["name"] for task in block if tag in task["tags"])]


TABLES: dict[str, Table] = {
    "variables": (["Variable", "Type", "Default", "What it is"], variable_rows),
    "playbooks": (["Playbook", "Does", "`tasks_from`"], playbook_rows),
    "tags": (["Tag", "Tasks"], tag_rows),
}


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8"), TABLES), "utf-8")
