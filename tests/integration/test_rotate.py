# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that renew client secrets of a fleet, and note which were typed in."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
import yaml

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL, Administrator
from integration.operator_desk import SENDER, Desk
from integration.tenants import ROLES, Tenants
from integration.witness import Witness, writes

DAY = 86_400
ROTATE = "totalview.exchange365.rotate"
DELIVERED = "totalview.exchange365.delivered"

Json = dict[str, Any]


@pytest.fixture
def clerk(desk: Desk, clock: Emulator) -> Desk:
    """Three tenants that are onboarded."""
    clerk = Desk(desk.folder, desk.temporary, desk.leg, clock.url, clock.ca_file)
    made = Tenants(clock)
    clerk.hosts = {host: {"connector_tenant_id": made.make()} for host in ("contoso", "fabrikam", "woodgrove")}
    run = clerk.run()
    assert run.code == 0, run.output
    return clerk


def _tenant(clerk: Desk, host: str) -> str:
    return str(clerk.hosts[host]["connector_tenant_id"])


def _keys(emulator: Emulator, tenant: str, name: str = MAIL) -> list[str]:
    [application] = [row for row in Witness(emulator, tenant).applications.values() if row["uniqueName"] == name]
    return [row["keyId"] for row in application["passwordCredentials"]]


def test_rotate_renews_what_is_due_and_looks_at_nothing_else(clerk: Desk, clock: Emulator) -> None:
    clock.advance_clock(336 * DAY)
    # With this the onboarding stops, and no secret may end for it.
    clerk.hosts["contoso"]["connector_mail_sender"] = "nobody@example.com"
    before = {host: _keys(clock, _tenant(clerk, host)) for host in clerk.hosts}
    mark = clock.last_request()

    run = clerk.run(ROTATE)

    assert run.code == 0, run.output
    for host in clerk.hosts:
        result = run.tenant(host)
        assert result["changed"] == ["calendar: secret", "mail: secret", "hand-off"]
        assert "type in before" in result["next"]
        keys = _keys(clock, _tenant(clerk, host))
        assert keys[:1] == before[host]
        assert len(keys) == 2
        assert {entry["key_id"] for entry in result["type_in"]} == {
            keys[1],
            _keys(clock, _tenant(clerk, host), CALENDAR)[1],
        }
    assert clock.requests(service="exchange", after=mark) == []
    assert yaml.safe_load(clerk.view(clerk.store / "handoff" / "contoso.yml"))["sender_from_address"] == SENDER
    assert clerk.run(ROTATE).tenant("fabrikam")["changed"] == []


def test_an_onboarding_that_stops_tells_which_secret_ends_when(clerk: Desk, clock: Emulator) -> None:
    clock.advance_clock(340 * DAY)
    clerk.hosts["contoso"]["connector_mail_sender"] = "nobody@example.com"
    [before] = _keys(clock, _tenant(clerk, "contoso"))

    run = clerk.run("totalview.exchange365.onboard", "--limit", "contoso")

    assert run.tenant("contoso")["state"] == "failed"
    assert f"the client secret {before} of {MAIL}" in run.tenant("contoso")["next"]
    assert "the playbook rotate renews it" in run.tenant("contoso")["next"]
    assert _keys(clock, _tenant(clerk, "contoso")) == [before]


def test_what_was_typed_in_is_told_for_all_tenants_by_one_list(clerk: Desk, clock: Emulator) -> None:
    clock.advance_clock(336 * DAY)
    rotated = clerk.run(ROTATE)
    told = [entry["key_id"] for host in ("contoso", "fabrikam") for entry in rotated.tenant(host)["type_in"]]
    (clerk.folder / "typed-in.json").write_text(json.dumps({"connector_delivered": told}))
    named = ("-e", f"@{clerk.folder / 'typed-in.json'}")

    planned = clerk.run(DELIVERED, *named, "--check")
    limited = clerk.run(DELIVERED, *named, "--limit", "contoso")
    others = clerk.run(DELIVERED, *named)

    assert planned.tenant("fabrikam")["state"] == "changes_pending"
    assert limited.tenant("contoso")["changed"] == ["calendar: secret", "mail: secret"]
    assert others.tenant("contoso")["changed"] == []
    assert others.tenant("fabrikam")["next"] == "-"
    assert "type in before" in others.tenant("woodgrove")["next"]
    clock.advance_clock(7 * DAY)
    assert clerk.run(ROTATE).code == 0
    assert [len(_keys(clock, _tenant(clerk, host))) for host in clerk.hosts] == [1, 1, 2]


