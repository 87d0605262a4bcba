# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit finds what somebody did to a tenant, each thing and nothing else, and writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from emulator.launch import Emulator
from integration import connector
from integration.administrator import MAIL
from integration.operator_desk import Desk, Run
from integration.planted import PAIRS, PLANTED, Act, follow, plant
from integration.reach_witness import ANN, BOSS, USERS
from integration.tenants import ROLES, Tenants, recording_emulator
from integration.test_restriction_drift import ENFORCED, RBAC, Somebody
from integration.witness import exchange_writes, last_request, writes

AUDIT = "totalview.exchange365.audit"
DELIVERED = "totalview.exchange365.delivered"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """One of its own: its clock is moved."""
    with recording_emulator() as running:
        yield running


def test_a_secret_that_nobody_says_is_typed_in_is_found(desk: Desk, tenants: Tenants) -> None:
    desk.hosts = {"contoso": {"connector_tenant_id": tenants.make(users=USERS)}}
    assert desk.run().code == 0

    found = _findings(desk.run(AUDIT), "contoso")

    assert {(finding["kind"], finding["severity"]) for finding in found} == {("secret-not-typed-in", "low")}
    assert all(finding["since"] for finding in found)
    _deliver(desk)
    assert _findings(desk.run(AUDIT), "contoso") == []


def test_a_secret_that_ends_is_found_before(desk: Desk, tenants: Tenants) -> None:
    desk.hosts = {"contoso": {"connector_tenant_id": tenants.make(users=USERS)}}
    desk.variables |= {"connector_secret_valid_for": "15d", "connector_secret_renew_before": "5d"}
    assert desk.run().code == 0
    _deliver(desk)

    for renew_before, severity in (("20d", "medium"), ("5d", None)):
        desk.variables["connector_secret_renew_before"] = renew_before
        desk.variables["connector_secret_valid_for"] = "30d"
        found = {(finding["kind"], finding["severity"]) for finding in _findings(desk.run(AUDIT), "contoso")}
        assert found == ({("secret-expires", severity)} if severity else set())


def _onboarded(desk: Desk, tenants: Tenants, emulator: Emulator, hosts: Any, **variables: Any) -> dict[str, str]:
    """Complete, enforced and typed in."""
    made = {host: tenants.make(users=USERS) for host in hosts}
    desk.hosts = {host: {"connector_tenant_id": tenant, **variables} for host, tenant in made.items()}
    assert desk.run().code == 0
    emulator.advance_clock(ENFORCED)
    run = desk.run()
    assert run.code == 0, run.output
    assert {run.tenant(host)["state"] for host in hosts} == {"complete"}
    _deliver(desk)
    return made


def _deliver(desk: Desk) -> None:
    report = json.loads((desk.folder / "reports" / "report.json").read_text())
    for row in report["tenants"]:
        keys = [entry["secret_key_id"] for entry in row["registrations"] if entry["secret_key_id"]]
        desk.hosts[row["tenant"]]["connector_delivered"] = keys
    assert desk.run(DELIVERED).code == 0
    for variables in desk.hosts.values():
        variables.pop("connector_delivered", None)


def _kinds(run: Run, host: str) -> set[str]:
    return {finding["kind"] for finding in _findings(run, host)}


def _findings(run: Run, host: str) -> list[Json]:
    [result] = run.results(host, "Sign in, read and compare")
    return list(result["audit"]["findings"])


