# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a client secret: policy, renewal with overlap, orphans, and secrets of others."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml

from emulator.launch import Emulator, running_emulator
from integration.administrator import CALENDAR, MAIL, Administrator
from integration.operator_desk import ONBOARD, SENDER, Desk
from integration.tenants import Tenants
from integration.witness import Witness, writes

DAY = 86_400


def _credentials(emulator: Emulator, tenant: str) -> list[dict[str, Any]]:
    return list(Witness(emulator, tenant).applications["Totalview E-Mail Sending"]["passwordCredentials"])


def _names_a_key(text: str, emulator: Emulator, tenant: str) -> bool:
    rows = Witness(emulator, tenant).applications.values()
    return any(credential["keyId"] in text for row in rows for credential in row["passwordCredentials"])


def _lifetime(credential: dict[str, Any]) -> timedelta:
    start, end = (datetime.fromisoformat(credential[name]) for name in ("startDateTime", "endDateTime"))
    return end - start


def test_the_default_lifetime_bends_to_the_tenants_policy(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    strict = tenants.make(policy={"max_secret_lifetime": "P180D"})
    free = tenants.make()
    desk.hosts = {"strict": {"connector_tenant_id": strict}, "free": {"connector_tenant_id": free}}

    run = desk.run()

    assert run.code == 0, run.output
    assert [_lifetime(row) for row in _credentials(emulator, strict)] == [timedelta(days=180)]
    assert [_lifetime(row) for row in _credentials(emulator, free)] == [timedelta(days=365)]


@pytest.mark.parametrize(
    ("policy", "variables", "words"),
    [
        ({"max_secret_lifetime": "P180D"}, {"connector_secret_valid_for": "181d"}, ["180 days", "181 days"]),
        ({"secrets_allowed": False}, {}, ["forbids client secrets"]),
        ({"max_secret_lifetime": "P20D"}, {}, ["renew_before", "20 days", "30 days"]),
        ({}, {"connector_secret_valid_for": "one year"}, ["one year", "365d"]),
    ],
    ids=["above the policy", "no secrets", "shorter than renewal", "no duration"],
)
def test_a_lifetime_that_cannot_work_stops_the_tenant_before_its_first_change(
    desk: Desk,
    tenants: Tenants,
    emulator: Emulator,
    policy: dict[str, Any],
    variables: dict[str, str],
    words: list[str],
) -> None:
    tenant = tenants.make(policy=policy) if policy else tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, **variables}

    run = desk.run()

    assert run.code != 0
    assert all(word in run.tenant("contoso")["next"] for word in words), run.tenant("contoso")
    assert writes(emulator, tenant) == []


def test_a_secret_lives_until_its_successor_was_delivered_and_the_overlap_is_over(desk: Desk) -> None:
    # A clock of its own: other tests' tenants must not age with this one.
    with running_emulator({"tenants": []}) as emulator:
        tenant = Tenants(emulator).make()
        clerk = Desk(desk.folder, desk.temporary, desk.leg, emulator.url, emulator.ca_file)
        clerk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_proof_valid": "520w"}
        first_run = clerk.run().tenant("contoso")
        first = _credentials(emulator, tenant)[0]
        assert {entry["registration"] for entry in first_run["type_in"]} == {"calendar", "mail"}
        assert first["keyId"] in first_run["next"]

        emulator.advance_clock(300 * DAY)
        assert clerk.run().tenant("contoso") == {"tenant": "contoso", "state": "complete", "changed": [], "next": "-"}

        emulator.advance_clock(36 * DAY)
        renewed = clerk.run()
        assert renewed.tenant("contoso")["changed"] == ["calendar: secret, proof", "mail: secret, proof", "hand-off"]
        keys = [row["keyId"] for row in _credentials(emulator, tenant)]
        assert keys[0] == first["keyId"]
        assert len(keys) == 2
        handed_off = yaml.safe_load(clerk.view(clerk.store / "handoff" / "contoso.yml"))["mail_client_secret"]
        assert handed_off in emulator.issued()["secrets"]

        # Nobody has typed it in.
        emulator.advance_clock(8 * DAY)
        waiting = clerk.run().tenant("contoso")
        assert waiting["changed"] == []
        assert f"type in before {first['endDateTime'][:10]}" in waiting["next"]
        assert [row["keyId"] for row in _credentials(emulator, tenant)] == keys
        awaited = [entry["key_id"] for entry in waiting["type_in"]]

        clerk.variables["connector_delivered"] = [*awaited, "00000000-0000-0000-0000-000000000001"]
        planned = clerk.run(ONBOARD, "--check")
        assert planned.changes("contoso") == [f"note secret {key_id} as delivered" for key_id in awaited]
        assert clerk.run().tenant("contoso")["changed"] == ["calendar: secret", "mail: secret"]
        assert clerk.run().tenant("contoso") == {"tenant": "contoso", "state": "complete", "changed": [], "next": "-"}
        del clerk.variables["connector_delivered"]
        emulator.advance_clock(6 * DAY)
        assert clerk.run().tenant("contoso")["changed"] == []
        assert [row["keyId"] for row in _credentials(emulator, tenant)] == keys

        emulator.advance_clock(DAY)
        assert clerk.run().tenant("contoso")["changed"] == ["calendar: secret", "mail: secret"]
        assert [row["keyId"] for row in _credentials(emulator, tenant)] == [
            key for key in keys if key != first["keyId"]
        ]
        assert clerk.run().tenant("contoso")["changed"] == []


