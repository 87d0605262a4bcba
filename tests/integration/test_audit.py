# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit finds what somebody did to a tenant, each thing and nothing else, and writes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from attack.attacker import WAYS, Attacker
from emulator.launch import Emulator
from integration.administrator import MAIL
from integration.operator_desk import Desk, Run
from integration.reach_witness import ANN, BOSS, USERS
from integration.tenants import Tenants, recording_emulator
from integration.test_restriction_drift import ENFORCED, RBAC, Somebody
from integration.witness import exchange_writes, last_request, writes

AUDIT = "totalview.exchange365.audit"
DELIVERED = "totalview.exchange365.delivered"
Json = dict[str, Any]
Act = Callable[[Somebody], object]

ACCESS = {
    "secret": "foreign-secret",
    "certificate": "foreign-certificate",
    "federated": "foreign-federation",
    "owner": "foreign-owner",
    "service principal secret": "foreign-secret",
    "service principal certificate": "foreign-certificate",
    "service principal owner": "foreign-owner",
}


def _way(way: str) -> Act:
    return lambda somebody: Attacker(somebody.emulator, somebody.tenant).enter(way, MAIL)


def _change(**properties: Any) -> Act:
    return lambda somebody: somebody.entra.change(MAIL, **properties)


def _principal(**properties: Any) -> Act:
    def act(somebody: Somebody) -> None:
        id_ = somebody.entra.principal_of(MAIL)["id"]
        somebody.entra.call("PATCH", f"/servicePrincipals/{id_}", properties)

    return act


def _delete(kind: str) -> Act:
    def act(somebody: Somebody) -> None:
        found = somebody.entra.application(MAIL) if kind == "applications" else somebody.entra.principal_of(MAIL)
        somebody.entra.call("DELETE", f"/{kind}/{found['id']}")

    return act


def _remove_secret(somebody: Somebody) -> None:
    application = somebody.entra.application(MAIL)
    key_id = application["passwordCredentials"][0]["keyId"]
    somebody.entra.call("POST", f"/applications/{application['id']}/removePassword", {"keyId": key_id})


def _pair(somebody: Somebody) -> None:
    somebody.add(BOSS)
    _way("secret")(somebody)


SCOPE = {
    "id": "7b7b7b7b-1111-4222-8333-444444444444",
    "value": "access",
    "type": "User",
    "isEnabled": True,
    "adminConsentDisplayName": "x",
    "adminConsentDescription": "x",
    "userConsentDisplayName": None,
    "userConsentDescription": None,
}
#: What somebody does to the registration for e-mail, and the kinds of findings that it makes.
PLANTED: dict[str, tuple[Act, set[str]]] = {
    "nothing": (lambda _somebody: None, set()),
    **{way.replace(" ", "-"): (_way(way), {kind}) for way, kind in ACCESS.items()},
    "renamed": (_change(displayName="Something else"), {"not-as-wanted"}),
    "audience": (_change(signInAudience="AzureADMultipleOrgs"), {"audience"}),
    "redirect-web": (_change(web={"redirectUris": ["https://example.com/x"]}), {"redirect-uri"}),
    "redirect-spa": (_change(spa={"redirectUris": ["https://example.com/y"]}), {"redirect-uri"}),
    "redirect-client": (_change(publicClient={"redirectUris": ["http://localhost"]}), {"redirect-uri"}),
    "public": (_change(isFallbackPublicClient=True), {"public-client"}),
    "scope": (_change(api={"oauth2PermissionScopes": [SCOPE]}), {"exposed-api"}),
    "deactivated": (_change(isDisabled=True), {"disabled"}),
    "disabled": (_principal(accountEnabled=False), {"disabled"}),
    "deleted": (_delete("applications"), {"deleted"}),
    "no-principal": (_delete("servicePrincipals"), {"no-service-principal"}),
    "extra-grant": (lambda somebody: somebody.entra.grant(MAIL, "Calendars.Read"), {"extra-grant"}),
    "extra-delegated": (
        lambda somebody: somebody.entra.grant_delegated(MAIL, "User.Read"),
        {"extra-delegated-grant"},
    ),
    "revoked": (lambda somebody: somebody.entra.revoke_everything(MAIL), {"missing-grant"}),
    "undeclared": (_change(requiredResourceAccess=[]), {"not-as-wanted"}),
    "namesake": (
        lambda somebody: somebody.entra.call(
            "POST", "/applications", {"displayName": "Totalview E-Mail Sending", "signInAudience": "AzureADMyOrg"}
        ),
        {"duplicate-name"},
    ),
    "no-policy": (lambda somebody: somebody.remove_policy(), {"every-mailbox"}),
    "member": (lambda somebody: somebody.add(BOSS), {"reach-widened"}),
    "secret-gone": (_remove_secret, {"secret-gone"}),
    "pair": (_pair, {"reach-widened", "foreign-secret"}),
}
#: What onboarding mends by itself.
MENDED = {
    "renamed",
    "audience",
    "deleted",
    "no-principal",
    "extra-grant",
    "extra-delegated",
    "revoked",
    "undeclared",
    "no-policy",
    "member",
    "secret-gone",
}


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
    assert set(ACCESS) == set(WAYS)
    made = _onboarded(desk, tenants, emulator, PLANTED)
    for host, (act, _kinds_of_it) in PLANTED.items():
        act(Somebody(emulator, made[host]))
    before = {host: emulator.snapshot(tenant) for host, tenant in made.items()}
    mark, stored = last_request(emulator), {path: path.read_bytes() for path in desk.store.rglob("*.*")}

    run = desk.run(AUDIT)

    assert run.code == 0, run.output
    sent = [row for row in emulator.requests(tenant=made["nothing"], after=mark) if row["batch_of"] is None]
    assert len(sent) <= 12, [row["path"] for row in sent]
    assert {host: _kinds(run, host) for host in PLANTED} == {host: kinds for host, (_act, kinds) in PLANTED.items()}
    for host, tenant in made.items():
        assert emulator.snapshot(tenant) == before[host], host
        assert writes(emulator, tenant, mark) == exchange_writes(emulator, tenant, mark) == [], host
        state = "findings" if PLANTED[host][1] else "clean"
        assert run.tenant(host)["state"] == state
        assert all(finding["what"] and finding["advice"] for finding in _findings(run, host))
    assert {path: path.read_bytes() for path in desk.store.rglob("*.*")} == stored
    report = json.loads((desk.folder / "reports" / "report.json").read_text())
    assert {row["tenant"] for row in report["tenants"] if row["findings"]} == set(PLANTED) - {"nothing"}

    desk.run()
    emulator.advance_clock(ENFORCED)
    desk.run()
    _deliver(desk)
    again = desk.run(AUDIT)

    assert {host: _kinds(again, host) for host in MENDED} == {host: set() for host in MENDED}


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
