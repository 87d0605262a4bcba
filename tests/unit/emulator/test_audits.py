# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory's audit log: who changed applications, service principals and grants, by whichever object of them."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.rig import EVERYTHING, Rig

PATH = "/auditLogs/directoryAudits"
READ = ("AuditLog.Read.All", "Directory.Read.All")
MINUTE, DAY = 60, 86_400


def _rows(rig: Rig, id_: str, more: str = "") -> list[dict[str, Any]]:
    filter_ = f"$filter=targetResources/any(t:t/id eq '{id_}')"
    answer = rig.graph("GET", f"{PATH}?{filter_}{more}", token=rig.admin.token(rig.home, READ))
    assert answer.ok, answer.text
    return list(answer.json()["value"])


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["activityDisplayName"].strip() for row in rows]


def test_what_was_done_to_an_application_shows_after_a_while_the_newest_first(rig: Rig) -> None:
    made = rig.application()
    rig.graph("PATCH", f"/applications/{made['id']}", {"displayName": "Other"})
    rig.graph("POST", f"/applications/{made['id']}/addPassword", {"passwordCredential": {}})
    rig.graph("PATCH", f"/applications/{made['id']}", {"keyCredentials": []})
    assert _rows(rig, made["id"]) == []

    rig.admin.advance_clock(16 * MINUTE)

    newest_first = _rows(rig, made["id"], "&$orderby=activityDateTime desc")
    secrets = "Update application \u2013 Certificates and secrets management"
    assert _names(newest_first)[::-1] == ["Add application", "Update application", secrets, secrets]
    assert newest_first[0]["initiatedBy"]["app"]["appId"]


def test_a_grant_is_told_of_its_client_and_of_its_resource(rig: Rig) -> None:
    made = rig.application()
    principal = rig.service_principal(made["appId"])
    graph = rig.resource("00000003-0000-0000-c000-000000000000")
    body = {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": graph["appRoles"][0]["id"]}
    assigned = rig.created(rig.graph("POST", f"/servicePrincipals/{graph['id']}/appRoleAssignedTo", body))
    rig.graph("DELETE", f"/servicePrincipals/{principal['id']}/appRoleAssignments/{assigned['id']}")
    rig.admin.advance_clock(16 * MINUTE)

    added, removed = "Add app role assignment to service principal", "Remove app role assignment from service principal"
    for id_ in (principal["id"], graph["id"]):
        assert {added, removed} <= set(_names(_rows(rig, id_)))


def test_what_is_refused_is_not_in_it(rig: Rig) -> None:
    made = rig.application()
    assert rig.graph("PATCH", f"/applications/{made['id']}", {"displayName": None}).status_code == 400
    rig.admin.advance_clock(16 * MINUTE)

    assert _names(_rows(rig, made["id"])) == ["Add application"]


@pytest.mark.parametrize(("roles", "status"), [(READ, 200), (READ[:1], 403), (READ[1:], 403), (EVERYTHING, 403)])
def test_it_needs_both_rights(rig: Rig, roles: tuple[str, ...], status: int) -> None:
    assert rig.graph("GET", PATH, token=rig.token(roles)).status_code == status


@pytest.mark.parametrize("filter_", ["targetResources/any(t:t/type eq 'x')", "targetResources/any(t:x/id eq 'y')"])
def test_other_filters_are_refused(rig: Rig, filter_: str) -> None:
    assert rig.graph("GET", f"{PATH}?$filter={filter_}", token=rig.token(READ)).status_code == 400


@pytest.mark.parametrize(("days", "shown"), [(6, 1), (31, 0)])
def test_it_is_kept_for_a_while(rig: Rig, days: int, shown: int) -> None:
    made = rig.application()
    rig.admin.advance_clock(days * DAY)

    assert len(_rows(rig, made["id"])) == shown