def _as_before_deliveries_were_noted(desk: Desk, tenant: str) -> None:
    """The store's file as a version before 1.0.0 has written it."""
    path = desk.store / f"{tenant}.json"
    content = json.loads(desk.view(path))
    del content["version"]
    for secret in content["secrets"].values():
        del secret["handed_off"], secret["delivered"]
        secret["retired"] = [
            {"key_id": old["key_id"], "remove_after": "2020-01-01T00:00:00+00:00"} for old in secret["retired"]
        ]
    desk.write_encrypted(str(path), json.dumps(content))


def test_the_store_of_an_older_version_is_taken_over_and_nothing_is_issued_or_removed(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().code == 0
    _as_before_deliveries_were_noted(desk, tenant)
    mark = emulator.last_request()

    assert desk.run().tenant("contoso")["state"] == "complete"

    assert writes(emulator, tenant, mark) == []
    # What it has handed off is known as such, also where the file notes nothing of it.
    desk.variables["connector_rotate_force"] = ["mail"]
    rotated = desk.run().tenant("contoso")
    assert rotated["changed"] == ["mail: secret, proof", "hand-off"]
    assert len(rotated["type_in"]) >= 1
    del desk.variables["connector_rotate_force"]
    _as_before_deliveries_were_noted(desk, tenant)
    before = _credentials(emulator, tenant)

    again = desk.run().tenant("contoso")

    assert (again["state"], again["changed"]) == ("complete", [])
    assert _credentials(emulator, tenant) == before
    assert "type in before" in again["next"]


def test_a_store_of_a_newer_version_stops_before_anything_is_written(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().code == 0
    path = desk.store / f"{tenant}.json"
    desk.write_encrypted(str(path), json.dumps({**json.loads(desk.view(path)), "version": 3, "unheard_of": 1}))
    before, mark = path.read_bytes(), emulator.last_request()

    run = desk.run()

    assert "newer version" in run.tenant("contoso")["next"]
    assert writes(emulator, tenant, mark) == []
    assert path.read_bytes() == before


def test_a_leaked_secret_is_removed_and_the_next_one_is_to_be_typed_in_now(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().code == 0
    leaked = _credentials(emulator, tenant)[0]["keyId"]
    desk.variables["connector_revoke"] = [leaked]

    run = desk.run()

    assert run.code == 0, run.output
    [left] = [row["keyId"] for row in _credentials(emulator, tenant)]
    assert left != leaked
    assert "type in now" in run.tenant("contoso")["next"]
    assert left in run.tenant("contoso")["next"]
    assert f"{leaked} is revoked" in " ".join(run.output.split())
    assert desk.run().tenant("contoso")["changed"] == []


def test_a_new_secret_reaches_a_connector_that_has_one_although_nothing_is_proven(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """Exchange Online refuses the mailbox inside: the proof of reach waits, and the old secret would end."""
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().code == 0
    handoff = desk.store / "handoff" / "contoso.yml"
    before = handoff.read_bytes()
    desk.variables["connector_rotate_force"] = ["mail"]
    emulator.faults({"kind": "refuse_mailbox", "tenant": tenant, "mailbox": SENDER, "message": "Not yet."})

    run = desk.run()

    assert run.tenant("contoso")["state"] == "waiting_for_exchange", run.output
    assert run.tenant("contoso")["changed"] == ["mail: secret", "hand-off"]
    assert handoff.read_bytes() != before
    assert "type in before" in run.tenant("contoso")["next"]


def test_secrets_that_the_store_does_not_know_stay_whatever_their_label_says(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_secret_owner": "acme"}
    assert desk.run().code == 0
    ours = _credentials(emulator, tenant)[0]["keyId"]
    admin = Administrator(emulator, tenant)
    path = f"/applications/{admin.application(MAIL)['id']}/addPassword"
    for label in ("totalview-exchange365/acme/restored", "totalview-exchange365/other/run", "by hand", None):
        admin.call("POST", path, {"passwordCredential": {"displayName": label} if label else {}})

    run = desk.run()

    assert run.code == 0, run.output
    assert run.tenant("contoso")["changed"] == []
    left = _credentials(emulator, tenant)
    assert {row["displayName"] for row in left if row["keyId"] != ours} == {
        "totalview-exchange365/acme/restored",
        "totalview-exchange365/other/run",
        "by hand",
        None,
    }
    assert ours in {row["keyId"] for row in left}
    told = " ".join(run.output.split())
    assert all(row["keyId"] in told for row in left if row["keyId"] != ours)


def test_a_lost_store_stops_and_takes_no_living_secret_away(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().code == 0
    before = [row["keyId"] for row in _credentials(emulator, tenant)]
    desk.store.rename(desk.folder / "moved")
    mark = emulator.last_request()

    lost = desk.run()

    assert lost.tenant("contoso")["state"] == "failed"
    assert "Bring the store back" in lost.tenant("contoso")["next"]
    assert _names_a_key(lost.tenant("contoso")["next"], emulator, tenant)
    assert writes(emulator, tenant, mark) == []

    desk.variables["connector_lost_store"] = "replace"
    replaced = desk.run()

    assert replaced.tenant("contoso")["state"] == "complete", replaced.output
    assert set(before) < {row["keyId"] for row in _credentials(emulator, tenant)}
    del desk.variables["connector_lost_store"]
    assert desk.run().tenant("contoso")["changed"] == []


def test_a_store_restored_from_an_older_copy_stops(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """The copy is of before a renewal; the secret that it holds has gone since."""
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_secret_overlap": "0s"}
    assert desk.run().code == 0
    copy = (desk.store / f"{tenant}.json").read_bytes()
    admin = Administrator(emulator, tenant)
    for name in (CALENDAR, MAIL):
        application = admin.application(name)
        for row in application["passwordCredentials"]:
            admin.call("POST", f"/applications/{application['id']}/removePassword", {"keyId": row["keyId"]})
    assert desk.run().code == 0
    living = [row["keyId"] for row in _credentials(emulator, tenant)]
    (desk.store / f"{tenant}.json").write_bytes(copy)

    run = desk.run()

    assert run.tenant("contoso")["state"] == "failed"
    assert _names_a_key(run.tenant("contoso")["next"], emulator, tenant)
    assert [row["keyId"] for row in _credentials(emulator, tenant)] == living


def test_one_inventory_has_one_store_wherever_it_is_run_from(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_store_folder": "relative/secrets"}
    assert desk.run().code == 0
    before = _credentials(emulator, tenant)
    elsewhere = desk.folder / "elsewhere"
    elsewhere.mkdir()
    prepared = desk.prepare()

    done = subprocess.run(
        prepared.command, cwd=elsewhere, env=prepared.environment, check=False, capture_output=True, text=True
    )

    assert prepared.run(done.returncode, done.stdout).tenant("contoso")["changed"] == []
    assert _credentials(emulator, tenant) == before
    assert (desk.folder / "relative" / "secrets" / f"{tenant}.json").is_file()
    assert list(elsewhere.iterdir()) == []
