# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.findings import (
    KINDS,
    SEVERITIES,
    Finding,
)

ROOT = Path(__file__).resolve().parents[4]
PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
PAGE = (ROOT / "docs" / "audit.md").read_text()


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_documented_and_says_what_to_do(name: str) -> None:
    kind = KINDS[name]
    mends = f"`{kind.playbook}`" if kind.playbook else "a person"

    assert kind.severity in SEVERITIES
    assert kind.playbook is None or kind.playbook in PLAYBOOKS
    assert f"| `{name}` | {kind.severity} | {kind.what} | {kind.advice} | {mends} |" in PAGE


def test_an_id_names_one_thing() -> None:
    one, other = (Finding("redirect-uri", "mail", uri) for uri in ("https://a.example", "https://b.example"))

    assert one.id == "redirect-uri:mail:https://a.example"
    assert one.id != other.id
    assert Finding("not-handed-off", None, "x").id == "not-handed-off:x"
