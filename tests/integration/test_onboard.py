# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: a tenant from nothing to hand-off, and the second run."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest
import yaml

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL
from integration.operator_desk import CLIENT_ID, CLIENT_SECRET, ONBOARD, Desk
from integration.tenants import ROLES, Tenants
from integration.witness import Witness, access_tokens, last_request, writes

pytestmark = pytest.mark.every_core


@pytest.fixture
def contoso(tenants: Tenants, desk: Desk) -> str:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    return tenant


def test_a_fresh_tenant_gets_exactly_what_totalview_asks_for(desk: Desk, contoso: str, emulator: Emulator) -> None:
    run = desk.run()

    assert run.code == 0, run.output
    assert run.tenant("contoso")["state"] == "complete"
    witness = Witness(emulator, contoso)
    witness.assert_as_totalview_asks()
    names = {row["uniqueName"] for row in witness.applications.values()}
    assert names == {CALENDAR, MAIL}


def test_the_second_run_changes_nothing_and_writes_nothing(desk: Desk, contoso: str, emulator: Emulator) -> None:
    assert desk.run().code == 0
    before = emulator.snapshot(contoso)
    files = {path: path.read_bytes() for path in desk.store.rglob("*") if path.is_file()}
    mark = last_request(emulator)

    run = desk.run()

    assert run.code == 0
    assert run.stats["contoso"]["changed"] == 0
    assert run.stats["contoso"]["failures"] == 0
    assert run.tenant("contoso")["changed"] == []
    assert writes(emulator, contoso, mark) == []
    assert emulator.snapshot(contoso) == before
    assert {path: path.read_bytes() for path in desk.store.rglob("*") if path.is_file()} == files


def test_check_mode_writes_nothing_and_promises_what_the_real_run_does(
    desk: Desk, contoso: str, emulator: Emulator
) -> None:
    before = emulator.snapshot(contoso)
    promise = desk.run(ONBOARD, "--check", "--diff")

    assert promise.code == 0, promise.output
    assert writes(emulator, contoso) == []
    assert emulator.snapshot(contoso) == before
    assert not desk.store.exists()
    assert promise.tenant("contoso")["state"] == "changes_pending"

    real = desk.run()

    assert real.changes("contoso") == promise.changes("contoso")
    assert real.tenant("contoso")["changed"] == promise.tenant("contoso")["changed"]


def test_the_hand_off_holds_the_seven_fields_that_work(desk: Desk, contoso: str, emulator: Emulator) -> None:
    assert desk.run().code == 0
    applications = Witness(emulator, contoso).applications
    secrets = set(emulator.issued()["secrets"])

    fields = yaml.safe_load(desk.view(desk.store / "handoff" / "contoso.yml"))

    assert list(fields) == [
        "tenant_id",
        "client_id",
        "secret",
        "mail_tenant_id",
        "mail_client_id",
        "mail_client_secret",
        "sender_from_address",
    ]
    assert fields["tenant_id"] == fields["mail_tenant_id"] == contoso
    assert fields["client_id"] == applications["Totalview Calendar Synchronization"]["appId"]
    assert fields["mail_client_id"] == applications["Totalview E-Mail Sending"]["appId"]
    assert {fields["secret"], fields["mail_client_secret"]} <= secrets
    assert fields["secret"] != fields["mail_client_secret"]
    assert fields["sender_from_address"] == "totalview@example.com"


def test_the_store_is_one_encrypted_file_per_tenant(desk: Desk, contoso: str) -> None:
    assert desk.run().code == 0

    store, handoff = desk.store / f"{contoso}.json", desk.store / "handoff" / "contoso.yml"
    locks = desk.store / ".locks"
    assert sorted(path for path in desk.store.rglob("*") if path.is_file()) == sorted([store, handoff, locks])
    assert locks.stat().st_size == 0
    for path in (store, handoff):
        assert path.read_bytes().startswith(b"$ANSIBLE_VAULT;")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.store.stat().st_mode) == 0o700
    assert set(json.loads(desk.view(store))["secrets"]) == {CALENDAR, MAIL}


def test_a_tenant_may_be_named_by_its_domain(desk: Desk, contoso: str, emulator: Emulator) -> None:
    desk.hosts["contoso"]["connector_tenant_id"] = f"T{contoso[:8]}.OnMicrosoft.com"

    run = desk.run()

    assert run.code == 0, run.output
    assert (desk.store / f"{contoso}.json").exists()
    Witness(emulator, contoso).assert_as_totalview_asks()


def test_one_sign_in_for_each_audience_serves_the_whole_run(desk: Desk, contoso: str, emulator: Emulator) -> None:
    assert desk.run().code == 0

    calendar, mail = Witness(emulator, contoso).applications.values()
    assert sorted((row["appid"], row["aud"]) for row in access_tokens(emulator, contoso)) == sorted(
        [
            (CLIENT_ID, "https://graph.microsoft.com"),
            (CLIENT_ID, "https://outlook.office365.com"),
            (calendar["appId"], "https://graph.microsoft.com"),
            (mail["appId"], "https://graph.microsoft.com"),
        ]
    )


