# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages for those who have something to do for a tenant: left while it waits for them, gone when it does not."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
import requests

from emulator.launch import Emulator
from integration.operator_desk import Desk, Run
from integration.tenants import ROLES, Tenants

DAY = 86400
WITHOUT_CONSENT = tuple(role for role in ROLES if role != "AppRoleAssignment.ReadWrite.All")


@pytest.fixture
def clerk(desk: Desk, clock: Emulator) -> Desk:
    """Whose automation may not consent."""
    clerk = Desk(desk.folder, desk.temporary, desk.leg, clock.url, clock.ca_file)
    clerk.hosts = {"contoso": {"connector_tenant_id": Tenants(clock).make(roles=WITHOUT_CONSENT)}}
    clerk.variables = {
        "connector_messages_folder": "messages",
        "connector_messages_from": "Drift på Øst <operations@example.com>",
        "connector_messages_language": "da",
        "connector_messages_consent_to": ["ann@contoso.example"],
        "connector_report": False,
    }
    return clerk


def files(clerk: Desk) -> list[str]:
    return sorted(path.name for path in (clerk.folder / "messages").iterdir())


def text(clerk: Desk, name: str) -> str:
    return (clerk.folder / "messages" / name).read_text()


def accept(clock: Emulator, links: list[str]) -> None:
    for link in links:
        requests.post(link, data={"decision": "accept"}, verify=clock.ca_file, timeout=30)


def links(run: Run) -> list[str]:
    return [row["link"] for row in run.results("contoso", "Admin consent") if row.get("link")]


def secrets(clerk: Desk) -> list[str]:
    stored = clerk.view(next(clerk.store.glob("*.json")))
    return [line.split('"')[3] for line in stored.splitlines() if '"value"' in line]


def left_with(clerk: Desk, secret: str) -> list[Path]:
    return [path for path in (clerk.folder / "messages").iterdir() if secret in path.read_text()]


def test_from_the_question_for_consent_to_the_delivery(clerk: Desk, clock: Emulator) -> None:
    checked = clerk.run("totalview.exchange365.onboard", "--check")
    assert checked.code == 0, checked.output
    assert not (clerk.folder / "messages").exists()

    asked = clerk.run()

    assert asked.code == 0, asked.output
    assert files(clerk) == ["contoso.consent.eml", "contoso.consent.txt"]
    mail = message_from_bytes((clerk.folder / "messages" / "contoso.consent.eml").read_bytes(), policy=SMTP)
    assert mail["To"] == "ann@contoso.example"
    assert mail["Subject"].startswith("Totalview beder om administratorsamtykke i contoso, senest ")
    told = text(clerk, "contoso.consent.txt")
    assert len(links(asked)) == 2
    assert all(link in told for link in links(asked))
    assert "Calendars.ReadWrite (application)" in told
    assert "waiting for" not in asked.tenant("contoso")["next"]

    clock.advance_clock(3 * DAY)
    waited = clerk.run()

    assert waited.stats["contoso"]["changed"] == 0
    assert "(waiting for 3 days)" in waited.tenant("contoso")["next"]
    assert text(clerk, "contoso.consent.txt") == told

    # What looks at secrets only takes nothing of this away.
    assert clerk.run("totalview.exchange365.rotate").code == 0
    assert text(clerk, "contoso.consent.txt") == told

    accept(clock, links(asked))
    complete = clerk.run()

    assert complete.tenant("contoso")["state"] == "complete", complete.output
    assert files(clerk) == ["contoso.delivery.eml", "contoso.delivery.txt"]
    told = text(clerk, "contoso.delivery.txt")
    keys = [entry["key_id"] for entry in complete.tenant("contoso")["type_in"]]
    assert f"connector_delivered={','.join(keys)}" in told
    assert str(clerk.store / "handoff" / "contoso.yml") in told
    assert len(secrets(clerk)) == 2
    assert not [path for secret in secrets(clerk) for path in left_with(clerk, secret)]

    # As long as nobody says that they are typed in.
    assert clerk.run().stats["contoso"]["changed"] == 0
    assert text(clerk, "contoso.delivery.txt") == told

    delivered = clerk.run("totalview.exchange365.delivered", "-e", f"connector_delivered={','.join(keys)}")

    assert delivered.code == 0, delivered.output
    assert files(clerk) == []


def test_a_question_is_void_when_what_is_asked_for_has_changed(clerk: Desk, clock: Emulator) -> None:
    clerk.run()
    clock.advance_clock(3 * DAY)
    clerk.variables["connector_mail_permissions"] = ["Mail.Send", "User.Read.All"]

    again = clerk.run()

    assert again.tenant("contoso")["state"] == "waiting_for_consent", again.output
    assert "Mail.Send (application)\n                User.Read.All (application)" in text(clerk, "contoso.consent.txt")
    [calendar, mail] = again.results("contoso", "Admin consent")
    assert (calendar["waiting_days"], mail["waiting_days"]) == (3, 0)

    disabled = clerk.run("totalview.exchange365.disable", "-e", "connector_switch=both connector_switched_by=me")
    assert disabled.code == 0, disabled.output
    assert files(clerk) == []


def test_without_a_sender_the_operator_is_told(clerk: Desk) -> None:
    del clerk.variables["connector_messages_from"]

    run = clerk.run("totalview.exchange365.preflight")

    assert run.code != 0
    assert "connector_messages_folder needs connector_messages_from" in run.output
