# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A partner's relationships, and its customers."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.rig import Rig

ROOT = "/tenantRelationships"
READ = ("DelegatedAdminRelationship.Read.All",)
CONTOSO = "11111111-2222-4333-8444-555555555555"  # a tenant of this emulator, display name Contoso
ELSEWHERE = "22222222-2222-4333-8444-555555555555"


@pytest.fixture
def partner(rig: Rig) -> str:
    """The token of a partner with three relationships."""
    agreed = {"tenantId": CONTOSO, "displayName": "As it was called then"}
    wishes = [
        {"displayName": "Contoso", "customer": agreed, "endDateTime": "2027-01-31T00:00:00Z"},
        {"displayName": "Elsewhere", "customer": {"tenantId": ELSEWHERE, "displayName": "Far"}, "status": "expired"},
        {"displayName": "Not sent", "status": "created"},
    ]
    seed = {"domains": ["partner.example"], "display_name": "Partner", "delegatedAdminRelationships": wishes}
    [tenant] = rig.admin.seed({"tenants": [seed]})
    return rig.token(READ, tenant=tenant)


def rows(rig: Rig, path: str, token: str) -> list[dict[str, Any]]:
    return list(rig.graph("GET", f"{ROOT}/{path}", token=token).json()["value"])


def test_relationships_tell_status_end_and_customer(rig: Rig, partner: str) -> None:
    active, expired, created = rows(rig, "delegatedAdminRelationships", partner)

    assert (active["status"], active["endDateTime"], active["autoExtendDuration"]) == (
        "active",
        "2027-01-31T00:00:00Z",
        "PT0S",
    )
    assert active["customer"] == {"tenantId": CONTOSO, "displayName": "As it was called then"}
    assert expired["status"] == "expired"
    assert (created["customer"], created["endDateTime"]) == (None, None)
    assert rows(rig, "delegatedAdminRelationships?$filter=status eq 'expired'", partner) == [expired]


def test_customers_are_called_as_they_are_today(rig: Rig, partner: str) -> None:
    found = rows(rig, "delegatedAdminCustomers", partner)

    assert {row["tenantId"]: row["displayName"] for row in found} == {CONTOSO: "Contoso", ELSEWHERE: "Far"}


def test_lists_are_paged(rig: Rig, partner: str) -> None:
    first = rig.graph("GET", f"{ROOT}/delegatedAdminRelationships?$top=2&$select=id", token=partner).json()
    second = rig.session.get(first["@odata.nextLink"], headers={"Authorization": f"Bearer {partner}"}).json()

    assert (len(first["value"]), len(second["value"])) == (2, 1)
    assert "@odata.nextLink" not in second
    assert rig.graph("GET", f"{ROOT}/delegatedAdminCustomers?$top=301", token=partner).status_code == 400


def test_no_partner_no_customers(rig: Rig) -> None:
    assert rows(rig, "delegatedAdminCustomers", rig.token(READ)) == []


def test_lists_need_their_own_right(rig: Rig) -> None:
    for path in ("delegatedAdminRelationships", "delegatedAdminCustomers"):
        assert rig.graph("GET", f"{ROOT}/{path}").status_code == 403
