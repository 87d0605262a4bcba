# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mailboxes the registrations could reach, at every moment of a tenant's life, as the emulator wrote it down."""

from __future__ import annotations

from typing import Any

from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL
from integration.operator_desk import SENDER

ANN = "ann@example.com"
#: Nobody ever puts this one inside.
BOSS = "boss@example.com"
#: A tenant of these tests has these mailboxes and no other.
EVERYBODY = {SENDER, ANN, BOSS}
USERS = [{"upn": upn, "display_name": upn.partition("@")[0].title(), "mailbox": True} for upn in sorted(EVERYBODY)]

Json = dict[str, Any]


def reach_now(emulator: Emulator, tenant: str) -> dict[str, set[str]]:
    """By unique name: the mailboxes that each of our registrations is configured to reach."""
    latest = {(row["app_id"], row["permission"]): set(row["configured"]) for row in emulator.reach(tenant)}
    # By id: an adopted registration got its unique name late.
    ids = {row["uniqueName"]: row["appId"] for row in emulator.snapshot(tenant)["applications"]}
    return {
        name: latest.get((ids[name], "calendar"), set()) | latest.get((ids[name], "mail"), set())
        for name in (CALENDAR, MAIL)
    }


def assert_never_beyond(emulator: Emulator, tenant: str, inside: dict[str, set[str]], *, enforced_after: int) -> None:
    """At no moment a registration is configured to reach more; after that request it does not reach more either."""
    for row in _ours(emulator, tenant):
        assert set(row["configured"]) <= inside[row["unique_name"]], row
        if row["number"] > enforced_after:
            assert set(row["enforced"]) <= inside[row["unique_name"]], row


def assert_never_shut_out(emulator: Emulator, tenant: str, inside: dict[str, set[str]], *, after: int) -> None:
    """From then on the registration reaches what it is for, by configuration and by what is enforced."""
    wanted = {CALENDAR: "calendar", MAIL: "mail"}
    for row in _ours(emulator, tenant):
        if row["number"] > after and row["permission"] == wanted[row["unique_name"]]:
            assert set(row["configured"]) >= inside[row["unique_name"]], row
            assert set(row["enforced"]) >= inside[row["unique_name"]], row


def _ours(emulator: Emulator, tenant: str) -> list[Json]:
    rows = [row for row in emulator.reach(tenant) if row["unique_name"] in (CALENDAR, MAIL)]
    assert rows, "an empty record proves nothing"
    return rows
