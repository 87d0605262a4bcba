# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.totalview.exchange365.plugins.module_utils._states import KNOWN, rank, state_of

PLUGINS = Path(__file__).resolve().parents[4] / "plugins"
#: Where results of tenants are made.
MAKERS = [*(PLUGINS / "module_utils" / "_connector").glob("*.py"), PLUGINS.parent / "roles/connector/tasks/disable.yml"]


def test_every_state_that_a_tenant_is_told_in_has_its_place() -> None:
    text = "\n".join(path.read_text() for path in MAKERS)
    made = set(re.findall(r'"state": "(\w+)"', text))
    made |= {word for line in re.findall(r"^ +state(?: =|: ).*$", text, re.MULTILINE) for word in _words(line)}
    made |= set(re.findall(r'return [("]+(waiting_for_\w+|changes_pending|not_provable|complete)"', text))

    assert {"failed", "disabled", "enabled", "offboarding", "offboarded", "waiting_for_consent"} <= made
    assert made - {"present"} <= set(KNOWN)  # an option of a module


def _words(line: str) -> list[str]:
    return re.findall(r"""["'](\w+)["'](?! in )""", line)


def test_what_another_version_says_stands_after_the_failed_ones_and_is_never_settled() -> None:
    assert sorted(["complete", "invented", "needs", "failed"], key=rank) == ["failed", "invented", "needs", "complete"]
    assert not state_of("invented").settled
    assert state_of(None) == state_of("")
