# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody gives the sender's address to a mailbox of theirs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.administrator import MAIL
from integration.operator_desk import SENDER, Desk
from integration.tenants import Tenants
from integration.witness import writes

ALIAS, ANN = "post@example.com", "ann@example.com"


def _gives(emulator: Emulator, tenant: str, *, to: str) -> str:
    """The GUID of the mailbox that has the address then."""
    for address in (SENDER, ANN):
        more = [f"smtp:{ALIAS}"] if address == to else []
        if not more:
            emulator.exchange(tenant, "Set-Mailbox", Identity=address, EmailAddresses=[f"SMTP:{address}"])
    emulator.exchange(tenant, "Set-Mailbox", Identity=to, EmailAddresses=[f"SMTP:{to}", f"smtp:{ALIAS}"])
    [row] = emulator.exchange(tenant, "Get-Recipient", Identity=ALIAS)
    return str(row["Guid"])


def _members(emulator: Emulator, tenant: str) -> set[str]:
    rows = emulator.exchange(tenant, "Get-DistributionGroupMember", Identity="totalviewtimesendemail")
    return {str(row["PrimarySmtpAddress"]) for row in rows}


@pytest.mark.parametrize("mode", ["access_policy", "rbac"])
def test_another_mailbox_behind_the_senders_address_is_nobodys_until_it_is_decided(
    desk: Desk, tenants: Tenants, emulator: Emulator, mode: str
) -> None:
    tenant = tenants.make()
    ours = _gives(emulator, tenant, to=SENDER)
    desk.variables |= {"connector_mail_sender": ALIAS, "connector_mail_restriction": mode}
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}}
    assert desk.run().tenant("contoso")["state"] == "complete"
    theirs = _gives(emulator, tenant, to=ANN)
    mark = emulator.last_request()

    run, checked = desk.run(), desk.run("totalview.exchange365.onboard", "--check")

    for refused in (run, checked):
        told = refused.tenant("contoso")["next"]
        assert all(word in told for word in (ALIAS, ANN, ours, theirs, "connector_mail_adopt_sender")), told
    assert writes(emulator, tenant, mark) == []
    assert _members(emulator, tenant) == {SENDER}
    audited = desk.run("totalview.exchange365.audit", "-e", "connector_fail_on=high")
    assert "sender-replaced" in _kinds(audited.rows)

    desk.variables["connector_mail_adopt_sender"] = ours  # is what it was before, and decides nothing
    assert desk.run().tenant("contoso")["state"] == "failed"
    assert _members(emulator, tenant) == {SENDER}

    desk.variables["connector_mail_adopt_sender"] = theirs.upper()
    assert desk.run().tenant("contoso")["state"] == "complete"
    assert _members(emulator, tenant) == {ANN}

    _gives(emulator, tenant, to=SENDER)  # and the decision of before is none on this
    assert "connector_mail_adopt_sender" in desk.run().tenant("contoso")["next"]
    assert _members(emulator, tenant) == {ANN}


def _kinds(rows: list[dict[str, Any]]) -> set[str]:
    found = [row["result"].get("audit") or {} for row in rows if "result" in row]
    return {entry["kind"] for audit in found for entry in audit.get("findings", ())}


def test_a_store_of_before_takes_the_mailbox_that_is_there_and_writes_nothing_in_the_tenant(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make()
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}}
    assert desk.run().tenant("contoso")["state"] == "complete"
    [file] = desk.store.glob("*.json")
    noted = json.loads(desk.view(file))
    senders = noted.pop("senders")
    desk.write_encrypted(str(file), json.dumps(noted))
    mark = emulator.last_request()

    run = desk.run()

    result = run.tenant("contoso")
    assert (result["state"], result["changed"]) == ("complete", [])
    assert writes(emulator, tenant, mark) == []
    [row] = emulator.exchange(tenant, "Get-Recipient", Identity=SENDER)
    assert senders == {MAIL: {"address": SENDER, "guid": row["Guid"]}}
    assert json.loads(desk.view(file))["senders"] == senders
