# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user of the tenant registers an application that looks like ours, key included, to be given our consent."""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.administrator import CALENDAR, GRAPH_APP_ID, MAIL, Administrator
from integration.operator_desk import CLIENT_ID, Desk
from integration.tenants import ADOPTING_ROLES, ROLES, Tenants
from integration.witness import Witness, exchange_writes, writes

NOTES = "Made for the Totalview connector. Managed by automation; changes made by hand are undone."
REGISTRATIONS = {
    CALENDAR: ("Totalview Calendar Synchronization", ["Calendars.Read", "Calendars.ReadWrite", "User.Read.All"]),
    MAIL: ("Totalview E-Mail Sending", ["Mail.Send"]),
}


def _look_alike(emulator: Emulator, tenant: str, key: str, *, owned_by_us: bool, deleted: bool) -> dict[str, Any]:
    """With name, notes, declaration, service principal and a secret of the stranger's."""
    stranger = Administrator(emulator, tenant)
    name, permissions = REGISTRATIONS[key]
    access = [{"id": stranger.role_id(permission), "type": "Role"} for permission in permissions]
    body = {
        "displayName": name,
        "notes": NOTES,
        "signInAudience": "AzureADMyOrg",
        "requiredResourceAccess": [{"resourceAppId": GRAPH_APP_ID, "resourceAccess": access}],
    }
    made = stranger.call("POST", "/applications", body)
    stranger.call("PATCH", f"/applications/{made['id']}", {"uniqueName": key})
    stranger.call("POST", "/servicePrincipals", {"appId": made["appId"]})
    stranger.call("POST", f"/applications/{made['id']}/addPassword", {"passwordCredential": {"displayName": "mine"}})
    if owned_by_us:
        ours = stranger.service_principal(CLIENT_ID)["id"]
        reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{ours}"}
        stranger.call("POST", f"/applications/{made['id']}/owners/$ref", reference)
    if deleted:
        stranger.call("DELETE", f"/applications/{made['id']}")
    return made


@pytest.mark.parametrize("roles", [ROLES, ADOPTING_ROLES], ids=["owned by", "all"])
def test_nothing_is_written_for_a_look_alike(
    desk: Desk, tenants: Tenants, emulator: Emulator, roles: tuple[str, ...]
) -> None:
    kinds = {
        f"{key.rpartition('-')[2]}{'-owned' * owned}{'-deleted' * deleted}": (key, owned, deleted)
        for key in REGISTRATIONS
        for owned in (False, True)
        for deleted in (False, True)
    }
    ids = {host: tenants.make(roles=roles) for host in kinds}
    made = {}
    for host, (key, owned, deleted) in kinds.items():
        desk.hosts[host] = {"connector_tenant_id": ids[host]}
        made[host] = _look_alike(emulator, ids[host], key, owned_by_us=owned, deleted=deleted)
    before = {host: emulator.snapshot(tenant) for host, tenant in ids.items()}
    planted = {host: len(writes(emulator, tenant)) for host, tenant in ids.items()}

    run = desk.run()

    assert run.code != 0
    for host, tenant in ids.items():
        result = run.tenant(host)
        assert result["state"] == "failed", (host, result)
        assert made[host]["appId"] in result["next"]
        assert "is taken" in result["next"]
        assert re.search("another connector_(calendar|mail)_unique_name", result["next"])
        assert len(writes(emulator, tenant)) == planted[host], host
        assert exchange_writes(emulator, tenant) == [], host
        assert emulator.snapshot(tenant) == before[host], host
    assert not list(desk.store.glob("*.json"))


def test_the_registration_that_the_store_knows_stays_ours(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """Adopted once from what somebody made by hand, it needs no word of adoption in the runs that follow."""
    tenant = tenants.make(roles=ADOPTING_ROLES)
    made = _look_alike(emulator, tenant, CALENDAR, owned_by_us=False, deleted=False)
    desk.hosts["contoso"] = {
        "connector_tenant_id": tenant,
        "connector_calendar_adopt": True,
        "connector_calendar_adopt_client_id": made["appId"],
    }
    [secret] = Witness(emulator, tenant).applications[REGISTRATIONS[CALENDAR][0]]["passwordCredentials"]
    decision = {"connector_adopt_credentials": {"keep": [secret["keyId"]]}}
    desk.hosts["contoso"] |= decision
    assert desk.run().tenant("contoso")["state"] == "complete"
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, **decision}

    run = desk.run()

    assert run.code == 0, run.output
    assert run.tenant("contoso")["changed"] == []
    adopted = Witness(emulator, tenant).applications[REGISTRATIONS[CALENDAR][0]]
    assert adopted["appId"] == made["appId"]
