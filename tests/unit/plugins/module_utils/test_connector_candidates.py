# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hand-made applications may be a registration."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.candidates import (
    Found,
    Looked,
    candidates,
)

CALENDARS = frozenset({"Calendars.Read", "Calendars.ReadWrite", "User.Read.All"})
CALENDAR = Looked("calendar", "Totalview Calendar Synchronization", CALENDARS)
MAIL = Looked("mail", "Totalview E-Mail Sending", frozenset({"Mail.Send"}))


@pytest.mark.parametrize(
    ("looked", "name", "permissions", "policies", "is_one"),
    [
        (CALENDAR, "totalview calendar synchronization", frozenset(), (), True),
        (CALENDAR, "Anything", CALENDARS, (), True),
        (CALENDAR, "Anything", CALENDARS | {"Mail.Read"}, (), False),
        (CALENDAR, "Anything", frozenset({"Calendars.Read"}), ("group",), False),
        (CALENDAR, "TotalView kalender", frozenset({"Calendars.Read"}), (), True),
        (CALENDAR, "TotalView kalender", frozenset({"User.Read.All"}), (), False),
        (CALENDAR, "TotalView mail", frozenset({"Mail.Send"}), (), False),
        (MAIL, "Newsletter", frozenset({"Mail.Send"}), (), False),
        (MAIL, "Newsletter", frozenset({"Mail.Send"}), ("group",), True),
        (MAIL, "totalview smtp", frozenset({"Mail.Send", "Mail.Read"}), (), True),
        (MAIL, "", frozenset(), (), False),
    ],
)
def test_a_permission_that_many_ask_for_is_no_sign(looked, name, permissions, policies, is_one):
    found = Found("id", name, permissions=permissions, policies=policies)
    assert bool(candidates(looked, [found])) is is_one


def test_they_are_told_apart_and_always_in_the_same_order():
    rows = [Found(id_, "Totalview E-Mail Sending", f"202{number}-01-01T00:00:00Z") for number, id_ in enumerate("cab")]
    for order in itertools.permutations(rows):
        told = [one.describe() for one in candidates(MAIL, order)]
        assert [text.partition("client id ")[2][0] for text in told] == ["a", "b", "c"]
        assert len(set(told)) == 3
