# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever somebody calls a thing in a tenant, it writes no line of its own on the operator's terminal."""

from __future__ import annotations

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL, Administrator
from integration.operator_desk import Desk
from integration.tenants import ROLES, Tenants

FORGED = "X\x1b[2J\r\nfatal: [other]: FORGED"


def test_names_are_shown_with_control_characters_written_out(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """The name of an application, of a secret, of an owner and of the application that took our key."""
    taken, known = tenants.make(roles=ROLES), tenants.make(roles=ROLES)
    stranger = Administrator(emulator, taken)
    made = stranger.call("POST", "/applications", {"displayName": FORGED})
    stranger.call("PATCH", f"/applications/{made['id']}", {"uniqueName": CALENDAR})
    desk.hosts = {"taken": {"connector_tenant_id": taken}, "known": {"connector_tenant_id": known}}
    first = desk.run()
    assert first.tenant("known")["state"] == "complete"
    owner = Administrator(emulator, known)
    mail = owner.application(MAIL)
    owner.call("POST", f"/applications/{mail['id']}/addPassword", {"passwordCredential": {"displayName": FORGED}})
    other = owner.call("POST", "/applications", {"displayName": FORGED})
    principal = owner.call("POST", "/servicePrincipals", {"appId": other["appId"]})
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{principal['id']}"}
    owner.call("POST", f"/applications/{mail['id']}/owners/$ref", reference)
    owner.change(CALENDAR, displayName=FORGED)

    second = desk.run("totalview.exchange365.onboard", "--check", "--diff", "-v")

    for run in (first, second):
        assert "FORGED" in run.output
        assert "\x1b" not in run.output
        assert not [line for line in run.output.splitlines() if line.startswith("fatal: [other]")]
