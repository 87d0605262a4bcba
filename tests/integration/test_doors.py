# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module does the same in the controller's worker process and, delegated, as an ordinary module."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL
from integration.operator_desk import CLIENT_SECRET, SENDER, Desk, Leg, Run
from integration.plays import play, task
from integration.reach_witness import USERS
from integration.tenants import Tenants
from integration.witness import Witness

pytestmark = pytest.mark.every_core

ELSEWHERE = {"ansible_connection": "local"}
#: What differs by nature: ids, times, and what Ansible adds to the results of its modules.
BY_NATURE = {
    "invocation",
    "session",
    "tenant_id",
    "client_id",
    "object_id",
    "service_principal_id",
    "key_id",
    "created",
}
BY_NATURE |= {
    "end",
    "label",
    "file",
    "mail_tenant_id",
    "mail_client_id",
    "link",
    "tenant_display_name",
    "request_id",
    "client_request_id",
    "tenant",
    "fingerprint",
    "since",
    "try_again_at",
    "proven_at",
}

#: Parts of the identities of access policies.
OWN_IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|S-1-5-21[-0-9]+")


def _steps(folder: Path) -> list[dict[str, Any]]:
    store = {"folder": str(folder / "secrets"), "vault_password_file": str(folder / "vault-password")}
    handoff = {"folder": str(folder / "handoff"), "name": "contoso", "sender": "totalview@example.com"}
    permissions = [{"application": ["Calendars.Read"], "delegated": ["User.Read"]}]
    names = {CALENDAR: "Totalview Calendar Synchronization", MAIL: "Totalview E-Mail Sending"}
    made = [task("azure_app_registration", unique_name=key, display_name=name) for key, name in names.items()]
    secrets = [task("client_secret", unique_name=key, store=store, owner="acme") for key in names]
    made = [{**step, "register": f"registered_{number}"} for number, step in enumerate(made)]
    located = {"unique_name": MAIL, "client_id": "{{ registered_1.registration.client_id }}"}
    key = {**located, "group": "Senders", "store": store}
    restriction = task("mailbox_restriction", **key, permissions=["Calendars.Read"], members=[SENDER], sender=SENDER)
    nobody = {**key, "members": []}
    proof = {**key, "permissions": ["Calendars.Read"], "mode": "access_policy", "mailbox": SENDER}
    return [
        task("tenant_login"),
        *made,
        made[0],
        task("azure_app_registration_info", display_name=names[MAIL]),
        task("graph_permission", unique_name=MAIL, permissions=permissions),
        task("admin_consent", **located),
        *secrets,
        secrets[0],
        restriction,
        restriction,
        *(task("connector_proof", **proof, **more) for more in ({"pending": True}, {"fingerprint": "of-this"}, {})),
        {**task("connector_proof", **proof, fingerprint="another", again=True), "check_mode": True},
        {**task("connector_proof", **{**proof, "permissions": ["Mail.Send"]}, fingerprint="x"), "ignore_errors": True},
        {**task("mailbox_restriction", **nobody), "ignore_errors": True},
        task("connector_handoff", store=store, calendar=CALENDAR, mail=MAIL, **handoff),
        {
            **task("graph_permission", unique_name=MAIL, permissions=[{"application": ["Email.Send"]}]),
            "ignore_errors": True,
        },
        task("mailbox_restriction", **key, state="absent"),
        task("azure_app_registration", unique_name=MAIL, state="absent"),
    ]


def test_both_doors_give_the_same_results_and_the_same_tenant(
    desk: Desk, tenants: Tenants, emulator: Emulator, tmp_path: Path
) -> None:
    here, there = tenants.make(users=USERS), tenants.make(users=USERS)
    results = {}
    for door, tenant in (("here", here), ("there", there)):
        clerk = Desk(tmp_path / door, desk.temporary, desk.leg, desk.emulator_url, desk.ca_file)
        clerk.folder.mkdir()
        clerk.hosts = {"contoso": {"connector_tenant_id": tenant}, "elsewhere": ELSEWHERE}
        assert clerk.vault_password_file.exists()
        steps = [step | ({"delegate_to": "elsewhere"} if door == "there" else {}) for step in _steps(clerk.folder)]
        run = clerk.run(play(*steps), "--diff")
        assert run.code == 0, run.output
        results[door] = _comparable(run)

    assert results["there"] == results["here"]
    assert _shape(Witness(emulator, there)) == _shape(Witness(emulator, here))