def test_a_wrong_key_id_of_one_host_is_told_where_it_was_written(clerk: Desk, clock: Emulator) -> None:
    """And nothing of a right one, in whichever letters."""
    [right] = _keys(clock, _tenant(clerk, "fabrikam"))
    clerk.hosts["fabrikam"]["connector_delivered"] = [right.upper()]
    clerk.hosts["woodgrove"]["connector_revoke"] = [right]

    onboarded = clerk.run("totalview.exchange365.onboard", "--check")
    audited = clerk.run("totalview.exchange365.audit")
    rotated = clerk.run(ROTATE)

    for run in (onboarded, audited, rotated):
        told = " ".join(run.output.split())
        assert f"woodgrove: connector_revoke names {right}, which is no client secret of this tenant" in told
        assert "fabrikam: connector_delivered" not in told
        assert "No tenant of this run has" not in told
    assert rotated.tenant("fabrikam")["changed"] == ["mail: secret"]
    assert _keys(clock, _tenant(clerk, "fabrikam")) == [right]
    report = json.loads((clerk.folder / "reports" / "report.json").read_text())
    [row] = [row for row in report["tenants"] if row["tenant"] == "woodgrove"]
    assert [right in warning for warning in row["warnings"]] == [True]


def test_a_first_secret_stays_under_who_must_do_what_until_it_is_delivered(clerk: Desk, clock: Emulator) -> None:
    """The table has nothing to say of it in a second run: no secret ends."""
    keys = {host: [_keys(clock, _tenant(clerk, host), name)[0] for name in (CALENDAR, MAIL)] for host in clerk.hosts}

    again = clerk.run("totalview.exchange365.onboard")
    clerk.run(DELIVERED, "-e", json.dumps({"connector_delivered": keys["fabrikam"]}))

    assert again.tenant("contoso")["next"] == "-"
    report = json.loads((clerk.folder / "reports" / "report.json").read_text())
    rows = {row["tenant"]: (row["who"], row["next"]) for row in report["tenants"]}
    calendar, mail = keys["contoso"]
    assert rows["contoso"][0] == "you"
    assert (
        f"You type in for the first time what was handed off: calendar {calendar}, mail {mail};" in rows["contoso"][1]
    )
    assert rows["fabrikam"] == (None, "")


def test_delivered_without_a_name_says_what_to_name_and_one_host_may_have_a_list(clerk: Desk, clock: Emulator) -> None:
    mark = clock.last_request()
    silent = clerk.run(DELIVERED)

    assert silent.code != 0
    assert "connector_delivered names no client secret of any host. Run again with" in " ".join(silent.output.split())
    assert clock.requests(after=mark) == []
    [key] = _keys(clock, _tenant(clerk, "fabrikam"))
    clerk.hosts["fabrikam"]["connector_delivered"] = key
    noted = clerk.run(DELIVERED)
    assert noted.code == 0, noted.output
    assert noted.tenant("fabrikam")["changed"] == ["mail: secret"]


def test_force_is_for_the_named_registration_and_for_one_time(clerk: Desk, clock: Emulator) -> None:
    force = ("-e", '{"connector_rotate_force": ["calendar"]}', "--limit", "contoso")
    tenant, mark = _tenant(clerk, "contoso"), clock.last_request()

    planned = clerk.run(ROTATE, *force, "--check")
    assert writes(clock, tenant, mark) == []
    rotated = clerk.run(ROTATE, *force)
    again = clerk.run(ROTATE, *force)

    assert (
        planned.tenant("contoso")["changed"] == rotated.tenant("contoso")["changed"] == ["calendar: secret", "hand-off"]
    )
    assert again.tenant("contoso")["changed"] == []
    assert (len(_keys(clock, tenant, CALENDAR)), len(_keys(clock, tenant, MAIL))) == (2, 1)
    assert writes(clock, _tenant(clerk, "fabrikam"), mark) == []


