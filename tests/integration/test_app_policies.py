# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""App management policies: what they say is advice for a secret's lifetime, and Microsoft Graph's answer decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.operator_desk import Desk
from integration.tenants import ADOPTING_ROLES, Tenants
from integration.witness import Witness, writes

NAMES = {
    "calendar": ("Totalview Calendar Synchronization", ["Calendars.Read", "Calendars.ReadWrite", "User.Read.All"]),
    "mail": ("Totalview E-Mail Sending", ["Mail.Send"]),
}
NO_SECRETS = {"restrictionType": "passwordAddition", "state": "enabled"}
SECRETS = {"restrictionType": "passwordAddition", "state": "disabled"}
MONTHS = {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P90D"}
LONG = {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P3Y"}
NEWER = {"restrictForAppsCreatedAfterDateTime": "2026-01-01T00:00:00Z"}
OLD, NEW = "2020-01-01T00:00:00Z", "2026-06-01T00:00:00Z"

Json = dict[str, Any]


def default(*rules: Json, **more: Any) -> Json:
    return {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": list(rules)}, **more}


def own(*rules: Json, **more: Any) -> Json:
    policy = {"displayName": "Totalview only", "restrictions": {"passwordCredentials": list(rules)}, **more}
    return {"appManagementPolicy": policy}


def adoptable(**more: Any) -> list[Json]:
    """Both registrations, as people made them."""
    wishes = [{"displayName": name, "applicationPermissions": roles} for name, roles in NAMES.values()]
    return [{**wish, "owners": [], **more} for wish in wishes]


#: The tenant's default, what the applications are like, variables, and the secrets' days.
ALLOWED: dict[str, tuple[Json, Json, Json, int]] = {
    "the-own-policy-allows": (default(NO_SECRETS), own(SECRETS), {}, 365),
    "the-own-policy-allows-them-for-longer": (default(MONTHS), own(LONG), {"connector_secret_valid_for": "400d"}, 400),
    "the-own-policy-shortens": (default(), own(MONTHS), {}, 90),
    "the-own-policy-shortens-what-the-default-leaves-open": (default(LONG), own(MONTHS), {}, 90),
    "what-the-own-policy-leaves-unsaid-the-default-says": (default(MONTHS), own(SECRETS), {}, 90),
    "or-nobody": (default(NO_SECRETS, unsaid_inherited=False), own(LONG), {}, 365),
    "for-newer-applications-only": (default({**NO_SECRETS, **NEWER}), {"createdDateTime": OLD}, {}, 365),
    "the-default-is-off": ({**default(NO_SECRETS), "isEnabled": False}, {}, {}, 365),
    "about-keys": (default({"restrictionType": "symmetricKeyAddition"}), {}, {}, 365),
    "about-secrets-that-callers-bring": (default({"restrictionType": "customPasswordAddition"}), {}, {}, 365),
}

#: And what is told. Before anything is written only where it is certain.
FORBIDDEN: dict[str, tuple[Json, Json, bool, list[str]]] = {
    "by-the-default": (
        {**default(NO_SECRETS), "displayName": "House rules"},
        {},
        True,
        ["'House rules'", "forbids client secrets", "Application Administrator", "of its own"],
    ),
    "by-the-own-policy": (default(), own(NO_SECRETS), True, ["'Totalview only'", "forbids client secrets"]),
    "by-a-switched-off-exception": (
        default(NO_SECRETS),
        own(SECRETS, isEnabled=False),
        True,
        ["forbids client secrets"],
    ),
    "for-newer-applications": (
        default({**NO_SECRETS, **NEWER}),
        {"createdDateTime": NEW},
        True,
        ["forbids client secrets"],
    ),
    "for-applications-of-an-unknown-day": (
        default({**NO_SECRETS, **NEWER}),
        {"createdDateTime": None},
        False,
        ["CredentialTypeNotAllowedAsPerAppPolicy", "Application Administrator"],
    ),
    "by-what-the-own-policy-leaves-unsaid": (
        default(NO_SECRETS),
        own(LONG),
        False,
        ["CredentialTypeNotAllowedAsPerAppPolicy", "Application Administrator"],
    ),
}


def _tenant(tenants: Tenants, policy: Json, application: Json) -> str:
    return tenants.make(roles=ADOPTING_ROLES, policy=policy, applications=adoptable(**application))


def _days(emulator: Emulator, tenant: str) -> set[timedelta]:
    rows = [row for app in Witness(emulator, tenant).applications.values() for row in app["passwordCredentials"]]
    assert len(rows) == len(NAMES)
    return {datetime.fromisoformat(row["endDateTime"]) - datetime.fromisoformat(row["startDateTime"]) for row in rows}


def test_secrets_are_issued_where_the_policies_let_them(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    desk.variables["connector_adopt"] = True
    ids = {name: _tenant(tenants, policy, application) for name, (policy, application, _v, _d) in ALLOWED.items()}
    desk.hosts = {name: {"connector_tenant_id": ids[name], **ALLOWED[name][2]} for name in ALLOWED}

    run = desk.run()

    assert run.code == 0, run.output
    found = {name: _days(emulator, tenant) for name, tenant in ids.items()}
    assert found == {name: {timedelta(days=case[3])} for name, case in ALLOWED.items()}


def test_who_may_make_an_exception_is_told(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    desk.variables["connector_adopt"] = True
    ids = {name: _tenant(tenants, policy, application) for name, (policy, application, _s, _w) in FORBIDDEN.items()}
    desk.hosts = {name: {"connector_tenant_id": tenant} for name, tenant in ids.items()}

    run = desk.run()

    assert run.code != 0
    for name, (_policy, _application, sure, words) in FORBIDDEN.items():
        result = run.tenant(name)
        assert result["state"] == "failed"
        assert all(word in result["next"] for word in words), (name, result)
        assert (writes(emulator, ids[name]) == []) is sure, name


def test_preflight_says_it_early(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make(policy=default(NO_SECRETS))
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}}

    run = desk.run("totalview.exchange365.preflight")

    result = run.tenant("contoso")
    assert result["state"] == "needs"
    assert "forbids client secrets" in result["next"]
    assert "Administrator" in result["next"]
    assert writes(emulator, tenant) == []


REFUSALS = {
    "not-allowed": {"status": 403, "body": {"error": {"code": "AccessDenied", "message": "scopes are missing"}}},
    "not-there": {"status": 404, "body": {"error": {"code": "Request_ResourceNotFound", "message": "no"}}},
    "not-understood": {"status": 400, "body": {"error": {"code": "BadRequest", "message": "no"}}},
    "not-licensed": {"status": 403, "body": {"error": {"code": "AadPremiumLicenseRequired", "message": "no"}}},
}


@pytest.mark.parametrize("path", ["defaultAppManagementPolicy", "/appManagementPolicies"])
def test_a_policy_that_cannot_be_read_stops_nothing(
    desk: Desk, tenants: Tenants, emulator: Emulator, path: str
) -> None:
    """The default forbids, the application's own allows: whichever is not read, the secret is issued."""
    desk.variables["connector_adopt"] = True
    ids = {name: _tenant(tenants, default(NO_SECRETS), own(SECRETS)) for name in REFUSALS}
    desk.hosts = {name: {"connector_tenant_id": tenant} for name, tenant in ids.items()}
    for name, answer in REFUSALS.items():
        emulator.faults({"kind": "answer", "tenant": ids[name], "method": "GET", "path": path, **answer})

    run = desk.run()

    assert run.code == 0, run.output
    assert all(_days(emulator, tenant) == {timedelta(days=365)} for tenant in ids.values())
