# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each bad input gets a clear error, on its own tenant only, before anything is written."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.operator_desk import Desk
from integration.tenants import Tenants
from integration.witness import writes

pytestmark = pytest.mark.every_core

UNKNOWN_TENANT = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
UNKNOWN_APPLICATION = "3f333df6-90a4-4fda-8dd3-9485d27cee36"

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "vendor's name of a permission": ({"connector_mail_permissions": ["Email.Send"]}, ["Email.Send", "Mail.Send"]),
    "older vendor's name": ({"connector_mail_permissions": ["Send.Mail"]}, ["Send.Mail", "Mail.Send"]),
    "delegated only": (
        {"connector_calendar_permissions": ["User.Read"]},
        ["delegated permission only", "User.Read.All"],
    ),
    "tenant is a plain word": ({"connector_tenant_id": "contoso"}, ["contoso", "neither a directory id"]),
    "tenant escapes": ({"connector_tenant_id": "../x"}, ["../x", "neither a directory id"]),
    "no tenant": ({"connector_tenant_id": None}, ["connector_tenant_id"]),
    "unknown tenant": (
        {"connector_tenant_id": UNKNOWN_TENANT},
        ["AADSTS90002", "not found", "Check connector_tenant_id"],
    ),
    "wrong secret": ({"connector_auth_client_secret": "nope"}, ["AADSTS7000215", "value (not its id)"]),
    "unknown application": ({"connector_auth_client_id": UNKNOWN_APPLICATION}, ["AADSTS700016", "auth_client_id"]),
    "no credential": (
        {"connector_auth_client_id": "{{ omit }}", "connector_auth_client_secret": "{{ omit }}"},
        ["No credential to sign in with", "AZURE_CLIENT_SECRET"],
    ),
    "no certificate file": (
        {"connector_auth_certificate_path": "/nowhere/x.pem", "connector_auth_client_secret": "{{ omit }}"},
        ["/nowhere/x.pem", "cannot be read"],
    ),
    "calendars that send": (
        {"connector_calendar_permissions": ["Calendars.Read", "Mail.Send"]},
        ["send e-mail as every employee", "connector_calendar_allow_every_mailbox"],
    ),
    "calendars that read e-mail by rules": (
        {"connector_calendar_permissions": ["MailboxSettings.ReadWrite"]},
        ["read the e-mail of every employee", "connector_calendar_allow_every_mailbox"],
    ),
    "more than a policy confines": (
        {"connector_mail_permissions": ["Mail.Send", "Files.Read.All"]},
        ["no restriction of mailboxes confines Files.Read.All", "connector_mail_unconfined_permissions"],
    ),
    "more than roles confine": (
        {"connector_mail_permissions": ["Mail.ReadBasic.All"], "connector_mail_restriction": "rbac"},
        ["no restriction of mailboxes confines Mail.ReadBasic.All", "connector_mail_unconfined_permissions"],
    ),
    "misspelt variable": (
        {"connector_mail_sendr": "x"},
        ["connector_mail_sendr", "did you mean connector_mail_sender?"],
    ),
    "hand-off escapes": ({"connector_handoff_name": "../x"}, ["../x", "cannot be a name", "connector_handoff_name"]),
    "one key for both": (
        {"connector_mail_unique_name": "ours", "connector_calendar_unique_name": "ours"},
        ["connector_calendar_unique_name and connector_mail_unique_name are the same (ours)"],
    ),
    "one group for both": (
        {"connector_calendar_group": "ours", "connector_mail_group": "Ours", "connector_calendar_members": ["a@b.c"]},
        ["connector_calendar_group and connector_mail_group are one group", "ours and Ours", "give each its own"],
    ),
    "one alias for both": (
        {"connector_calendar_group": "a b", "connector_mail_group": "a-b", "connector_calendar_members": ["a@b.c"]},
        ["connector_calendar_group and connector_mail_group are one group", "a b and a-b"],
    ),
    "sender is no address": ({"connector_mail_sender": "totalview"}, ["totalview", "no e-mail address"]),
    "plain http": ({"connector_graph_url": "http://127.0.0.1"}, ["http://127.0.0.1", "https://host"]),
    "nobody listens": ({"connector_authority_url": "https://127.0.0.1:1"}, ["No answer from https://127.0.0.1:1"]),
    "another Graph": (
        {"connector_graph_url": "https://127.0.0.1:1"},
        ["AADSTS500011", "Check connector_graph_url and connector_cloud"],
    ),
    "unknown certificate": ({"connector_ca_path": "{{ omit }}"}, ["certificate", "not accepted", "ca_path"]),
    "no such CA file": ({"connector_ca_path": "/nowhere/ca.pem"}, ["/nowhere/ca.pem"]),
    "store is a file": ({"connector_store_folder": "/etc/hostname"}, ["/etc/hostname"]),
    "unknown owner form": ({"connector_secret_owner": "a/b"}, ["a/b"]),
    "unknown vault id": ({"connector_vault_id": "prod"}, ["vault id 'prod'", "--vault-id"]),
}


