# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application's own app management policy, and the tenant's default behind it."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.rig import Rig, error_of

NO_SECRETS = {"restrictionType": "passwordAddition", "state": "enabled"}
SECRETS = {"restrictionType": "passwordAddition", "state": "disabled"}
MONTH = {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P30D"}


def default(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": list(rules)}, **more}


def assigned(rig: Rig, *rules: dict[str, Any], enabled: bool = True) -> tuple[dict[str, Any], str]:
    """An application with a policy of its own."""
    wish = {"displayName": "own", "isEnabled": enabled, "restrictions": {"passwordCredentials": list(rules)}}
    policy = rig.created(rig.graph("POST", "/policies/appManagementPolicies", wish))
    app = rig.application()
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{policy['id']}"}
    path = f"/applications/{app['id']}/appManagementPolicies"
    assert rig.graph("POST", f"{path}/$ref", reference).status_code == 204
    assert [entry["id"] for entry in rig.graph("GET", path).json()["value"]] == [policy["id"]]
    return app, str(policy["id"])


def refusal(rig: Rig, app: dict[str, Any]) -> str | None:
    answer = rig.graph("POST", f"/applications/{app['id']}/addPassword", {})
    return None if answer.status_code == 200 else error_of(answer)[1]


FORBIDDEN, TOO_LONG = "CredentialTypeNotAllowedAsPerAppPolicy", "CredentialInvalidLifetimeAsPerAppPolicy"


@pytest.mark.parametrize(
    ("tenants", "own", "enabled", "expected"),
    [
        (default(NO_SECRETS), [SECRETS], True, None),
        (default(NO_SECRETS), [SECRETS], False, FORBIDDEN),
        (default(NO_SECRETS), [], True, FORBIDDEN),
        (default(NO_SECRETS, unsaid_inherited=False), [], True, None),
        (default(NO_SECRETS), [MONTH, SECRETS], True, TOO_LONG),
        (default(), [NO_SECRETS], True, FORBIDDEN),
        ({"isEnabled": False}, [NO_SECRETS], True, FORBIDDEN),
        (default(MONTH), [{**MONTH, "maxLifetime": "P3Y"}], True, None),
    ],
)
def test_the_own_policy_comes_first(
    rig: Rig, tenants: dict[str, Any], own: list[dict[str, Any]], enabled: bool, expected: str | None
) -> None:
    rig.admin.tenant(rig.home, policy=tenants)
    app, _policy_id = assigned(rig, *own, enabled=enabled)
    assert refusal(rig, app) == expected


def test_a_policy_can_be_taken_away(rig: Rig) -> None:
    app, policy_id = assigned(rig, NO_SECRETS)
    assert refusal(rig, app) == FORBIDDEN
    path = f"/applications/{app['id']}/appManagementPolicies/{policy_id}/$ref"
    assert rig.graph("DELETE", path).status_code == 204
    assert rig.graph("DELETE", path).status_code == 404
    assert refusal(rig, app) is None


def test_policies_change_and_go(rig: Rig) -> None:
    app, policy_id = assigned(rig, NO_SECRETS)
    path = f"/policies/appManagementPolicies/{policy_id}"
    assert rig.graph("PATCH", path, {"isEnabled": False}).status_code == 204
    assert rig.graph("GET", path).json()["isEnabled"] is False
    assert refusal(rig, app) is None
    assert rig.graph("DELETE", path).status_code == 204
    assert rig.graph("GET", "/policies/appManagementPolicies").json()["value"] == []
    assert rig.graph("GET", f"/applications/{app['id']}/appManagementPolicies").json()["value"] == []


def test_an_object_has_one_policy(rig: Rig) -> None:
    app, policy_id = assigned(rig)
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{policy_id}"}
    answer = rig.graph("POST", f"/applications/{app['id']}/appManagementPolicies/$ref", reference)
    assert answer.status_code == 400


def test_reading_needs_a_right(rig: Rig) -> None:
    app, _policy_id = assigned(rig)
    for roles in (["Application.Read.All"], ["Policy.Read.All"]):
        answer = rig.graph("GET", f"/applications/{app['id']}/appManagementPolicies", token=rig.token(roles))
        assert answer.status_code == 403


@pytest.mark.parametrize("created", ["2020-01-01T00:00:00Z", "2026-06-01T00:00:00Z", None])
def test_seeded_with_a_day_of_making(rig: Rig, created: str | None) -> None:
    rule = {**NO_SECRETS, "restrictForAppsCreatedAfterDateTime": "2026-01-01T00:00:00Z"}
    wish = {"displayName": "A", "createdDateTime": created}
    tenant = {"domains": ["s.example"], "display_name": "S", "applications": [wish], "policy": default(rule)}
    rig.admin.seed({"tenants": [tenant]})
    [app] = rig.admin.snapshot("s.example")["applications"]
    assert app["createdDateTime"] == created
    answer = rig.graph("POST", f"/applications/{app['id']}/addPassword", {}, token=rig.token(tenant="s.example"))
    assert (answer.status_code == 200) is (created == "2020-01-01T00:00:00Z")


def test_seeded_with_a_policy(rig: Rig) -> None:
    wish = {"displayName": "A", "appManagementPolicy": {"restrictions": {"passwordCredentials": [SECRETS]}}}
    other = {"displayName": "B"}
    tenant = {"domains": ["s.example"], "display_name": "S", "applications": [wish, other]}
    rig.admin.seed({"tenants": [{**tenant, "policy": {"secrets_allowed": False}}]})
    apps = {app["displayName"]: app for app in rig.admin.snapshot("s.example")["applications"]}
    token = rig.token(tenant="s.example")
    answers = {
        name: rig.graph("POST", f"/applications/{app['id']}/addPassword", {}, token=token).status_code
        for name, app in apps.items()
    }
    assert answers == {"A": 200, "B": 400}
