# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.filter.tenant_table import FilterModule, tenant_table
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.table import lines


def test_the_file_has_one_filter_of_its_own_name():
    assert FilterModule().filters() == {"tenant_table": tenant_table}


def test_it_gives_the_lines_of_connector_table():
    results = [{"tenant": "contoso", "state": "complete", "changed": ["hand-off"], "next": "-"}]

    assert tenant_table(results) == lines(results)
    assert tenant_table(results, 30) == lines(results, 30)
