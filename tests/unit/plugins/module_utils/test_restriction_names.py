# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.names import (
    group_alias,
    may_be_one,
)


@pytest.mark.parametrize(
    ("name", "alias"),
    [
        ("totalviewtimesendemail", "totalviewtimesendemail"),
        ("Totalview Senders", "Totalview-Senders"),
        ("Salg & Lager", "Salg---Lager"),
        ("Søren", "S-ren"),
        (".Sales..Team.", "Sales.Team"),
        ("senders@contoso.com", "senders-contoso.com"),
        ("...", "-"),
    ],
)
def test_an_alias_is_what_exchange_takes(name, alias):
    assert group_alias(name) == alias


@pytest.mark.parametrize(
    ("name", "other", "one"),
    [
        ("Senders", "sENDERS", True),
        ("Totalview Senders", "Totalview-Senders", True),
        ("日程", "邮件", True),
        ("日程表", "邮件", False),
        ("Senders", "Sender", False),
    ],
)
def test_names_of_one_alias_cannot_be_two_groups(name, other, one):
    assert may_be_one(name, other) is one
