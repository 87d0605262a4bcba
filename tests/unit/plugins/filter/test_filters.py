# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.totalview.exchange365.plugins.filter.tenant_table import FilterModule, tenant_table


def test_the_file_has_one_filter_of_its_own_name():
    assert FilterModule().filters() == {"tenant_table": tenant_table}


def test_columns_are_as_wide_as_they_need_to_be_and_lines_have_no_tail():
    table = tenant_table(
        [
            {"tenant": "contoso", "state": "ready", "changed": ["calendar: consent", "hand-off"], "next": ""},
            {"tenant": "a", "state": "waiting_for_consent", "changed": [], "next": "An administrator must consent."},
        ]
    )

    assert table == [
        "TENANT   STATE                CHANGED                      NEXT",
        "contoso  ready                calendar: consent, hand-off  -",
        "a        waiting_for_consent  -                            An administrator must consent.",
    ]


@pytest.mark.parametrize("row", [{}, {"tenant": None, "state": "", "changed": [], "next": None, "more": "ignored"}])
def test_what_is_not_known_is_a_dash(row):
    assert tenant_table([row])[1].split() == ["-", "-", "-", "-"]


def test_without_tenants_there_are_headings():
    assert tenant_table([]) == ["TENANT  STATE  CHANGED  NEXT"]
