# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.totalview.exchange365.plugins.filter.changed_stages import changed_stages
from ansible_collections.totalview.exchange365.plugins.filter.shared_tenants import shared_tenants
from ansible_collections.totalview.exchange365.plugins.filter.tenant_table import tenant_table
from ansible_collections.totalview.exchange365.plugins.filter.unknown_names import unknown_names


@pytest.mark.parametrize("module", ["changed_stages", "shared_tenants", "tenant_table", "unknown_names"])
def test_each_file_has_one_filter_of_its_own_name(module):
    found = __import__(f"ansible_collections.totalview.exchange365.plugins.filter.{module}", fromlist=["FilterModule"])

    assert found.FilterModule().filters() == {module: getattr(found, module)}


# --- changed_stages


def result(name=None, *changes):
    registration = {} if name is None else {"__connector_registration": {"name": name}}
    return {"changed": bool(changes), "changes": list(changes), **registration}


@pytest.mark.parametrize(
    ("stages", "changed"),
    [
        ({}, []),
        ({"application": {"results": []}}, []),
        ({"application": {"results": [result("calendar")]}}, []),
        ({"application": {"skipped": True, "changed": False}}, []),
        ({"application": {"results": [{"skipped": True}]}}, []),
        ({"hand-off": result(None, "hand off contoso")}, ["hand-off"]),
        (
            {
                "application": {"results": [result("calendar", "create"), result("mail")]},
                "consent": {"results": [result("calendar", "grant"), result("mail", "grant", "revoke")]},
                "hand-off": result(None, "hand off contoso"),
            },
            ["calendar: application, consent", "mail: consent", "hand-off"],
        ),
    ],
)
def test_what_the_stages_changed_by_registration(stages, changed):
    assert changed_stages(stages) == changed


# --- shared_tenants


def test_the_hosts_of_each_tenant_that_several_stand_for():
    hostvars = {
        "a": {"__connector_plan": {"tenant_id": "t1"}},
        "b": {"__connector_plan": {"tenant_id": "t2"}},
        "c": {"__connector_plan": {"tenant_id": "t1"}},
        "refused": {"__connector_plan": {"failed": True}},
        "never": {},
    }

    assert shared_tenants(["a", "b", "c", "refused", "never"], hostvars) == {"t1": ["a", "c"]}
    assert shared_tenants(["b"], hostvars) == {}
    assert shared_tenants([], hostvars) == {}


# --- tenant_table


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


# --- unknown_names

KNOWN = ["connector_tenant_id", "connector_sender", "connector_registrations"]


@pytest.mark.parametrize(
    ("names", "unknown"),
    [
        ([], []),
        (KNOWN, []),
        (["connector_tenantid"], ["connector_tenantid (did you mean connector_tenant_id?)"]),
        (["xyz"], ["xyz"]),
        (
            ["xyz", "connector_sendr", "connector_sender", "xyz"],
            ["connector_sendr (did you mean connector_sender?)", "xyz"],
        ),
    ],
)
def test_unknown_names_come_sorted_once_and_with_the_nearest_known_one(names, unknown):
    assert unknown_names(names, KNOWN) == unknown


def test_without_known_names_there_is_nothing_to_suggest():
    assert unknown_names(["a"], []) == ["a"]
