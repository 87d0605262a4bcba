# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replicas that lag behind: no failure, no second object, and nothing left for the next run."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.launch import Emulator
from integration.operator_desk import Desk
from integration.tenants import ADOPTING_ROLES, ROLES, Tenants
from integration.witness import Witness


@pytest.mark.parametrize("lag", [{"reads": 1}, {"reads": 4}, {"seconds": 1.5}], ids=str)
def test_a_lagging_tenant_is_onboarded_like_any_other(
    desk: Desk, tenants: Tenants, emulator: Emulator, lag: dict[str, Any]
) -> None:
    fresh = tenants.make(roles=ROLES, lag=lag)
    handmade = tenants.make(
        roles=ADOPTING_ROLES,
        lag=lag,
        applications=[{"displayName": "Totalview E-Mail Sending", "adminConsent": True, "owners": []}],
    )
    desk.hosts = {
        "fresh": {"connector_tenant_id": fresh},
        "handmade": {"connector_tenant_id": handmade, "connector_adopt": True},
    }

    run = desk.run()

    assert run.code == 0, run.output
    for tenant in (fresh, handmade):
        Witness(emulator, tenant).assert_as_totalview_asks()
    again = desk.run()
    assert {host: row["changed"] for host, row in again.stats.items()} == {"fresh": 0, "handmade": 0}
