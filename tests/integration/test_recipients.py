# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes, groups and what else answers to an address: what an organisation of years has of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from emulator.launch import Emulator
from integration.operator_desk import SENDER, Desk
from integration.tenants import Tenants, domain_of
from integration.witness import Witness, writes

Json = dict[str, Any]


def _user(upn: str, **fields: Any) -> Json:
    return {"upn": upn, "display_name": upn, **fields}


PEOPLE = [_user(SENDER), _user("ann@example.com"), _user("boss@example.com")]


def _completes_and_stays(desk: Desk) -> list[str]:
    """What the runs showed: one that onboards, and two that have nothing to do."""
    runs = [desk.run() for _turn in range(3)]
    assert runs[0].code == 0, runs[0].output
    assert runs[0].tenant("contoso")["state"] == "complete", runs[0].tenant("contoso")
    for again in runs[1:]:
        found = again.tenant("contoso")
        assert (found["state"], found["changed"]) == ("complete", []), found
    return [run.output for run in runs]


@pytest.mark.parametrize("refusal", ["MailboxNotEnabledForRESTAPI", "ErrorInvalidUser", "ErrorMailboxMoveInProgress"])
def test_a_mailbox_outside_that_cannot_answer_is_replaced_by_the_next(
    desk: Desk, tenants: Tenants, refusal: str
) -> None:
    users = [_user(SENDER), _user("ann@example.com", rest_refusal=refusal), _user("boss@example.com")]
    desk.hosts["contoso"] = {"connector_tenant_id": tenants.make(users=users)}

    _completes_and_stays(desk)


def test_where_no_mailbox_outside_can_answer_it_is_said_by_name(desk: Desk, tenants: Tenants) -> None:
    users = [_user(SENDER), _user("ann@example.com", rest_refusal="MailboxNotEnabledForRESTAPI")]
    desk.hosts["contoso"] = {"connector_tenant_id": tenants.make(users=users)}

    run = desk.run()

    assert run.tenant("contoso")["state"] == "not_provable"
    assert "ann@example.com" in run.tenant("contoso")["next"]


@pytest.mark.parametrize("number", [11, 120])
def test_mailboxes_of_the_system_that_are_listed_first_do_not_end_the_search(
    desk: Desk, tenants: Tenants, number: int
) -> None:
    tenant = tenants.make(users=PEOPLE, exchange={"system_mailboxes": number})
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}

    _completes_and_stays(desk)


def test_a_date_that_differs_by_seconds_from_server_to_server_is_no_change(desk: Desk, tenants: Tenants) -> None:
    tenant = tenants.make(users=PEOPLE, exchange={"changed_jitter_seconds": 3})
    desk.hosts["contoso"] = {
        "connector_tenant_id": tenant,
        "connector_calendar_restriction": "rbac",
        "connector_calendar_members": ["boss@example.com"],
    }

    _completes_and_stays(desk)


@pytest.mark.parametrize("given", ["upn", "primary", "alias"])
def test_a_sender_by_any_of_its_names_is_found_and_totalview_gets_the_one_that_graph_knows(
    desk: Desk, tenants: Tenants, emulator: Emulator, given: str
) -> None:
    names = {"upn": "mail@example.com", "primary": "office@example.com", "alias": "info@example.com"}
    users = [_user(names["upn"], address=names["primary"], aliases=[names["alias"]]), _user("ann@example.com")]
    tenant = tenants.make(users=users)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "connector_mail_sender": names[given]}

    shown = _completes_and_stays(desk)

    assert 'sender_from_address: "mail@example.com"' in desk.view(desk.store / "handoff" / "contoso.yml")
    told = f"The sender {names[given]} is the mailbox office@example.com"
    for output in shown:
        assert (told in " ".join(output.split())) is (given != "upn")
    (group,) = (row for row in Witness(emulator, tenant).snapshot["exchange"]["recipients"] if "members" in row)
    assert group["members"] == ["office@example.com"]


