# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name that no host has is told, with the host that may be meant."""

from __future__ import annotations

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.named_hosts import check, unknown
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError

HOSTS = ["contoso", "fabrikam"]


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ([], []),
        (["contoso", "fabrikam"], []),
        (["contosso", "contoso"], ["contosso (did you mean contoso?)"]),
        (["all", "*", "all"], ["all", "*"]),
        (["Contoso"], ["Contoso (did you mean contoso?)"]),
    ],
)
def test_names_that_no_host_has(named: list[str], told: list[str]) -> None:
    assert unknown(named, HOSTS) == told


def test_where_the_inventory_is_not_known_nothing_is_said_of_it() -> None:
    check("connector_offboard", {"connector_offboard": ["contosso"]}, None)


def test_the_variable_and_the_name_are_told() -> None:
    with pytest.raises(InputError, match=r"connector_onboard_again names .*: fabricam \(did you mean fabrikam\?\)"):
        check("connector_onboard_again", {"connector_onboard_again": ["contoso", "fabricam"]}, HOSTS)
