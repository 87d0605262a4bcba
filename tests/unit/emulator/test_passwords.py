# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client secrets of applications, and the policy that may refuse them."""

from __future__ import annotations

import string
from typing import Any

import pytest

from emulator.rig import Rig, error_of


def add(rig: Rig, app: dict[str, Any], **credential: str) -> Any:
    return rig.graph("POST", f"/applications/{app['id']}/addPassword", {"passwordCredential": credential})


def test_the_value_is_shown_once(rig: Rig) -> None:
    app = rig.application()
    secret = add(rig, app, displayName="ours").json()
    assert len(secret["secretText"]) == 40
    assert secret["hint"] == secret["secretText"][:3]
    [stored] = rig.graph("GET", f"/applications/{app['id']}").json()["passwordCredentials"]
    assert stored == {**{name: secret[name] for name in stored}, "secretText": None}


def test_values_may_begin_with_what_breaks_command_lines(rig: Rig) -> None:
    app = rig.application()
    values = [add(rig, app).json()["secretText"] for _unused in range(200)]
    assert set("".join(values)) <= set(string.ascii_letters + string.digits + "-_.~")
    assert any(value[0] in "-_.~" for value in values)
    assert len(set(values)) == len(values)


def test_the_default_lifetime_is_two_years(rig: Rig) -> None:
    secret = rig.graph("POST", f"/applications/{rig.application()['id']}/addPassword").json()
    assert int(secret["endDateTime"][:4]) - int(secret["startDateTime"][:4]) == 2
    assert secret["startDateTime"][4:10] == secret["endDateTime"][4:10]
    assert secret["displayName"] is None


@pytest.mark.parametrize("template", ["/applications/{id}", "/applications(appId='{appId}')"])
def test_adding_and_removing_by_both_keys(rig: Rig, template: str) -> None:
    app = rig.application()
    path = template.format(**app)
    first, second = (rig.graph("POST", f"{path}/addPassword", {}).json()["keyId"] for _unused in range(2))
    assert rig.graph("POST", f"{path}/removePassword", {"keyId": first}).status_code == 204
    left = rig.graph("GET", f"/applications/{app['id']}").json()["passwordCredentials"]
    assert [credential["keyId"] for credential in left] == [second]
    assert error_of(rig.graph("POST", f"{path}/removePassword", {"keyId": first}))[0] == 400


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize(
    "body",
    [
        {"passwordCredential": {"secretText": "of my own"}},
        {"passwordCredential": {"endDateTime": "soon"}},
        {"passwordCredential": {"endDateTime": "2090-13-32T00:00:00Z"}},
        {"passwordCredential": {"startDateTime": "2030-01-01T00:00:00Z", "endDateTime": "2029-01-01T00:00:00Z"}},
        {"passwordCredential": {"startDateTime": "2001-01-01T00:00:00Z", "endDateTime": "2002-01-01T00:00:00Z"}},
        {"passwordCredential": {"colour": "red"}},
        {"colour": "red"},
    ],
)
def test_bad_wishes_are_refused(rig: Rig, body: dict[str, Any]) -> None:
    app = rig.application()
    assert rig.graph("POST", f"/applications/{app['id']}/addPassword", body).status_code == 400
    assert rig.graph("GET", f"/applications/{app['id']}").json()["passwordCredentials"] == []


# --- policy --------------------------------------------------------------------------------------------------------

POLICY_ID = "00000000-0000-0000-0000-000000000000"


def lifetime_rule(**fields: Any) -> dict[str, Any]:
    rule = {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P180D", **fields}
    return {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": [rule]}}


def test_the_policy_is_readable(rig: Rig) -> None:
    assert rig.graph("GET", "/policies/defaultAppManagementPolicy").json()["isEnabled"] is False
    rig.admin.tenant(rig.home, policy={"max_secret_lifetime": "P180D"})
    body = rig.graph("GET", "/policies/defaultAppManagementPolicy").json()
    [rule] = body["applicationRestrictions"]["passwordCredentials"]
    assert (body["isEnabled"], rule["restrictionType"], rule["maxLifetime"]) == (True, "passwordLifetime", "P180D")


def test_secrets_may_be_forbidden(rig: Rig) -> None:
    rig.admin.tenant(rig.home, policy={"secrets_allowed": False})
    status, code, message = error_of(add(rig, rig.application()))
    assert (status, code) == (400, "CredentialTypeNotAllowedAsPerAppPolicy")
    assert POLICY_ID in message


START = "2091-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("policy", "credential", "allowed"),
    [
        ({"max_secret_lifetime": "P180D"}, {}, False),
        ({"max_secret_lifetime": "P180D"}, {"startDateTime": START, "endDateTime": "2091-06-30T00:00:00Z"}, True),
        ({"max_secret_lifetime": "P180D"}, {"startDateTime": START, "endDateTime": "2091-06-30T00:00:01Z"}, False),
        ({"max_secret_lifetime": "P3Y"}, {}, True),
        (lifetime_rule(), {}, False),
        (lifetime_rule(state="disabled"), {}, True),
        ({**lifetime_rule(), "isEnabled": False}, {}, True),
        (lifetime_rule(restrictForAppsCreatedAfterDateTime="2001-01-01T00:00:00Z"), {}, False),
        (lifetime_rule(restrictForAppsCreatedAfterDateTime="2999-01-01T00:00:00Z"), {}, True),
    ],
)
def test_lifetimes_may_be_limited(rig: Rig, policy: dict[str, Any], credential: dict[str, str], allowed: bool) -> None:
    rig.admin.tenant(rig.home, policy=policy)
    answer = add(rig, rig.application(), **credential)
    if allowed:
        assert answer.status_code == 200
    else:
        status, code, message = error_of(answer)
        assert (status, code) == (400, "CredentialInvalidLifetimeAsPerAppPolicy")
        assert POLICY_ID in message