@pytest.mark.parametrize(("allowed", "reached"), [(10, False), (50, True)])
def test_a_wave_in_which_too_many_fail_is_the_last(clerk: Desk, clock: Emulator, allowed: int, reached: bool) -> None:
    clock.advance_clock(336 * DAY)
    (clerk.store / f"{_tenant(clerk, 'contoso')}.json").write_bytes(b"damaged")

    run = clerk.run(ROTATE, "-e", json.dumps({"connector_waves": [2, 1], "connector_max_fail_percentage": allowed}))

    assert run.code != 0
    assert run.tenant("contoso")["state"] == "failed"
    assert "1 failed" in run.output, "the table is shown all the same"
    assert len(_keys(clock, _tenant(clerk, "fabrikam"))) == 2
    assert len(_keys(clock, _tenant(clerk, "woodgrove"))) == (2 if reached else 1)


def test_what_was_never_onboarded_is_told(clerk: Desk, clock: Emulator) -> None:
    tenant = Tenants(clock).make()
    clerk.hosts = {"new": {"connector_tenant_id": tenant}}

    run = clerk.run(ROTATE)

    assert run.tenant("new")["state"] == "failed"
    assert "Onboard the tenant first" in run.tenant("new")["next"]
    assert writes(clock, tenant) == []


def test_an_application_that_is_gone_gets_no_secret(clerk: Desk, clock: Emulator) -> None:
    tenant = _tenant(clerk, "contoso")
    admin = Administrator(clock, tenant)
    admin.call("DELETE", f"/applications/{admin.application(MAIL)['id']}")

    run = clerk.run(ROTATE, "--limit", "contoso")

    assert run.tenant("contoso")["state"] == "failed"
    assert MAIL in run.tenant("contoso")["next"]
    assert SENDER not in run.tenant("contoso")["next"]


def _sign_in(emulator: Emulator, fields: Json, kind: str = "mail") -> None:
    """As the connector does with what was typed in."""
    prefix, secret = ("mail_", "mail_client_secret") if kind == "mail" else ("", "secret")
    form = {
        "grant_type": "client_credentials",
        "client_id": fields[f"{prefix}client_id"],
        "client_secret": fields[secret],
        "scope": "https://graph.microsoft.com/.default",
    }
    url = f"{emulator.url}/{fields['tenant_id']}/oauth2/v2.0/token"
    assert requests.post(url, data=form, verify=emulator.ca_file, timeout=30).ok


@pytest.mark.parametrize("reported", [True, False], ids=["with the right", "without the right"])
def test_a_secret_that_the_connector_uses_is_delivered_and_one_that_it_uses_on_stays(
    desk: Desk, clock: Emulator, reported: bool
) -> None:
    clerk = Desk(desk.folder, desk.temporary, desk.leg, clock.url, clock.ca_file)
    roles = (*ROLES, "AuditLog.Read.All") if reported else ROLES
    tenant = Tenants(clock).make(roles=roles)
    clerk.hosts = {"contoso": {"connector_tenant_id": tenant, "connector_sign_in_reports": True}}
    file = clerk.store / "handoff" / "contoso.yml"
    assert clerk.run().code == 0
    old = yaml.safe_load(clerk.view(file))
    clock.advance_clock(336 * DAY)
    assert clerk.run(ROTATE).code == 0
    new = yaml.safe_load(clerk.view(file))
    both = _keys(clock, tenant)
    clock.advance_clock(DAY)

    # What we did ourselves, for the proof, is no delivery.
    assert clerk.run("totalview.exchange365.onboard").tenant("contoso")["type_in"]
    clock.advance_clock(2 * DAY)
    assert clerk.run(ROTATE).tenant("contoso")["type_in"]
    _sign_in(clock, new)
    clock.advance_clock(DAY)
    noted = clerk.run(ROTATE).tenant("contoso")
    clock.advance_clock(6 * DAY)
    _sign_in(clock, old)
    clock.advance_clock(2 * DAY)
    used = clerk.run(ROTATE)

    assert [entry["registration"] for entry in noted["type_in"]] == (["calendar"] if reported else ["calendar", "mail"])
    assert _keys(clock, tenant) == both
    if reported:
        assert f"Secret {both[0]} was used at" in " ".join(used.output.split())