def test_each_thing_that_somebody_did_is_found_and_nothing_else(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """Alone and in pairs; its advice, followed, removes it."""
    hosts = [*PLANTED, *PAIRS]
    made = _onboarded(desk, tenants, emulator, hosts)
    planted = {host: plant(Somebody(emulator, made[host]), host) for host in hosts}
    before = {host: emulator.snapshot(tenant) for host, tenant in made.items()}
    mark, stored = last_request(emulator), {path: path.read_bytes() for path in desk.store.rglob("*.*")}

    run = desk.run(AUDIT)

    assert run.code == 0, run.output
    sent = [row for row in emulator.requests(tenant=made["nothing"], after=mark) if row["batch_of"] is None]
    assert len(sent) <= 12, [row["path"] for row in sent]
    found = {host: _findings(run, host) for host in hosts}
    assert {host: {finding["kind"] for finding in rows} for host, rows in found.items()} == planted
    for host, tenant in made.items():
        assert emulator.snapshot(tenant) == before[host], host
        assert writes(emulator, tenant, mark) == exchange_writes(emulator, tenant, mark) == [], host
        assert run.tenant(host)["state"] == ("findings" if planted[host] else "clean")
        assert all(finding["what"] and finding["advice"] for finding in found[host])
    assert {path: path.read_bytes() for path in desk.store.rglob("*.*")} == stored
    report = json.loads((desk.folder / "reports" / "report.json").read_text())
    assert {row["tenant"] for row in report["tenants"] if row["findings"]} == set(hosts) - {"nothing"}

    for host, rows in found.items():
        for finding in rows:
            follow(Somebody(emulator, made[host]), finding)
    desk.run()
    emulator.advance_clock(ENFORCED)
    desk.run()
    _deliver(desk)
    again = desk.run(AUDIT)

    assert {host: _kinds(again, host) for host in hosts} == {host: set() for host in hosts}


def test_grants_beside_roles_and_roles_are_found(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    hosts: dict[str, tuple[Act, set[str]]] = {
        "nothing": (lambda _somebody: None, set()),
        "beside": (lambda somebody: somebody.entra.grant(MAIL, "Mail.Send"), {"grant-beside-roles"}),
        "member": (lambda somebody: somebody.add(BOSS), {"reach-widened"}),
    }
    made = _onboarded(desk, tenants, emulator, hosts, **RBAC)
    for host, (act, _expected) in hosts.items():
        act(Somebody(emulator, made[host]))

    run = desk.run(AUDIT)

    assert {host: _kinds(run, host) for host in hosts} == {host: expected for host, (_act, expected) in hosts.items()}


def test_microsoft_is_asked_where_that_is_wanted_and_allowed(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    allowed = (*ROLES, "AuditLog.Read.All", "Directory.Read.All")
    seeds: dict[str, Json] = {
        "contoso": {"roles": allowed},
        "unused": {"roles": allowed},
        "free": {"roles": allowed, "premium": False},
        "refused": {"roles": ROLES},
    }
    made = {host: tenants.make(users=USERS, **seed) for host, seed in seeds.items()}
    asked = {"connector_sign_in_reports": True, "connector_directory_audits": True}
    desk.hosts = {host: {"connector_tenant_id": tenant, **asked} for host, tenant in made.items()}
    assert desk.run().code == 0
    emulator.advance_clock(ENFORCED)
    assert desk.run().code == 0
    _deliver(desk)
    emulator.advance_clock(4 * 24 * 3600)
    for host, tenant in made.items():
        plant(Somebody(emulator, tenant), "owner")
        signed_in = [connector.sign_in(desk, emulator, tenant, kind) for kind in connector.FIELDS if host == "contoso"]
        assert set(signed_in) <= {200}
    emulator.advance_clock(7 * 3600)
    mark = last_request(emulator)

    run = desk.run(AUDIT)

    found = {host: {finding["kind"]: finding for finding in _findings(run, host)} for host in made}
    owner = {"foreign-owner"}
    assert {host: set(kinds) for host, kinds in found.items()} == {
        "contoso": owner,
        "unused": {*owner, "not-used"},
        "free": owner,
        "refused": owner,
    }
    told = {host: " ".join(kinds["foreign-owner"]["evidence"]) for host, kinds in found.items()}
    assert {host for host in made if "audit log: Add owner to application, 20" in told[host]} == set(made) - {"refused"}
    warned = {host: _warnings(run, host) for host in made}
    assert {host for host in made if "P1 or P2" in warned[host]} == {"free", "refused"}
    assert {host for host in made if "Who made what was found is not told" in warned[host]} == {"refused"}
    sent = [row for row in emulator.requests(tenant=made["contoso"], after=mark) if row["batch_of"] is None]
    assert len(sent) <= 12, [row["path"] for row in sent]


def _warnings(run: Run, host: str) -> str:
    [result] = run.results(host, "Sign in, read and compare")
    return " ".join(result["details"]["warnings"])


@pytest.mark.parametrize(("fail_on", "code"), [("none", 0), ("high", 0), ("medium", 2), ("low", 2)])
def test_the_exit_status_is_as_asked_for(
    desk: Desk, tenants: Tenants, emulator: Emulator, fail_on: str, code: int
) -> None:
    made = _onboarded(desk, tenants, emulator, ["contoso"])
    Somebody(emulator, made["contoso"]).entra.change(MAIL, displayName="Something else")

    run = desk.run(AUDIT, "-e", f"connector_fail_on={fail_on}")

    assert run.code == code, run.output


def test_an_accepted_finding_counts_no_more_until_its_day(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    made = _onboarded(desk, tenants, emulator, ["contoso"])
    somebody = Somebody(emulator, made["contoso"])
    somebody.entra.change(MAIL, web={"redirectUris": ["https://example.com/x"]})
    [found] = _findings(desk.run(AUDIT), "contoso")
    desk.variables["connector_fail_on"] = "low"
    accepted = {"id": found["id"], "reason": "of the old portal"}

    for until, code in (("2999-12-31", 0), (date(2999, 12, 31), 0), ("2020-01-01", 2)):
        desk.hosts["contoso"]["connector_accepted"] = [{**accepted, "until": until}]
        assert desk.run(AUDIT).code == code, until

    desk.hosts["contoso"]["connector_accepted"] = [{**accepted, "until": "2999-12-31"}]
    somebody.entra.change(MAIL, web={"redirectUris": ["https://example.com/x", "https://example.com/another"]})
    run = desk.run(AUDIT)
    assert run.code == 2, "another one is not accepted with it"
    assert {finding.get("reason") for finding in _findings(run, "contoso")} == {"of the old portal", None}
    assert "another" in run.tenant("contoso")["next"]


def test_who_cannot_be_audited_counts_as_failed_and_hides_nobody(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    made = _onboarded(desk, tenants, emulator, ["contoso", "wrong"])
    desk.hosts["wrong"]["connector_auth_client_secret"] = "wrong"
    Somebody(emulator, made["contoso"]).add(ANN)

    run = desk.run(AUDIT)

    assert run.code != 0
    assert run.tenant("wrong")["state"] == "failed"
    assert run.tenant("contoso")["state"] == "findings"
    assert {host: run.stats[host]["failures"] for host in made} == {"contoso": 0, "wrong": 1}


def test_a_registration_of_somebody_else_is_found_and_the_other_one_is_looked_at(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make(users=USERS)
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}}
    stranger = Somebody(emulator, tenant).entra
    made = stranger.call("POST", "/applications", {"displayName": "Anything", "signInAudience": "AzureADMyOrg"})
    stranger.call("PATCH", f"/applications/{made['id']}", {"uniqueName": MAIL})

    run = desk.run(AUDIT)

    found = {(finding["kind"], finding["registration"]) for finding in _findings(run, "contoso")}
    assert {("refused", "mail"), ("not-registered", "calendar")} <= found
