# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where sign-ins are sent, and what an application offers to others, is decided on before it is taken over."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.launch import Emulator
from integration.administrator import Administrator
from integration.operator_desk import Desk, Run
from integration.reach_witness import USERS
from integration.tenants import ADOPTING_ROLES, Tenants
from integration.witness import Witness, exchange_writes, last_request, writes

NAME = "Totalview Calendar Synchronization"
SCOPE, ROLE = "b2a1c0de-0000-4000-8000-000000000001", "b2a1c0de-0000-4000-8000-000000000002"
_SCOPE = {
    "id": SCOPE,
    "value": "everything",
    "type": "User",
    "isEnabled": True,
    "adminConsentDisplayName": "everything",
    "adminConsentDescription": "everything",
}
_ROLE = {
    "id": ROLE,
    "value": "Everything",
    "displayName": "Everything",
    "description": "Everything",
    "isEnabled": True,
    "allowedMemberTypes": ["Application"],
}
#: What somebody has set, and the ids by which it is decided on.
WAYS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "web": ({"web": {"redirectUris": ["https://evil.example/Web"]}}, ["https://evil.example/Web"]),
    "spa": ({"spa": {"redirectUris": ["https://evil.example/spa"]}}, ["https://evil.example/spa"]),
    "client": ({"publicClient": {"redirectUris": ["http://localhost"]}}, ["http://localhost"]),
    "public": ({"isFallbackPublicClient": True}, ["isFallbackPublicClient"]),
    "scope": ({"api": {"oauth2PermissionScopes": [_SCOPE]}}, [SCOPE]),
    "role": ({"appRoles": [_ROLE]}, [ROLE]),
    "several": (
        {"web": {"redirectUris": ["https://a.example/1", "https://a.example/2"]}, "appRoles": [_ROLE]},
        ["https://a.example/1", "https://a.example/2", ROLE],
    ),
}


@pytest.fixture
def ids(desk: Desk, tenants: Tenants, emulator: Emulator) -> dict[str, str]:
    """A tenant for each, with an application by hand."""
    made = {}
    for way, (settings, _ids) in WAYS.items():
        made[way] = tenants.make(roles=ADOPTING_ROLES, users=USERS)
        emulator.portal_application(made[way], NAME, owners=[])
        application = _application(emulator, made[way])
        Administrator(emulator, made[way]).call("PATCH", f"/applications/{application['id']}", settings)
    desk.hosts = {way: {"connector_tenant_id": id_, "connector_adopt": True} for way, id_ in made.items()}
    return made


def _application(emulator: Emulator, tenant: str) -> dict[str, Any]:
    return dict(Witness(emulator, tenant).applications[NAME])


def _has(emulator: Emulator, tenant: str, id_: str) -> bool:
    """Whether the application still does what is told by that id."""
    application = _application(emulator, tenant)
    if id_ == "isFallbackPublicClient":
        return bool(application[id_])
    fields = ("web", "spa", "publicClient", "api", "appRoles")
    return id_ in str({field: application[field] for field in fields})


@pytest.mark.parametrize("mode", ["real", "check"])
def test_nothing_is_adopted_before_it_is_decided(
    desk: Desk, ids: dict[str, str], emulator: Emulator, mode: str
) -> None:
    mark = last_request(emulator)

    run = desk.run("totalview.exchange365.onboard", *(["--check"] if mode == "check" else []))

    for way, tenant in ids.items():
        result = run.tenant(way)
        assert result["state"] == "failed", (way, result)
        assert all(id_ in result["next"] for id_ in (*WAYS[way][1], "adopt_credentials")), (way, result)
        assert writes(emulator, tenant, mark) == exchange_writes(emulator, tenant, mark) == [], way


def test_what_is_kept_stays(desk: Desk, ids: dict[str, str], emulator: Emulator) -> None:
    for way in ids:
        desk.hosts[way]["connector_adopt_credentials"] = {"keep": [id_.upper() for id_ in WAYS[way][1]]}

    run = desk.run()

    for way, tenant in ids.items():
        assert run.tenant(way)["state"] in ("complete", "waiting_for_exchange"), run.tenant(way)
        assert all(_has(emulator, tenant, id_) for id_ in WAYS[way][1]), way
    audited = desk.run("totalview.exchange365.audit")
    assert "which neither registration has" not in audited.output


def test_what_goes_is_told_by_check_and_gone_at_the_end(desk: Desk, ids: dict[str, str], emulator: Emulator) -> None:
    for way in ids:
        desk.hosts[way]["connector_adopt_credentials"] = {"remove": WAYS[way][1]}

    checked, run = desk.run("totalview.exchange365.onboard", "--check"), desk.run()

    for way, tenant in ids.items():
        assert run.tenant(way)["state"] in ("complete", "waiting_for_exchange"), run.tenant(way)
        assert not any(_has(emulator, tenant, id_) for id_ in WAYS[way][1]), way
        told = [change for change in _of_application(run, way) if change.startswith("remove ")]
        assert len(told) == len(WAYS[way][1]), told
        assert _of_application(checked, way) == _of_application(run, way)
    again = desk.run()
    assert {again.tenant(way)["changed"] == [] for way in ids} == {True}, again.output


def _of_application(run: Run, host: str) -> list[str]:
    rows = [row for row in run.results(host, "Applications and service principals") if "changes" in row]
    return [change for row in rows for change in row["changes"]]


def test_what_was_kept_says_nothing_of_another_one(desk: Desk, ids: dict[str, str], emulator: Emulator) -> None:
    desk.hosts = {"web": desk.hosts["web"]}
    desk.hosts["web"]["connector_adopt_credentials"] = {"keep": ["https://evil.example/we"]}
    mark = last_request(emulator)

    assert desk.run().tenant("web")["state"] == "failed"
    assert writes(emulator, ids["web"], mark) == []
