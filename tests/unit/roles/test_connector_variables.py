# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role documents, what it defaults to, and what connector_plan takes are the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.totalview.exchange365.plugins.module_utils._connector import variables
from tooling.role_tasks import module_of, tasks

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles" / "connector"


def _load(path: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROLE / path).read_text()))


SPEC = _load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
DEFAULTS = _load("defaults/main.yml")
SECRET = ("_secret", "_password", "_token", "_secret_id", "_jwt")


def test_documented_defaults_are_the_real_ones() -> None:
    # Ansible checks values against the specification and fills in nothing from it.
    documented = {name: option["default"] for name, option in SPEC.items() if "default" in option}
    assert documented == DEFAULTS


def test_the_plan_takes_just_the_documented_variables() -> None:
    assert set(variables.SPEC) == set(SPEC) - {"connector_hosts", "connector_batch_size", "connector_waves"}
    for name, option in variables.SPEC.items():
        documented = {key: SPEC[name][key] for key in ("type", "elements", "choices") if key in SPEC[name]}
        assert {key: option[key] for key in ("type", "elements", "choices") if key in option} == documented, name


def test_what_the_role_asks_for_or_has_a_default_for_is_always_given() -> None:
    given = {name for name, option in variables.SPEC.items() if option.get("required")}
    assert given == {name for name, option in SPEC.items() if option.get("required")} | set(DEFAULTS)


def test_every_documented_variable_is_used() -> None:
    used = set(re.findall(r"connector_(?:hosts|batch_size)", (ROOT / "playbooks" / "onboard.yml").read_text()))
    used |= set(re.findall(r"connector_waves", (ROOT / "playbooks" / "rotate.yml").read_text()))
    core = ROOT / "plugins" / "module_utils" / "_connector"
    # A variable of either kind of registration is used under the name that both have in common.
    code = "\n".join(path.read_text() for path in core.glob("*.py") if path.name != "variables.py")
    code += (core / "variables.py").read_text().partition("\ndef read_variables")[2]
    read_by_tasks = {
        "discover": r"connector_discovered_folder",
        "disable": r"\bconnector_switched_by\b",
        "offboard": r"connector_offboarded_by",
        "preflight": r"connector_preflight",
        "messages": r"\bconnector_messages_\w+",
        "report": r"\bconnector_report\w*",
        "rotate": r"connector_max_fail_percentage",
        "store": r"\bconnector_store_former\w*",
    }
    used |= set(re.findall(r"\bconnector_switch\b", (ROLE / "vars" / "main.yml").read_text()))
    for name, pattern in read_by_tasks.items():
        used |= set(re.findall(pattern, (ROLE / "tasks" / f"{name}.yml").read_text()))
    for name in variables.SPEC:
        short = re.sub(r"^connector_(calendar_|mail_|secret_|store_)?", "", name)
        if f'"{name}"' in code or f'"{short}"' in code:
            used.add(name)
    assert used == set(SPEC)


def test_secrets_are_known_as_such() -> None:
    assert {name for name in SPEC if name.endswith(SECRET)} == variables.SECRET_VARIABLES


def test_secrets_have_no_type_that_would_be_shown_when_it_does_not_fit() -> None:
    # Ansible shows the value of an option whose type is wrong, also of a secret one.
    secret = {name: option for name, option in SPEC.items() if name.endswith(SECRET)}
    assert {option["type"] for option in secret.values()} == {"str"}


def test_every_task_reaches_the_store_with_all_that_signs_in_to_it() -> None:
    """What the plan tells of the store has no secrets."""
    given = {
        (path.name, str(task["name"])): options["store"]
        for path in (ROLE / "tasks").glob("*.yml")
        for task in tasks(path.stem)
        if isinstance(options := task.get(f"totalview.exchange365.{module_of(task)}"), dict) and "store" in options
    }

    assert {file for file, _name in given} >= {"main.yml", "rotate.yml", "disable.yml", "enable.yml", "offboard.yml"}
    assert set(given.values()) == {"{{ __connector_store }}"}, given
