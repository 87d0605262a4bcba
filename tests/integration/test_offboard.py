# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""offboard.yml: what was made goes, in the order that opens no door, and nothing else goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL, Administrator
from integration.operator_desk import Desk
from integration.tenants import Tenants, recording_emulator
from integration.witness import Witness, exchange_writes, last_request, writes

OFFBOARD = "totalview.exchange365.offboard"
NAMED = ("-e", "connector_offboard=contoso")
NAMES = {"calendar": "Totalview Calendar Synchronization", "mail": "Totalview E-Mail Sending"}

Json = dict[str, Any]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Its own: the clock moves."""
    with recording_emulator() as running:
        yield running


@pytest.fixture
def tenant(desk: Desk, tenants: Tenants) -> str:
    """Onboarded."""
    made = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": made, "connector_calendar_members": ["ann@example.com"]}
    run = desk.run()
    assert run.tenant("contoso")["state"] == "complete", run.output
    return made


def _stored(desk: Desk, tenant: str) -> Json:
    return dict(json.loads(desk.view(desk.store / f"{tenant}.json")))


def _sign_in(desk: Desk, emulator: Emulator, tenant: str, client: str, secret: str) -> int:
    """The connector, with the secret that was handed off."""
    fields = yaml.safe_load(desk.view(desk.store / "handoff" / "contoso.yml"))
    form = {
        "grant_type": "client_credentials",
        "client_id": fields[client],
        "client_secret": fields[secret],
        "scope": f"{emulator.url}/.default",
    }
    answer = requests.post(f"{emulator.url}/{tenant}/oauth2/v2.0/token", form, verify=emulator.ca_file, timeout=30)
    return answer.status_code


def test_the_applications_go_first_and_nothing_brings_them_back(desk: Desk, tenant: str, emulator: Emulator) -> None:
    witness = Witness(emulator, tenant)
    made = witness.applications
    principals = {witness.principal(row)["id"] for row in made.values()}
    keys = {row["passwordCredentials"][0]["keyId"] for row in made.values()}
    before = Witness(emulator, tenant).snapshot["exchange"]
    desk.hosts["fabrikam"] = {"connector_tenant_id": "00000000-0000-4000-8000-000000000001"}

    mark = last_request(emulator)
    planned = desk.run(OFFBOARD, "--check", "--limit", "contoso")
    told = planned.tenant("contoso")
    assert told["state"] == "changes_pending", planned.output
    for step in ("disable the service principal", "revoke Mail.Send (application)", "delete application", *keys):
        assert step in told["next"]
    assert writes(emulator, tenant, mark) == []
    assert "offboarding" not in _stored(desk, tenant)

    run = desk.run(OFFBOARD, *NAMED, "-e", "connector_offboarded_by=Ann")

    assert run.code == 0, run.output
    assert run.tenant("fabrikam")["state"] == "not_named"
    told = run.tenant("contoso")
    assert told["state"] == "offboarding"
    assert "calendar is closed since" in told["next"]
    assert "AADSTS700016" in told["next"]
    assert told["by"] in told["next"]
    witness = Witness(emulator, tenant)
    assert witness.applications == {}
    assert {row["appId"] for row in witness.snapshot["deletedItems"] if "uniqueName" in row} == {
        row["appId"] for row in made.values()
    }
    assert [row for row in witness.snapshot["appRoleAssignments"] if row["principalId"] in principals] == []
    assert witness.snapshot["exchange"] == before, "what restricts mailboxes stays while tokens may live"
    fields = (("client_id", "secret"), ("mail_client_id", "mail_client_secret"))
    assert [_sign_in(desk, emulator, tenant, *names) // 100 for names in fields] == [4, 4]

    record = _stored(desk, tenant)["offboarding"]
    assert {row["by"] for row in record.values()} == {"Ann"}
    assert {row["refusal"] for row in record.values()} == {"AADSTS700016"}
    removed = [entry["what"] for row in record.values() for entry in row["removals"]]
    assert {f"remove our secret {key}" for key in keys} <= set(removed)
    assert record[MAIL]["ids"]["application"] == made[NAMES["mail"]]["id"]

    mark = last_request(emulator)
    for playbook in ("onboard", "rotate", "enable", "preflight", "audit"):
        run = desk.run(f"totalview.exchange365.{playbook}", "-e", "connector_switch=both", "--limit", "contoso")
        assert "being offboarded since" in run.tenant("contoso")["next"], (playbook, run.tenant("contoso"))
        assert "by Ann" in run.tenant("contoso")["next"]
    again = desk.run(OFFBOARD, *NAMED).tenant("contoso")
    assert (again["state"], again["changed"]) == ("offboarding", [])
    assert writes(emulator, tenant, mark) == exchange_writes(emulator, tenant, mark) == []


def test_a_fleet_is_not_offboarded_by_a_slip(desk: Desk, tenant: str, emulator: Emulator) -> None:
    for slip in (
        (),
        ("-e", "connector_offboard=yes"),
        ("-e", "connector_offboard=all"),
        ("-e", "connector_offboard=*"),
    ):
        mark = last_request(emulator)
        run = desk.run(OFFBOARD, *slip)
        assert run.tenant("contoso")["state"] == "not_named"
        assert emulator.requests(tenant=tenant, after=mark) == []


def test_only_what_the_store_knows_goes(desk: Desk, tenant: str, emulator: Emulator) -> None:
    admin = Administrator(emulator, tenant)
    ours = admin.application(CALENDAR)
    admin.call("POST", f"/applications/{ours['id']}/addPassword", {})
    namesake = emulator.portal_application(tenant, NAMES["mail"])
    desk.store.joinpath(f"{tenant}.json").rename(desk.folder / "elsewhere")

    run = desk.run(OFFBOARD, *NAMED)
    assert run.code != 0
    assert "The store knows no registration of this tenant" in run.tenant("contoso")["next"]
    assert len(Witness(emulator, tenant).snapshot["applications"]) == 4

    (desk.folder / "elsewhere").rename(desk.store / f"{tenant}.json")
    run = desk.run(OFFBOARD, *NAMED)
    assert run.tenant("contoso")["state"] == "offboarding", run.output
    assert [row["appId"] for row in Witness(emulator, tenant).applications.values()] == [namesake["appId"]]
    assert "goes with the application" in run.output, "a secret of somebody else is named"
