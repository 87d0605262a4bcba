# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory roles of service principals."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.graph.store import directory_roles
from emulator.graph.store.records import Kind
from emulator.rig import Rig, error_of
from emulator.world import Tenant

PATH = "/roleManagement/directory/roleAssignments"
EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
UNKNOWN = "99999999-9999-4999-8999-999999999999"
WRITE = "RoleManagement.ReadWrite.Directory"


@pytest.fixture
def tenant(rig: Rig) -> Tenant:
    tenant = rig.world.tenant(rig.home)
    assert tenant is not None
    return tenant


@pytest.fixture
def principal(tenant: Tenant) -> str:
    """The automation's own service principal, without any directory role."""
    client_id = tenant.spec["automation"]["client_id"]
    record = tenant.directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", client_id)
    assert record is not None
    directory_roles.set_roles(tenant.directory, record.id, [])
    return record.id


def assign(rig: Rig, principal: str, role: str = EXCHANGE_ADMINISTRATOR, **changes: Any) -> Any:
    body = {"principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/", **changes}
    return rig.graph("POST", PATH, body, token=rig.token([WRITE]))


def test_a_role_is_given_and_taken(rig: Rig, tenant: Tenant, principal: str) -> None:
    made = rig.created(assign(rig, principal))
    assert (made["principalId"], made["roleDefinitionId"]) == (principal, EXCHANGE_ADMINISTRATOR)
    assert tenant.directory_roles(principal) == {"Exchange Administrator"}
    [shown] = rig.admin.snapshot(rig.home)["directoryRoleAssignments"]
    assert (shown["id"], shown["principalId"]) == (made["id"], principal)
    assert rig.graph("GET", f"{PATH}/{made['id']}").json()["directoryScopeId"] == "/"
    assert rig.graph("DELETE", f"{PATH}/{made['id']}", token=rig.token([WRITE])).status_code == 204
    assert tenant.directory_roles(principal) == frozenset()


def test_assignments_are_filtered_by_principal(rig: Rig, principal: str) -> None:
    other = rig.service_principal(rig.application()["appId"])["id"]
    for holder, role in ((principal, EXCHANGE_ADMINISTRATOR), (other, GLOBAL_ADMINISTRATOR)):
        rig.created(assign(rig, holder, role))
    [found] = rig.graph("GET", f"{PATH}?$filter=principalId eq '{principal}'").json()["value"]
    assert found["roleDefinitionId"] == EXCHANGE_ADMINISTRATOR


def test_refusals(rig: Rig, principal: str) -> None:
    rig.created(assign(rig, principal))
    assert "conflicting object" in error_of(assign(rig, principal))[2]
    assert error_of(assign(rig, UNKNOWN))[0] == 404
    assert error_of(assign(rig, principal, UNKNOWN))[0] == 400
    assert error_of(assign(rig, principal, directoryScopeId="/administrativeUnits/x"))[0] == 400


def test_only_a_role_manager_assigns(rig: Rig, principal: str) -> None:
    body = {"principalId": principal, "roleDefinitionId": EXCHANGE_ADMINISTRATOR, "directoryScopeId": "/"}
    refused = rig.graph("POST", PATH, body)
    assert error_of(refused)[:2] == (403, "Authorization_RequestDenied")
    assert error_of(rig.graph("GET", PATH, token=rig.token(["Application.ReadWrite.All"])))[0] == 403


def test_a_role_ends_with_its_service_principal(rig: Rig, tenant: Tenant) -> None:
    principal = rig.service_principal(rig.application()["appId"])["id"]
    rig.created(assign(rig, principal))
    rig.graph("DELETE", f"/servicePrincipals/{principal}")
    assert tenant.directory_roles(principal) == frozenset()


def test_a_fresh_role_is_seen_late(rig: Rig, tenant: Tenant, principal: str) -> None:
    rig.admin.tenant(rig.home, lag={"reads": 1})
    rig.created(assign(rig, principal))
    assert tenant.directory_roles(principal) == frozenset()
    assert tenant.directory_roles(principal) == {"Exchange Administrator"}
