# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role with its secrets in a real OpenBao server: from the first run to the removal of a replaced secret."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL
from integration.operator_desk import SENDER, Desk
from integration.tenants import Tenants
from integration.witness import Witness, writes
from openbao import PATH, OpenBao, policy_for

DAY = 86_400
ROTATE, DELIVERED = "totalview.exchange365.rotate", "totalview.exchange365.delivered"
STORE, OFFBOARD = "totalview.exchange365.store", "totalview.exchange365.offboard"
HANDOFF = f"{PATH}/handoff/contoso"

Json = dict[str, Any]


@pytest.fixture
def engine(openbao: OpenBao) -> str:
    return openbao.engine()


@pytest.fixture
def clerk(desk: Desk, clock: Emulator, openbao: OpenBao, engine: str) -> Desk:
    clerk = Desk(desk.folder, desk.temporary, desk.leg, clock.url, clock.ca_file)
    clerk.hosts = {"contoso": {"connector_tenant_id": Tenants(clock).make()}}
    clerk.variables = openbao.variables(engine)
    return clerk


def _tenant(clerk: Desk) -> str:
    return str(clerk.hosts["contoso"]["connector_tenant_id"])


def _keys(emulator: Emulator, tenant: str, name: str) -> list[str]:
    [application] = [row for row in Witness(emulator, tenant).applications.values() if row["uniqueName"] == name]
    return [row["keyId"] for row in application["passwordCredentials"]]


def _values(openbao: OpenBao, engine: str, path: str) -> set[str]:
    """All secrets in all versions."""
    versions = [number for number, row in openbao.versions(engine, path).items() if not row["destroyed"]]
    contents = [openbao.secret(engine, path, number) for number in versions]
    if path == HANDOFF:
        return {content[name] for content in contents for name in ("secret", "mail_client_secret")}
    return {row["value"] for content in contents for row in content["secrets"].values()}


def test_a_tenant_from_its_first_run_to_the_removal_of_a_replaced_secret(
    clerk: Desk, clock: Emulator, openbao: OpenBao, engine: str
) -> None:
    tenant = _tenant(clerk)
    document = f"{PATH}/tenants/{tenant}"

    first = clerk.run("totalview.exchange365.onboard", "-vvvv", environment={"ANSIBLE_DEBUG": "1"}, vault=False)

    assert first.code == 0, first.output
    Witness(clock, tenant).assert_as_totalview_asks()
    held = openbao.secret(engine, document)
    handed_off = openbao.secret(engine, HANDOFF)
    assert {name: row["key_id"] for name, row in held["secrets"].items()} == {
        name: _keys(clock, tenant, name)[0] for name in (CALENDAR, MAIL)
    }
    assert (handed_off["secret"], handed_off["mail_client_secret"]) == tuple(
        held["secrets"][name]["value"] for name in (CALENDAR, MAIL)
    )
    assert (handed_off["tenant_id"], handed_off["sender_from_address"]) == (tenant, SENDER)
    assert held["host"] == "contoso"
    secrets = [clerk.variables["connector_store_token"], handed_off["secret"], handed_off["mail_client_secret"]]
    assert [secret for secret in secrets if secret in first.output + str(first.rows)] == []
    assert not clerk.store.exists()

    mark = clock.last_request()
    again = clerk.run(vault=False)
    assert again.tenant("contoso")["changed"] == []
    assert writes(clock, tenant, mark) == []

    # Without the token in the inventory; the environment has it.
    token = clerk.variables.pop("connector_store_token")
    environment = {"VAULT_TOKEN": token}
    named = ("-e", f"connector_delivered={','.join(row['key_id'] for row in held['secrets'].values())}")
    clerk.run(DELIVERED, *named, environment=environment, vault=False)
    rotated = clerk.run(ROTATE, "-e", "connector_rotate_force=mail", environment=environment, vault=False)

    assert rotated.tenant("contoso")["changed"] == ["mail: secret", "hand-off"], rotated.output
    old, new = handed_off["mail_client_secret"], openbao.secret(engine, HANDOFF)["mail_client_secret"]
    assert old != new
    assert old not in _values(openbao, engine, HANDOFF)
    assert {old, new} <= _values(openbao, engine, document)
    keys = _keys(clock, tenant, MAIL)
    assert len(keys) == 2

    clerk.run(DELIVERED, "-e", f"connector_delivered={keys[1]}", environment=environment, vault=False)
    clock.advance_clock(8 * DAY)
    removed = clerk.run(ROTATE, environment=environment, vault=False)

    assert removed.tenant("contoso")["changed"] == ["mail: secret"], removed.output
    assert _keys(clock, tenant, MAIL) == keys[1:]
    assert old not in _values(openbao, engine, document)