#: In the place of the sender: who it is, and what is told of it.
CANNOT_SEND = {
    "on_premises": (_user(SENDER, mailbox="on_premises"), "on premises"),
    "guest": (_user(SENDER, mailbox="guest"), "guest"),
    "unlicensed": (_user(SENDER, mailbox=False), "no licence with Exchange Online"),
}
MODES: dict[str, Json] = {
    "access_policy": {},
    "rbac": {"connector_mail_restriction": "rbac"},
    "none": {"connector_mail_restriction": "none", "connector_mail_allow_every_mailbox": True},
}


def test_a_sender_that_cannot_send_is_told_before_anything_is_written(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    expected = {}
    for kind, (user, told) in CANNOT_SEND.items():
        for mode, variables in MODES.items():
            host = f"{kind}-{mode}"
            desk.hosts[host] = {"connector_tenant_id": tenants.make(users=[user, *PEOPLE[1:]]), **variables}
            expected[host] = (SENDER, told)
    partner = "partner@elsewhere.example"
    contact = tenants.make(users=PEOPLE, exchange={"contacts": [partner]})
    desk.hosts["contact"] = {"connector_tenant_id": contact, "connector_mail_sender": partner}
    expected["contact"] = (partner, "contact")
    former = "former@example.com"
    deleted = tenants.make(users=PEOPLE, exchange={"soft_deleted": [former]})
    desk.hosts["deleted"] = {"connector_tenant_id": deleted, "connector_mail_sender": former}
    expected["deleted"] = (former, "its mailbox was deleted")
    nobody = {"connector_tenant_id": tenants.make(users=PEOPLE), "connector_mail_sender": "typo@example.com"}
    desk.hosts["nobody"] = nobody
    expected["nobody"] = ("typo@example.com", "no recipient of this tenant's Exchange Online")

    _all_refused(desk, emulator, expected)


KINDS = {"room_list": "RoomList", "non_universal": "MailNonUniversalGroup", "microsoft365": "GroupMailbox"}


def test_a_member_of_which_nobody_knows_whom_it_lets_in_is_named_with_its_kind(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    expected = {}
    for kind, told in KINDS.items():
        for mode in ("access_policy", "rbac"):
            groups = [{"name": "Rooms", "alias": "rooms", "kind": kind, "members": ["ann@example.com"]}]
            tenant = tenants.make(users=PEOPLE, exchange={"groups": groups})
            address = f"rooms@{domain_of(tenant)}"
            desk.hosts[f"{kind}-{mode}"] = {
                "connector_tenant_id": tenant,
                "connector_calendar_restriction": mode,
                "connector_calendar_members": ["boss@example.com", address],
            }
            expected[f"{kind}-{mode}"] = (f"{address} ({told})",)

    _all_refused(desk, emulator, expected)


def test_a_group_that_cannot_be_made_or_changed_is_told_with_who_can_help(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    synced = {"name": "totalviewtimesendemail", "members": ["ann@example.com"], "synced": True}
    alias = {"name": "Something else", "alias": "Totalview-Senders", "kind": "distribution"}
    contact = {"contacts": ["totalviewtimesendemail@elsewhere.example"]}
    desk.hosts = {
        "synced": {
            "connector_tenant_id": tenants.make(users=PEOPLE, exchange={"groups": [synced]}),
            "connector_adopt": True,
        },
        "alias": {
            "connector_tenant_id": tenants.make(users=PEOPLE, exchange={"groups": [alias]}),
            "connector_mail_group": "Totalview Senders",
        },
        "contact": {"connector_tenant_id": tenants.make(users=PEOPLE, exchange=contact)},
    }

    _all_refused(
        desk,
        emulator,
        {
            "synced": ("synchronised from on premises", "on-premises Active Directory"),
            "alias": ("Totalview-Senders", "Choose another name"),
            "contact": ("MailContact", "Choose another name"),
        },
    )


def _all_refused(desk: Desk, emulator: Emulator, expected: Mapping[str, tuple[str, ...]]) -> None:
    """Before anything is written; `expected`: what each host is told."""
    run = desk.run()

    assert run.code != 0
    for host, texts in expected.items():
        result = run.tenant(host)
        assert result["state"] == "failed", (host, result)
        for text in texts:
            assert text in result["next"], (host, text)
        assert "un again" not in result["next"], host
        assert writes(emulator, desk.hosts[host]["connector_tenant_id"]) == [], host