def test_a_delegated_task_really_runs_as_a_module(desk: Desk, tenants: Tenants) -> None:
    desk.hosts = {"contoso": {"connector_tenant_id": tenants.make()}, "elsewhere": ELSEWHERE}

    run = desk.run(play(task("tenant_login"), {**task("tenant_login"), "delegate_to": "elsewhere"}), "-vvv")

    assert run.code == 0, run.output
    in_worker, as_module = run.results("contoso", "tenant_login")
    assert "session" in in_worker
    assert "session" not in as_module, "a session must not travel through another machine's output"
    assert run.output.count("Using module file") == 1, "the other task started no module"


def _role_play(**block: Any) -> list[dict[str, Any]]:
    onboard = {"name": "Onboard", "ansible.builtin.import_role": {"name": "totalview.exchange365.connector"}}
    return [{"hosts": "contoso", "gather_facts": False, "tasks": [{"block": [onboard], **block}]}]


def test_the_role_works_as_well_on_another_machine_which_shows_no_secret(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make(users=USERS)
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}, "elsewhere": ELSEWHERE}
    environment = {"ANSIBLE_VAULT_PASSWORD_FILE": str(desk.vault_password_file)}
    delegated = _role_play(delegate_to="elsewhere")

    run = desk.run(delegated, "-vvvv", environment=environment)

    assert run.code == 0, run.output
    assert run.tenant("contoso")["state"] == "complete"
    assert run.output.count("Using module file") == 14, "a process for each task and registration"
    shown = f"{run.output}{json.dumps(run.rows)}"
    issued = emulator.issued()
    assert not [text for text in (CLIENT_SECRET, *issued["secrets"], *issued["tokens"]) if text in shown]
    Witness(emulator, tenant).assert_as_totalview_asks()
    again = desk.run(delegated, environment=environment)
    assert again.stats["contoso"]["changed"] == 0
    assert desk.run("totalview.exchange365.onboard", "--limit", "contoso").stats["contoso"]["changed"] == 0


def test_the_role_may_be_included_while_the_run_lasts(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    play_ = _role_play()
    play_[0]["tasks"] = [{"ansible.builtin.include_role": {"name": "totalview.exchange365.connector"}}]

    run = desk.run(play_)

    assert run.code == 0, run.output
    assert run.tenant("contoso")["state"] == "complete"
    Witness(emulator, tenant).assert_as_totalview_asks()
    assert desk.run(play_).stats["contoso"]["changed"] == 0


def test_no_process_is_started_for_a_task(desk: Desk, tenants: Tenants) -> None:
    # Neither an interpreter nor a connection is needed for a host that is a tenant.
    desk.hosts["contoso"] = {"connector_tenant_id": tenants.make(), "ansible_host": "192.0.2.1"}
    desk.variables["ansible_python_interpreter"] = "/nowhere/python"

    run = desk.run()

    assert run.code == 0, run.output


def test_a_missing_library_is_named(desk: Desk, tenants: Tenants, leg: Leg) -> None:
    desk.hosts["contoso"] = {"connector_tenant_id": tenants.make()}
    hidden = desk.folder / "hidden"
    hidden.mkdir()
    (hidden / "msal.py").write_text("raise ImportError('hidden for this test')\n")

    run = desk.run(environment={"PYTHONPATH": str(hidden)})

    assert run.code != 0
    assert "msal" in run.tenant("contoso")["next"], leg.name
    assert "Traceback" not in run.output


def _comparable(run: Run) -> list[Any]:
    rows = [row for row in run.rows if row.get("action", "").startswith("totalview.")]
    return [(row["action"], row["status"], _stripped(row["result"])) for row in rows]


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {
            name: entry for name, entry in value.items() if name not in BY_NATURE and not name.startswith("_ansible")
        }
        return {name: _stripped(entry) for name, entry in kept.items() if name not in ("msg", "exception", "warnings")}
    if isinstance(value, list):
        return [_stripped(entry) for entry in value]
    return OWN_IDS.sub("", value) if isinstance(value, str) else value


def _shape(witness: Witness) -> Any:
    return {
        name: (row["uniqueName"], witness.declared_ids(row), witness.granted(row), len(row["passwordCredentials"]))
        for name, row in witness.applications.items()
    }
