# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list at the end of a test run: of what the emulators refused because they do not know it, and of nothing else."""

from __future__ import annotations

import pytest

from emulator.rig import Rig
from tooling.unknown_requests import UnknownRequests


@pytest.mark.usefixtures("malformed_on_purpose")
def test_only_what_is_not_known_is_listed(rig: Rig) -> None:
    rig.graph("GET", "/planets")
    rig.graph("GET", "/planets")
    rig.graph("PUT", "/applications")
    rig.graph("GET", "/applications/99999999-9999-4999-8999-999999999999")
    rig.graph("POST", "/applications", {"colour": "red"})
    rig.admin.faults({"kind": "answer", "status": 501, "path": "^/organization$"})
    rig.graph("GET", "/organization")
    seen = UnknownRequests()

    seen.note(rig.admin.refusals())
    gathered = UnknownRequests()
    gathered.load(seen.dump())
    gathered.load(seen.dump())

    first, second = gathered.lines()
    assert first == "    4 x graph GET /planets -> 400: path segment planets"
    assert second == "    2 x graph PUT /applications -> 405: method PUT"