def test_bad_input_is_told_clearly_before_anything_is_written(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """One run over one host for each case, and a good one among them."""
    ids = {case: tenants.make() for case in [*CASES, "good"]}
    names = {case: case.replace(" ", "-").replace("'", "") for case in ids}
    for case, tenant in ids.items():
        variables = {"connector_tenant_id": tenant, **CASES.get(case, ({}, []))[0]}
        desk.hosts[names[case]] = {name: value for name, value in variables.items() if value is not None}

    run = desk.run()

    assert run.code != 0
    assert run.tenant(names["good"])["state"] == "complete", run.output
    for case, (_variables, words) in CASES.items():
        result = run.tenant(names[case])
        assert result["state"] == "failed", case
        assert all(word in result["next"] for word in words), f"{case}: {result['next']}"
        assert writes(emulator, ids[case]) == [], case
    assert "Traceback" not in run.output


def test_an_error_names_tenant_and_request(desk: Desk, tenants: Tenants) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_auth_client_secret": "nope"}

    run = desk.run()

    failure = run.results("contoso", "Sign in")[0]["failure"]
    assert failure["tenant"] == tenant
    assert failure["code"] == "AADSTS7000215"
    assert str(uuid.UUID(failure["request_id"])) == failure["request_id"]
    assert str(uuid.UUID(failure["client_request_id"])) == failure["client_request_id"]
    message = run.tenant("contoso")["next"]
    assert tenant in message
    assert failure["request_id"] in message


def test_an_expired_secret_is_told_from_a_wrong_one(desk: Desk, tenants: Tenants) -> None:
    desk.hosts["contoso"] = {"connector_tenant_id": tenants.make(automation={"secret_expired": True})}

    assert "AADSTS7000222: the client secret has expired" in desk.run().tenant("contoso")["next"]


def test_without_a_vault_password_nothing_is_done(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}

    run = desk.run(vault=False)

    assert run.code != 0
    assert "no vault password" in run.tenant("contoso")["next"]
    assert "--ask-vault-pass" in run.tenant("contoso")["next"]
    assert writes(emulator, tenant) == []
    assert not desk.store.exists()


def test_another_vault_password_does_not_open_the_store(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().code == 0
    before = emulator.snapshot(tenant)
    desk.vault_password_file.write_text("another password")

    run = desk.run()

    assert run.code != 0
    assert "cannot be decrypted" in run.tenant("contoso")["next"]
    assert emulator.snapshot(tenant) == before


@pytest.mark.parametrize("spelling", ["by id twice", "by id and by domain"])
def test_two_hosts_for_one_tenant_are_both_refused(
    desk: Desk, tenants: Tenants, emulator: Emulator, spelling: str
) -> None:
    shared, other = tenants.make(), tenants.make()
    second = shared.upper() if spelling == "by id twice" else f"t{shared[:8]}.onmicrosoft.com"
    desk.hosts = {
        "one": {"connector_tenant_id": shared},
        "two": {"connector_tenant_id": second},
        "other": {"connector_tenant_id": other},
    }

    run = desk.run()

    assert run.code != 0
    for host in ("one", "two"):
        assert "belongs to several hosts: one, two" in run.tenant(host)["next"]
    assert writes(emulator, shared) == []
    assert run.tenant("other")["state"] == "complete"


def test_a_second_host_for_a_tenant_is_refused_in_a_later_run_until_it_is_the_first_renamed(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """Else the two would take turns with their wishes, and both would end complete."""
    tenant = tenants.make()
    wishes = {"connector_tenant_id": tenant}
    desk.hosts = {"first": wishes}
    assert desk.run().tenant("first")["state"] == "complete"
    before = emulator.snapshot(tenant)
    other = {**wishes, "connector_mail_sender": "ann@example.com"}

    desk.hosts = {"second": other}
    refused = desk.run()
    desk.hosts = {"second": {**other, "connector_host_renamed": "third"}}
    wrongly_renamed = desk.run()

    for run in (refused, wrongly_renamed):
        assert run.code != 0
        assert "belongs to several hosts: first, second. The store notes first." in run.tenant("second")["next"]
        assert "connector_host_renamed to first" in run.tenant("second")["next"]
    assert emulator.snapshot(tenant) == before

    desk.hosts = {"second": {**wishes, "connector_host_renamed": "first"}}
    renamed = desk.run()
    desk.hosts = {"second": wishes}
    later = desk.run()
    desk.hosts = {"first": wishes}
    old = desk.run()

    assert renamed.tenant("second")["state"] == "complete", renamed.output
    assert later.tenant("second")["state"] == "complete", later.output
    assert "The store notes second." in old.tenant("first")["next"]


def test_two_hosts_with_one_hand_off_file_are_refused(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """In one run before anything is written; in a later one the host that comes second."""
    names = ("one", "two", "other")
    ids = {name: tenants.make() for name in names}
    desk.hosts = {name: {"connector_tenant_id": ids[name], "connector_handoff_name": "shared"} for name in names[:2]}
    desk.hosts["other"] = {"connector_tenant_id": ids["other"]}

    run = desk.run()

    for name in names[:2]:
        assert "shared.yml belongs to several hosts: one, two" in run.tenant(name)["next"]
        assert writes(emulator, ids[name]) == []
    assert run.tenant("other")["state"] == "complete"

    desk.hosts = {"one": {"connector_tenant_id": ids["one"], "connector_handoff_name": "other"}}
    later = desk.run()

    assert f"other.yml is another tenant's ({ids['other']})" in later.tenant("one")["next"]
    assert writes(emulator, ids["one"]) == []


def test_a_missing_right_is_named_with_what_it_is_for(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make(roles=("Application.ReadWrite.OwnedBy",))
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}

    run = desk.run()

    assert run.code != 0
    assert "403 Authorization_RequestDenied" in run.tenant("contoso")["next"]
    assert "request-id" in run.tenant("contoso")["next"]
    assert writes(emulator, tenant) == []
