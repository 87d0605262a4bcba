# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role documents, what it defaults to, and what it takes for a known variable are the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles" / "connector"


def _load(path: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROLE / path).read_text()))


SPEC = _load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
DEFAULTS = _load("defaults/main.yml")
#: Set by the role for whoever reads it.
RESULT = "connector_result"


def test_documented_defaults_are_the_real_ones() -> None:
    # Ansible checks values against the specification and fills in nothing from it.
    documented = {name: option["default"] for name, option in SPEC.items() if "default" in option}
    assert documented == DEFAULTS


def test_the_known_variables_are_the_documented_ones() -> None:
    known = _load("vars/main.yml")["__connector_known_variables"]
    assert known == sorted(known)
    assert set(known) == {*SPEC, RESULT}


def test_every_documented_variable_is_used_and_every_used_one_documented() -> None:
    files = [*ROLE.rglob("tasks/*.yml"), *ROLE.rglob("vars/*.yml"), *ROLE.rglob("defaults/*.yml")]
    files += (ROOT / "playbooks").glob("*.yml")
    text = "\n".join(path.read_text().split("__connector_known_variables:")[0] for path in files)
    # A default's own line is no use of it.
    used = set(re.findall(r"(?<![_\w])(connector_\w+)\b(?!:)", text)) | {RESULT}
    assert used - {"connector_result"} == set(SPEC)


def test_secrets_have_no_type_that_would_be_shown_when_it_does_not_fit() -> None:
    # Ansible shows the value of an option whose type is wrong, also of a secret one.
    secret = {name: option for name, option in SPEC.items() if name.endswith(("_secret", "_password"))}
    assert {option["type"] for option in secret.values()} == {"str"}
