# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The community's command line for Microsoft 365 does the vendor's guide and uses it; the role takes it over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clients.client import Client
from clients.guide import CALENDAR_NAME, MAIL_NAME, PERSON, RECIPIENT, Guide
from integration.operator_desk import SENDER

GRAPH_URL = "https://graph.microsoft.com"


def test_what_m365_made_and_uses_is_taken_over(client: Callable[[str], Client], guide: Guide) -> None:
    def m365(*arguments: str) -> Any:
        return client("cli-microsoft365").call("m365", *arguments, "--output", "json")

    def sign_in(client_id: str, secret: str) -> None:
        m365("login", "--authType", "secret", "--appId", client_id, "--secret", secret, "--tenant", guide.tenant)

    def send(sender: str) -> None:
        m365(
            "outlook", "mail", "send", "--sender", sender, "--to", RECIPIENT, "--subject", "Hi", "--bodyContents", "Hi"
        )

    m365("cli", "config", "set", "--key", "disableTelemetry", "--value", "true")
    sign_in(guide.administrator["client_id"], guide.administrator["secret"])
    made = {}
    for registration in guide.registrations:
        name, roles = registration["display_name"], registration["permissions"]
        wanted = ",".join(f"{GRAPH_URL}/{role}" for role in roles)
        consent = ("--apisApplication", wanted, "--grantAdminConsent", "--withSecret")
        app = m365("entra", "app", "add", "--name", name, *consent)
        granted = m365("entra", "approleassignment", "list", "--appId", app["appId"])
        assert sorted(row["roleName"] for row in granted) == roles
        [credential] = m365("entra", "app", "get", "--appId", app["appId"])["passwordCredentials"]
        secret = app["secrets"][0]["value"]
        made[name] = {"client_id": app["appId"], "secret": secret, "key_id": credential["keyId"]}

    guide.assert_followed()
    sign_in(made[CALENDAR_NAME]["client_id"], made[CALENDAR_NAME]["secret"])
    zone = ("--timeZone", "Romance Standard Time")
    events = m365("outlook", "event", "list", "--userName", PERSON, *zone)
    assert [event["subject"] for event in events] == [f"Meeting {number}" for number in range(1, 13)]
    assert {event["start"]["dateTime"][11:] for event in events} <= {"10:00:00.0000000", "11:00:00.0000000"}

    guide.hand_over(made)

    sign_in(made[MAIL_NAME]["client_id"], made[MAIL_NAME]["secret"])
    send(SENDER)
    with pytest.raises(AssertionError, match="Blocked by tenant configured AppOnly AccessPolicy"):
        send(PERSON)
    guide.assert_sent(made, SENDER)