def test_every_name_is_a_variable(desk: Desk, contoso: str, emulator: Emulator) -> None:
    desk.hosts["contoso"].update(
        connector_prefix="acme",
        connector_calendar_display_name="Acme Kalender",
        connector_calendar_permissions=["Calendars.Read"],
        connector_calendar_tags=["acme", "kalender"],
        connector_mail_unique_name="acme-post",
        connector_notes="Frag Acme.",
        connector_secret_valid_for="90d",
        connector_secret_owner="acme",
        connector_handoff_name="kunde-1",
    )

    run = desk.run()

    assert run.code == 0, run.output
    by_key = {row["uniqueName"]: row for row in emulator.snapshot(contoso)["applications"]}
    calendar = by_key["acme-calendar"]
    assert calendar["displayName"] == "Acme Kalender"
    assert sorted(calendar["tags"]) == ["acme", "kalender"]
    assert calendar["notes"] == "Frag Acme."
    assert Witness(emulator, contoso).granted(calendar) == {"Calendars.Read"}
    assert calendar["passwordCredentials"][0]["displayName"].startswith("totalview-exchange365/acme/")
    assert by_key["acme-post"]["displayName"] == "Totalview E-Mail Sending"
    assert (desk.store / "handoff" / "kunde-1.yml").exists()


@pytest.mark.usefixtures("contoso")
def test_the_automation_may_sign_in_from_the_environment(desk: Desk) -> None:
    desk.variables.update(connector_auth_client_id=None, connector_auth_client_secret=None)

    run = desk.run(environment={"AZURE_CLIENT_ID": CLIENT_ID, "AZURE_CLIENT_SECRET": CLIENT_SECRET})

    assert run.code == 0, run.output


def test_a_failing_tenant_does_not_stop_the_others(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    good, bad, waiting = tenants.make(), tenants.make(), tenants.make(roles=(*ROLES[:2], "Directory.Read.All"))
    desk.hosts = {
        "bad": {"connector_tenant_id": bad, "connector_auth_client_secret": "wrong"},
        "good": {"connector_tenant_id": good},
        "waiting": {"connector_tenant_id": waiting},
    }

    run = desk.run()

    assert run.code != 0
    assert {host: run.tenant(host)["state"] for host in desk.hosts} == {
        "bad": "failed",
        "good": "complete",
        "waiting": "waiting_for_consent",
    }
    assert run.stats["bad"]["failures"] == 1
    assert run.stats["good"]["failures"] == run.stats["waiting"]["failures"] == 0
    table = run.results("bad", "Tenants")[0]["lines"]
    assert [line.split()[0] for line in table[:-1]] == ["TENANT", "bad", "waiting", "good"]
    assert "AADSTS7000215" in table[1]
    assert writes(emulator, bad) == []


def test_batches_change_nothing_but_the_order(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """A batch whose tenants have all failed, a good one after it, and one table of all."""
    ids = {host: tenants.make() for host in ("a-bad", "b-bad", "c-good", "d-bad", "e-good")}
    desk.hosts = {host: {"connector_tenant_id": tenant} for host, tenant in ids.items()}
    for host in desk.hosts:
        if host.endswith("bad"):
            desk.hosts[host]["connector_auth_client_secret"] = "wrong"

    run = desk.run(ONBOARD, "--extra-vars", "connector_batch_size=2")

    assert run.code != 0
    assert "Unknown variable" not in run.output
    assert {host: run.stats[host]["failures"] for host in ids} == {host: int(host.endswith("bad")) for host in ids}
    [table] = run.results("a-bad", "Tenants")
    assert [line.split()[:2] for line in table["lines"][:-1]] == [
        ["TENANT", "STATE"],
        ["a-bad", "failed"],
        ["b-bad", "failed"],
        ["d-bad", "failed"],
        ["c-good", "complete"],
        ["e-good", "complete"],
    ]
    order = list(dict.fromkeys(entry["tenant"] for entry in emulator.requests() if entry["tenant"] in ids.values()))
    assert {*order[:2]} == {ids["a-bad"], ids["b-bad"]}
    assert {*order[2:4]} == {ids["c-good"], ids["d-bad"]}
    for host in ("c-good", "e-good"):
        Witness(emulator, ids[host]).assert_as_totalview_asks()


def test_a_second_host_for_a_tenant_is_refused_in_a_later_batch_too(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    shared = tenants.make()
    desk.hosts = {host: {"connector_tenant_id": shared} for host in ("one", "two")}

    run = desk.run(ONBOARD, "--extra-vars", "connector_batch_size=1")

    assert run.code != 0
    assert run.tenant("one")["state"] == "complete"
    assert "belongs to several hosts: one, two" in run.tenant("two")["next"]
    Witness(emulator, shared).assert_as_totalview_asks()


def test_a_playbook_of_ones_own_ends_with_the_summary(desk: Desk, tenants: Tenants) -> None:
    desk.hosts = {
        "bad": {"connector_tenant_id": tenants.make(), "connector_auth_client_secret": "wrong"},
        "good": {"connector_tenant_id": tenants.make()},
        "elsewhere": {},
    }
    role = {"name": "totalview.exchange365.connector"}
    block = {
        "block": [
            {"name": "Onboard", "ansible.builtin.import_role": role},
            {
                "name": "Close the ticket",
                "ansible.builtin.debug": {"msg": "{{ connector_result.tenant }} is {{ connector_result.state }}"},
            },
        ],
        "rescue": [{"name": "Keep", "ansible.builtin.import_role": {**role, "tasks_from": "failed"}}],
    }
    plays: list[dict[str, Any]] = [
        {"hosts": "bad:good", "gather_facts": False, "tasks": [block]},
        {"name": "Sum up", "ansible.builtin.import_playbook": "totalview.exchange365.summary"},
    ]

    run = desk.run(plays)

    assert run.code != 0
    assert run.results("good", "Close the ticket")[0]["msg"] == "good is complete"
    assert run.results("bad", "Close the ticket") == []
    table = next(item["lines"][:-1] for host in desk.hosts for item in run.results(host, "Tenants"))
    assert [line.split()[:2] for line in table] == [["TENANT", "STATE"], ["bad", "failed"], ["good", "complete"]]
    assert {host: run.stats[host]["failures"] for host in ("bad", "good")} == {"bad": 1, "good": 0}
