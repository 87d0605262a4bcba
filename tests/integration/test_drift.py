# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever somebody changes by hand is put right by the next run, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.administrator import CALENDAR, GRAPH_APP_ID, MAIL, Administrator
from integration.operator_desk import ONBOARD, Desk
from integration.tenants import Tenants, recording_emulator
from integration.witness import Witness

#: By then Exchange enforces the restriction, so that grants need not wait for it.
ENFORCED = 3 * 3600

Drift = Callable[[Administrator], Any]

EXCHANGE_APP_ID = "00000002-0000-0ff1-ce00-000000000000"


def _declares(admin: Administrator, *accesses: dict[str, str], keep: bool = True) -> None:
    """One more, or only the given, entry in the calendar registration's declaration."""
    now = admin.application(CALENDAR)["requiredResourceAccess"][0]["resourceAccess"] if keep else []
    admin.change(
        CALENDAR, requiredResourceAccess=[{"resourceAppId": GRAPH_APP_ID, "resourceAccess": [*now, *accesses]}]
    )


def _declare_user_read(admin: Administrator) -> None:
    _declares(admin, {"id": admin.scope_id("User.Read"), "type": "Scope"})
    admin.grant_delegated(CALENDAR, "User.Read")


def _declare_another_api(admin: Administrator) -> None:
    now = admin.application(CALENDAR)["requiredResourceAccess"]
    access = {"id": admin.role_id("Exchange.ManageAsApp", EXCHANGE_APP_ID), "type": "Role"}
    admin.change(
        CALENDAR, requiredResourceAccess=[*now, {"resourceAppId": EXCHANGE_APP_ID, "resourceAccess": [access]}]
    )


def _consent_of_one_person(admin: Administrator) -> None:
    person = admin.call("GET", "/users")["value"][0]["id"]
    admin.grant_delegated(MAIL, "Mail.Send", principal=person)


def _delete_principal(admin: Administrator) -> None:
    admin.call("DELETE", f"/servicePrincipals/{admin.principal_of(MAIL)['id']}")


def _remove_secret(admin: Administrator) -> None:
    application = admin.application(MAIL)
    body = {"keyId": application["passwordCredentials"][0]["keyId"]}
    admin.call("POST", f"/applications/{application['id']}/removePassword", body)


#: Host name, what somebody does, and what the run then says it changed.
DRIFTS: dict[str, tuple[Drift, list[str]]] = {
    "display-name": (lambda admin: admin.change(CALENDAR, displayName="Renamed"), ["calendar: application"]),
    "audience": (lambda admin: admin.change(MAIL, signInAudience="AzureADMultipleOrgs"), ["mail: application"]),
    "notes": (lambda admin: admin.change(MAIL, notes=None), ["mail: application"]),
    "tags": (lambda admin: admin.change(CALENDAR, tags=["HideApp"]), ["calendar: application"]),
    "declared-nothing": (lambda admin: admin.change(MAIL, requiredResourceAccess=[]), ["mail: permissions"]),
    "declared-less": (
        lambda admin: _declares(admin, {"id": admin.role_id("Calendars.Read"), "type": "Role"}, keep=False),
        ["calendar: permissions"],
    ),
    "declared-user-read": (_declare_user_read, ["calendar: permissions, consent"]),
    "declared-another-api": (_declare_another_api, ["calendar: permissions"]),
    "grant-missing": (lambda admin: admin.revoke_everything(CALENDAR), ["calendar: consent"]),
    "grant-extra": (lambda admin: admin.grant(MAIL, "Calendars.ReadWrite"), ["mail: consent"]),
    "grant-of-one-person": (_consent_of_one_person, ["mail: consent"]),
    "principal-deleted": (_delete_principal, ["mail: application, consent"]),
    "secret-removed": (_remove_secret, ["mail: secret, proof", "hand-off"]),
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """With a clock of its own."""
    with recording_emulator() as running:
        yield running


def test_each_drift_is_repaired_and_nothing_else_is_touched(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """One run over one tenant for each drift: the fleet is the table."""
    ids = {host: tenants.make() for host in DRIFTS}
    for host, tenant in ids.items():
        desk.hosts[host] = {"connector_tenant_id": tenant, "connector_calendar_tags": ["totalview"]}
    first = desk.run()
    assert first.code == 0, first.output
    emulator.advance_clock(ENFORCED)
    for host, (drift, _changed) in DRIFTS.items():
        drift(Administrator(emulator, ids[host]))

    promised = desk.run("totalview.exchange365.onboard", "--check")
    repaired = desk.run()

    assert repaired.code == 0, repaired.output
    expected = {host: changed for host, (_drift, changed) in DRIFTS.items()}
    assert {host: repaired.tenant(host)["changed"] for host in DRIFTS} == expected
    assert {host: _besides_proof(promised.tenant(host)["changed"]) for host in DRIFTS} == {
        host: _besides_proof(changed) for host, changed in expected.items()
    }
    for tenant in ids.values():
        Witness(emulator, tenant).assert_as_totalview_asks()
    again = desk.run()
    assert {host: row["changed"] for host, row in again.stats.items()} == dict.fromkeys(DRIFTS, 0)


def _besides_proof(changed: list[str]) -> list[str]:
    """Whether an earlier proof will hold cannot be known before the service principal is there again."""
    return [entry.replace(", proof", "") for entry in changed]


def test_a_lost_store_or_hand_off_is_made_good(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().code == 0
    old = Witness(emulator, tenant).applications["Totalview E-Mail Sending"]["passwordCredentials"][0]["keyId"]

    (desk.store / "handoff" / "contoso.yml").unlink()
    assert desk.run().tenant("contoso")["changed"] == ["hand-off"]

    (desk.store / f"{tenant}.json").unlink()
    run = desk.run(ONBOARD, "-e", "connector_lost_store=replace")

    assert run.tenant("contoso")["changed"] == ["calendar: secret, proof", "mail: secret, proof", "hand-off"]
    new = Witness(emulator, tenant).applications["Totalview E-Mail Sending"]["passwordCredentials"]
    assert old in {row["keyId"] for row in new}, "the connector may be using it until the new one is typed in"
    assert len(new) == 2


def test_owners_are_added_and_never_removed(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make()
    person = emulator.snapshot(tenant)["users"][0]["id"]
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_mail_owners": [person]}

    run = desk.run()

    assert run.code == 0, run.output
    admin = Administrator(emulator, tenant)
    owners = {row["id"] for row in admin.call("GET", f"/applications/{admin.application(MAIL)['id']}/owners")["value"]}
    assert person in owners
    assert len(owners) == 2, "the automation owns what it made"
    assert desk.run().stats["contoso"]["changed"] == 0
