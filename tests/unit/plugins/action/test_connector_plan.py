# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.totalview.exchange365.plugins.action.connector_plan import own_lists

Json = dict[str, Any]
GROUPS = {"all": ["contoso", "fabrikam", "woodgrove"], "north": ["contoso", "woodgrove"], "alone": ["contoso"]}


class Broken(dict[str, Any]):
    """Variables of a host whose templates cannot be worked out."""

    def get(self, *_arguments: Any) -> Any:
        raise AnsibleError("undefined")


@pytest.mark.parametrize(
    ("named", "others", "own"),
    [
        ({}, {}, []),
        ({"connector_delivered": []}, {}, []),
        ({"connector_delivered": ["a"]}, {}, ["connector_delivered"]),
        ({"connector_delivered": ["a"]}, {"fabrikam": {"connector_delivered": ["b"]}}, ["connector_delivered"]),
        ({"connector_delivered": ["a"]}, {"fabrikam": {"connector_delivered": ["a"]}}, []),
        ({"connector_delivered": ["a"]}, {"woodgrove": {"connector_delivered": ["a"]}}, []),
        ({"connector_delivered": ["a"]}, {"fabrikam": Broken()}, ["connector_delivered"]),
        (
            {"connector_delivered": ["a"], "connector_revoke": ["b"]},
            {"fabrikam": {"connector_delivered": ["a"]}},
            ["connector_revoke"],
        ),
    ],
)
def test_a_list_is_a_hosts_own_where_no_mate_of_its_groups_has_the_same(
    named: Json, others: Json, own: list[str]
) -> None:
    hostvars = {"contoso": named, "fabrikam": {}, "woodgrove": {}} | others
    task_vars = {"groups": GROUPS, "group_names": ["alone", "north"], "inventory_hostname": "contoso"}

    assert list(own_lists(named, {**task_vars, "hostvars": hostvars})) == own


def test_where_there_is_one_host_its_list_may_be_the_fleets() -> None:
    task_vars = {"groups": {"all": ["contoso"]}, "group_names": [], "inventory_hostname": "contoso", "hostvars": {}}

    assert list(own_lists({"connector_revoke": ["a"]}, task_vars)) == []
