# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of Graph beta: when each client secret was last used."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.rig import Rig

PATH = "/beta/reports/appCredentialSignInActivities"
READ = ("AuditLog.Read.All",)
HOUR = 3600


def _application(rig: Rig) -> tuple[dict[str, Any], dict[str, Any]]:
    application = rig.graph("POST", "/applications", {"displayName": "Used"}).json()
    rig.graph("POST", "/servicePrincipals", {"appId": application["appId"]})
    secret = rig.graph("POST", f"/applications/{application['id']}/addPassword", {"passwordCredential": {}}).json()
    return application, secret


def _rows(rig: Rig, app_id: str) -> list[dict[str, Any]]:
    answer = rig.graph("GET", f"{PATH}?$filter=appId eq '{app_id}'", token=rig.admin.token(rig.home, READ))
    return list(answer.json()["value"])


def test_a_use_shows_after_a_while_by_the_key_that_was_used(rig: Rig) -> None:
    application, secret = _application(rig)
    app_id = application["appId"]
    assert rig.sign_in(app_id, secret["secretText"]).ok
    assert _rows(rig, app_id) == []

    rig.admin.advance_clock(7 * HOUR)
    assert rig.sign_in(app_id, secret["secretText"]).ok
    [first] = _rows(rig, app_id)
    rig.admin.advance_clock(7 * HOUR)
    [second] = _rows(rig, app_id)

    assert (first["keyId"], first["keyType"], first["appId"]) == (secret["keyId"], "clientSecret", app_id)
    assert first["signInActivity"]["lastSignInDateTime"] < second["signInActivity"]["lastSignInDateTime"]
    assert _rows(rig, "99999999-9999-4999-8999-999999999999") == []


def test_a_refused_sign_in_is_no_use(rig: Rig) -> None:
    application, _secret = _application(rig)
    assert rig.sign_in(application["appId"], "wrong").status_code == 401
    rig.admin.advance_clock(7 * HOUR)

    assert _rows(rig, application["appId"]) == []


def test_the_report_needs_its_own_right(rig: Rig) -> None:
    assert rig.graph("GET", PATH).status_code == 403
    assert rig.graph("GET", PATH, token=rig.token(READ)).ok


def test_a_service_principal_shows_whichever_secret_it_used(rig: Rig) -> None:
    application, secret = _application(rig)
    path = f"/beta/reports/servicePrincipalSignInActivities?$filter=appId eq '{application['appId']}'"
    assert rig.sign_in(application["appId"], secret["secretText"]).ok
    assert rig.graph("GET", path, token=rig.token(READ)).json()["value"] == []
    rig.admin.advance_clock(7 * HOUR)

    [row] = rig.graph("GET", path, token=rig.admin.token(rig.home, READ)).json()["value"]

    assert row["appId"] == application["appId"]
    assert row["applicationAuthenticationClientSignInActivity"] == row["lastSignInActivity"]
    assert row["delegatedClientSignInActivity"]["lastSignInDateTime"] is None


@pytest.mark.parametrize("report", ["appCredentialSignInActivities", "servicePrincipalSignInActivities"])
def test_without_a_premium_licence_reports_of_sign_ins_are_refused(rig: Rig, report: str) -> None:
    rig.admin.seed({"tenants": [{"domains": ["free.onmicrosoft.com"], "display_name": "Free", "premium": False}]})

    answer = rig.graph("GET", f"/beta/reports/{report}", token=rig.token(READ, tenant="free.onmicrosoft.com"))

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
