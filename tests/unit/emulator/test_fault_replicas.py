# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a directory that is kept in many places."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.rig import Rig

CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
SECRET = "the-automations-own-secret"


def injected(rig: Rig) -> list[int]:
    return [fault["injected"] for fault in rig.admin.faults()]


def test_stale_reads(rig: Rig) -> None:
    path = f"/applications/{rig.application('a')['id']}"
    for name in ("b", "c"):
        rig.graph("PATCH", path, {"displayName": name})
    rig.admin.faults({"kind": "stale_read", "times": 1}, {"kind": "stale_read", "versions": 2, "times": 2})
    assert [rig.graph("GET", path).json()["displayName"] for _unused in range(3)] == ["b", "a", "a"]
    assert rig.graph("GET", path).json()["displayName"] == "c"


def test_stale_reads_of_what_is_new_find_nothing(rig: Rig) -> None:
    path = f"/applications/{rig.application('a')['id']}"
    rig.admin.faults({"kind": "stale_read", "times": 2})
    assert rig.graph("GET", path).status_code == 404
    assert "a" not in [item["displayName"] for item in rig.graph("GET", "/applications").json()["value"]]
    assert rig.graph("GET", path).status_code == 200


def test_stale_reads_flap(rig: Rig) -> None:
    path = f"/applications/{rig.application('old')['id']}"
    rig.graph("PATCH", path, {"displayName": "new"})
    rig.admin.faults({"kind": "stale_read", "flap": True})
    assert [rig.graph("GET", path).json()["displayName"] for _unused in range(4)] == ["old", "new"] * 2


def test_stale_reads_show_what_was_deleted(rig: Rig) -> None:
    graph = rig.resource("00000003-0000-0000-c000-000000000000")
    principal = rig.admin.snapshot(rig.home)["servicePrincipals"][-1]["id"]
    path = f"/servicePrincipals/{principal}/appRoleAssignments"
    role_id = next(item["id"] for item in graph["appRoles"] if item["value"] == "Calendars.Read")
    body = {"principalId": principal, "resourceId": graph["id"], "appRoleId": role_id}
    granted = len(rig.graph("GET", path).json()["value"])
    grant = rig.created(rig.graph("POST", path, body))
    rig.graph("DELETE", f"{path}/{grant['id']}")
    assert len(rig.graph("GET", path).json()["value"]) == granted
    rig.admin.faults({"kind": "stale_read"})
    assert grant["id"] in [item["id"] for item in rig.graph("GET", path).json()["value"]]


def test_what_is_seeded_is_never_stale(rig: Rig) -> None:
    rig.admin.faults({"kind": "stale_read"})
    assert rig.graph("GET", f"/applications(appId='{CLIENT_ID}')").status_code == 200


def add_password(rig: Rig, application: dict[str, Any]) -> dict[str, Any]:
    answer = rig.graph("POST", f"/applications/{application['id']}/addPassword", {})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def key_ids(rig: Rig, application: dict[str, Any]) -> list[str]:
    body = rig.graph("GET", f"/applications/{application['id']}").json()
    return [credential["keyId"] for credential in body["passwordCredentials"]]


def test_a_lost_update(rig: Rig) -> None:
    application, other = rig.application(), rig.application("other")
    rig.admin.faults({"kind": "lost_update", "seconds": 60, "times": 1})
    first, elsewhere, second = (add_password(rig, item)["keyId"] for item in (application, other, application))
    assert (key_ids(rig, application), key_ids(rig, other)) == ([second], [elsewhere])
    assert injected(rig) == [1]
    third = add_password(rig, application)["keyId"]
    assert key_ids(rig, application) == [third, second]
    assert first not in key_ids(rig, application)


def test_updates_that_are_far_apart_are_not_lost(rig: Rig) -> None:
    application = rig.application()
    rig.admin.faults({"kind": "lost_update", "seconds": 60})
    first = add_password(rig, application)["keyId"]
    rig.admin.advance_clock(61)
    assert key_ids(rig, application) == [first]
    second = add_password(rig, application)["keyId"]
    assert key_ids(rig, application) == [second, first]


def signed_in(rig: Rig, application: dict[str, Any], secret: dict[str, Any]) -> int:
    """The AADSTS code of the refusal, or 200."""
    answer = rig.sign_in(application["appId"], secret["secretText"])
    return 200 if answer.ok else int(answer.json()["error_codes"][0])


@pytest.mark.parametrize(("kind", "code"), [("young_secret", 7000215), ("young_application", 700016)])
def test_too_young_to_sign_in(rig: Rig, kind: str, code: int) -> None:
    application = rig.application()
    rig.service_principal(application["appId"])
    secret = add_password(rig, application)
    rig.admin.faults({"kind": kind, "seconds": 60})
    assert [signed_in(rig, application, secret) for _unused in range(3)] == [code] * 3
    assert rig.sign_in(CLIENT_ID, SECRET).status_code == 200
    rig.admin.advance_clock(60)
    assert signed_in(rig, application, secret) == 200


def test_attempts_count_for_each_secret(rig: Rig) -> None:
    application = rig.application()
    rig.service_principal(application["appId"])
    rig.admin.faults({"kind": "young_secret", "attempts": 2})
    first, second = add_password(rig, application), add_password(rig, application)
    assert [signed_in(rig, application, first) for _unused in range(3)] == [7000215, 7000215, 200]
    assert [signed_in(rig, application, second) for _unused in range(3)] == [7000215, 7000215, 200]
    assert signed_in(rig, application, {"secretText": "wrong"}) == 7000215
    assert injected(rig) == [4]
