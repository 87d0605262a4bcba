# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's SDK does the vendor's guide, O365 uses what came of it, the role takes it over."""

from __future__ import annotations

from collections.abc import Callable

from clients.client import Client
from clients.guide import PERSON, Guide
from integration.operator_desk import SENDER


def test_what_libraries_made_and_use_is_taken_over(client: Callable[[str], Client], guide: Guide) -> None:
    made = client("msgraph-sdk").run("vendor_guide.py", **guide.administrator, registrations=guide.registrations)

    guide.assert_followed()
    used = client("python-o365").run("connector.py", **guide.as_the_connector(made))
    assert [subject for subject, _start, _shown in used["view"]] == [f"Meeting {number}" for number in range(1, 13)]
    assert {start[10:] for _subject, start, _shown in used["view"]} == {"T10:00:00+01:00"}
    assert used["pages"] == 12
    assert used["later"] == used["in_days"]
    assert used["written"][0] == "Dentist, moved"
    assert used["availability"][0]["scheduleItems"]
    assert (used["sent"], used["sent_as_another"]) == ("accepted", "accepted")

    guide.hand_over(made)

    after = client("python-o365").run("connector.py", **guide.as_the_connector(made))
    assert (after["sent"], after["sent_as_another"]) == ("accepted", "403 ErrorAccessDenied")
    guide.assert_sent(made, SENDER, PERSON, SENDER)