def test_a_tenant_with_nothing_to_do_asks_the_server_a_few_times_only(
    clerk: Desk, openbao: OpenBao, engine: str
) -> None:
    assert clerk.run(vault=False).tenant("contoso")["state"] == "complete"
    token = clerk.variables["connector_store_token"] = openbao.token(policy_for(engine), num_uses=1000)

    assert clerk.run(vault=False).tenant("contoso")["changed"] == []

    # Each request uses it once: for each registration two or three, and the hand-off.
    assert 1000 - openbao.ask("POST", "auth/token/lookup", {"token": token})["num_uses"] < 10


def test_a_tenant_that_leaves(clerk: Desk, clock: Emulator, openbao: OpenBao, engine: str) -> None:
    document = f"{PATH}/tenants/{_tenant(clerk)}"
    assert clerk.run(vault=False).tenant("contoso")["state"] == "complete"
    named = ("-e", "connector_offboard=contoso", "-e", "connector_purge=true")

    first = clerk.run(OFFBOARD, *named, vault=False)
    clock.advance_clock(29 * 3600)
    second = clerk.run(OFFBOARD, *named, vault=False)

    states = [run.tenant("contoso")["state"] for run in (first, second)]
    assert states == ["offboarding", "offboarded"], first.output + second.output
    assert {row["finished"] is not None for row in openbao.secret(engine, document)["offboarding"].values()} == {True}
    assert clock.snapshot(_tenant(clerk))["deletedItems"] == []


def test_a_sealed_server_stops_the_tenant_before_its_first_change(
    clerk: Desk, clock: Emulator, openbao: OpenBao
) -> None:
    with openbao.sealed():
        run = clerk.run(vault=False)

    assert run.tenant("contoso")["state"] == "failed"
    assert f"{openbao.url} is sealed" in run.tenant("contoso")["next"] or "unseal" in run.tenant("contoso")["next"]
    assert writes(clock, _tenant(clerk)) == []
    assert clerk.run(vault=False).tenant("contoso")["state"] == "complete"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"connector_store_token": None}, "token is missing"),
        ({"connector_store_token": "s.none"}, "does not take the token"),
        ({"connector_store_engine_mount_point": "nowhere"}, "nowhere"),
        ({"connector_store_url": "https://127.0.0.1:1"}, "cannot be reached"),
        ({"connector_store_url": "http://127.0.0.1:1"}, "over TLS only"),
        ({"connector_handoff_folder": "/srv/handoff"}, "connector_handoff_folder is for connector_store: vault_file"),
    ],
    ids=["no token", "another's token", "no engine", "no answer", "no TLS", "a folder"],
)
def test_a_store_that_cannot_be_used_is_told_before_anything_is_written(
    clerk: Desk, clock: Emulator, changes: Json, told: str
) -> None:
    clerk.variables |= changes

    run = clerk.run(vault=False)

    assert told in run.output, run.output
    assert writes(clock, _tenant(clerk)) == []


def test_a_fleet_moves_from_files_to_the_server_and_nobody_types_anything_in(
    clerk: Desk, clock: Emulator, openbao: OpenBao, engine: str
) -> None:
    server, clerk.variables = clerk.variables, {}
    clerk.hosts["fabrikam"] = {"connector_tenant_id": Tenants(clock).make()}
    assert clerk.run().code == 0
    mark = clock.last_request()
    clerk.variables = {**server, "connector_store_former": {"folder": str(clerk.store)}}

    planned = clerk.run(STORE, "--check")
    first = clerk.run(STORE, "--limit", "contoso")
    all_of_them = clerk.run(STORE)
    again = clerk.run(STORE)

    assert {host: planned.tenant(host)["state"] for host in clerk.hosts} == dict.fromkeys(
        clerk.hosts, "changes_pending"
    )
    assert first.tenant("contoso")["changed"] == ["store"], first.output
    assert [all_of_them.tenant(host)["changed"] for host in clerk.hosts] == [[], ["store"]]
    assert [again.tenant(host)["changed"] for host in clerk.hosts] == [[], []]
    settled = clerk.run()
    assert [settled.tenant(host)["changed"] for host in clerk.hosts] == [[], []], settled.output
    for host in clerk.hosts:
        tenant = str(clerk.hosts[host]["connector_tenant_id"])
        assert writes(clock, tenant, mark) == []
        held = openbao.secret(engine, f"{PATH}/tenants/{tenant}")["secrets"]
        assert held[MAIL]["key_id"] == _keys(clock, tenant, MAIL)[0]
        assert openbao.secret(engine, f"{PATH}/handoff/{host}")["secret"] == held[CALENDAR]["value"]

    clerk.variables = {}
    stale = clerk.run()
    assert "were moved to" in stale.tenant("contoso")["next"]
