# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Exchange that is late, says nothing or does not answer: waiting or a warning, never a second create."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corpus.exchange_answers import ABSENT, Changed, rows_of, unshown
from corpus.operator import OTHER, TENANT, Json, Operator

ROLES = {"mail_restriction": "rbac", "calendar_restriction": "rbac", "calendar_members": [OTHER]}
FREE = {"mail_restriction": "none", "mail_allow_every_mailbox": True}
#: What is made, and what does not show it.
LATE: list[tuple[str, str, Json]] = [
    ("New-DistributionGroup", "Get-Group", {}),
    ("New-ApplicationAccessPolicy", "Get-ApplicationAccessPolicy", {}),
    ("New-ServicePrincipal", "Get-ServicePrincipal", ROLES),
    ("New-ManagementScope", "Get-ManagementScope", ROLES),
    ("New-ManagementRoleAssignment", "Get-ManagementRoleAssignment", ROLES),
]


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    with Operator(tmp_path, monkeypatch) as made:
        yield made


def state(result: Json) -> str:
    return str("failed" if result.get("failed") else result["ansible_facts"]["connector_result"]["state"])


def made(operator: Operator, cmdlet: str) -> list[str]:
    """What there is by now of its kind, each by what makes it one."""
    exchange = operator.rig.admin.snapshot(TENANT)["exchange"]
    found = {
        "New-DistributionGroup": [row["name"] for row in exchange["recipients"] if "members" in row],
        "New-ApplicationAccessPolicy": [row["app_id"] for row in exchange["policies"]],
        "New-ServicePrincipal": [row["app_id"] for row in exchange["pointers"]],
        "New-ManagementScope": [row["name"] for row in exchange["scopes"]],
        "New-ManagementRoleAssignment": [row["name"] for row in exchange["assignments"]],
    }
    return list(found[cmdlet])


@pytest.mark.parametrize(("cmdlet", "reading", "variables"), LATE, ids=[entry[0] for entry in LATE])
@pytest.mark.parametrize("readings", [2, 10_000])
def test_what_a_server_has_not_heard_of_is_waited_for_and_made_once(
    operator: Operator, cmdlet: str, reading: str, variables: Json, readings: int
) -> None:
    operator.hook = unshown(cmdlet, reading, readings)
    states = [state(operator.onboard(exchange_wait="1m", **variables)) for _run in range(2)]
    assert states == ["complete" if readings == 2 else "waiting_for_exchange"] * 2

    operator.hook = lambda answer: None
    for _run in range(3):
        operator.rig.admin.advance_clock(2 * 3600)  # when nothing is held back any more for a young restriction
        finished = operator.onboard(**variables)

    assert state(finished) == "complete"
    assert len(made(operator, cmdlet)) == len(set(made(operator, cmdlet)))
    assert finished["ansible_facts"]["connector_result"]["changed"] == []


def test_an_organization_without_access_policies_may_say_that_it_finds_none(operator: Operator) -> None:
    """With a 404 about its own place in the directory (Microsoft365DSC issue 2998)."""

    def none_found(cmdlet: str, status: int, body: Json) -> tuple[int, Json]:
        empty = cmdlet == "Get-ApplicationAccessPolicy" and status == 200 and not body["value"]
        return (404, ABSENT) if empty else (status, body)

    operator.hook = Changed(none_found)

    assert state(operator.onboard()) == "complete"
    assert state(operator.onboard()) == "complete"


def test_a_policy_that_shows_too_late_and_then_is_gone_is_made_anew_at_once(operator: Operator) -> None:
    """As soon as a reading has shown it, nobody waits for it any more."""
    operator.hook = unshown("New-ApplicationAccessPolicy", "Get-ApplicationAccessPolicy", 10_000)
    assert state(operator.onboard()) == "waiting_for_exchange"
    operator.hook = lambda answer: None
    operator.onboard()
    (policy,) = operator.rig.admin.exchange(TENANT, "Get-ApplicationAccessPolicy")
    operator.rig.admin.exchange(TENANT, "Remove-ApplicationAccessPolicy", Identity=policy["Identity"], Confirm=False)

    operator.onboard()

    assert len(made(operator, "New-ApplicationAccessPolicy")) == 1


def test_a_policy_that_nothing_ever_shows_is_made_anew_after_an_hour(operator: Operator) -> None:
    operator.hook = unshown("New-ApplicationAccessPolicy", "Get-ApplicationAccessPolicy", 10_000)
    assert state(operator.onboard()) == "waiting_for_exchange"
    operator.hook = lambda answer: None
    (policy,) = operator.rig.admin.exchange(TENANT, "Get-ApplicationAccessPolicy")
    operator.rig.admin.exchange(TENANT, "Remove-ApplicationAccessPolicy", Identity=policy["Identity"], Confirm=False)

    assert state(operator.onboard()) == "waiting_for_exchange"
    assert made(operator, "New-ApplicationAccessPolicy") == []

    operator.rig.admin.advance_clock(3601)
    operator.onboard()
    assert len(made(operator, "New-ApplicationAccessPolicy")) == 1


def test_an_assignment_of_that_name_that_is_somebody_elses_is_no_lag(operator: Operator) -> None:
    admin = operator.rig.admin
    found = operator.rig.graph("GET", "/servicePrincipals?$filter=displayName eq 'Somebody else''s'").json()["value"]
    admin.exchange(
        TENANT,
        "New-ServicePrincipal",
        AppId=found[0]["appId"],
        ObjectId=found[0]["id"],
        DisplayName=found[0]["displayName"],
    )
    admin.exchange(
        TENANT,
        "New-ManagementRoleAssignment",
        Name="totalview-exchange365-mail Mail.Send",
        Role="Application Mail.Send",
        App=found[0]["id"],
    )

    result = operator.onboard(mail_restriction="rbac", exchange_wait="1m")

    assert "already exists" in result["msg"]
    assert operator.clock.now == 0


@pytest.mark.parametrize("cmdlet", ["New-DistributionGroup", "New-ApplicationAccessPolicy"])
@pytest.mark.parametrize("status", [200, 204])
def test_a_write_need_not_be_answered_in_words(operator: Operator, cmdlet: str, status: int) -> None:
    """Exchange's endpoint answers what puts nothing out with an empty list, and may as well say nothing at all."""
    silent = {"kind": "answer", "service": "exchange", "cmdlet": cmdlet, "status": status, "body": "", "effect": "done"}
    operator.rig.admin.faults(silent)

    assert state(operator.onboard()) == "complete"
    assert state(operator.onboard()) == "complete"
    assert len(made(operator, cmdlet)) == 1


UNAVAILABLE: dict[str, Json] = {
    "503": {"kind": "answer", "status": 503, "body": ""},
    "500": {"kind": "answer", "status": 500, "body": {"error": {"code": "InternalServerError", "message": "x"}}},
    "a page": {"kind": "answer", "status": 404, "body": "<html>404</html>"},
    "no connection": {"kind": "refuse"},
    "no access": {"kind": "answer", "status": 403, "body": ""},
    "the token": {"kind": "answer", "status": 401, "body": ""},
    "unknown": {"kind": "answer", "status": 400, "body": {"error": {"code": "BadRequest", "message": "x"}}},
}


@pytest.mark.parametrize("fault", UNAVAILABLE)
def test_without_restrictions_an_exchange_that_does_not_answer_is_a_warning(operator: Operator, fault: str) -> None:
    operator.rig.admin.faults({"service": "exchange", **UNAVAILABLE[fault]})

    planned = operator.plan(**FREE)
    result = operator.onboard(**FREE)

    assert any("an earlier restriction is left over" in text for text in planned["details"]["warnings"])
    assert state(result) == "complete"
    assert state(operator.onboard()) == "failed", "whatever is to be restricted needs an answer"


_PATH = "EURPR01A001.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/contoso.onmicrosoft.com"


def _guid(row: Json) -> Json:
    return {**row, "Guid": row["Guid"].upper()}


def _renamed(row: Json, old: str, new: str) -> Json:
    return {(new if name == old else name): value for name, value in row.items()}


#: Of a cmdlet's rows: forms that scripts and public outputs show, or that nobody promises not to come.
FORMS: dict[str, tuple[str, Callable[[Json], Json], Json]] = {
    "managed by a role group, with its place": (
        "Get-Group",
        lambda row: {**row, "ManagedBy": [f"{_PATH}/Organization Management"]},
        {},
    ),
    "managed by nobody": ("Get-Group", lambda row: {**row, "ManagedBy": None}, {}),
    "a group's id in capitals": ("Get-Group", _guid, {}),
    "a group without a time of change": ("Get-Group", lambda row: {**row, "WhenChangedUTC": None}, {}),
    "a time without a zone": ("Get-Group", lambda row: {**row, "WhenChangedUTC": "2026-11-01T10:00:00"}, {}),
    "types beside the values": ("Get-Group", lambda row: {**row, "Guid@data.type": "System.Guid"}, {}),
    "a policy's application in capitals": (
        "Get-ApplicationAccessPolicy",
        lambda row: {**row, "AppId": row["AppId"].upper()},
        {},
    ),
    "a policy's scope by its SID alone": (
        "Get-ApplicationAccessPolicy",
        lambda row: {**row, "ScopeIdentityRaw": row["ScopeIdentityRaw"].partition(";")[0]},
        {},
    ),
    "a policy's right in small letters": (
        "Get-ApplicationAccessPolicy",
        lambda row: {**row, "AccessRight": row["AccessRight"].lower()},
        {},
    ),
    "members without an address": ("Get-DistributionGroupMember", lambda row: {**row, "PrimarySmtpAddress": None}, {}),
    "members with another address": (
        "Get-DistributionGroupMember",
        lambda row: {**row, "PrimarySmtpAddress": f"new.{row['PrimarySmtpAddress']}"},
        {},
    ),
    "a role in small letters": (
        "Get-ManagementRoleAssignment",
        lambda row: {**row, "Role": row["Role"].lower()},
        ROLES,
    ),
    "a scope in the other place": (
        "Get-ManagementRoleAssignment",
        lambda row: {**row, "CustomResourceScope": "", "CustomRecipientWriteScope": row["CustomResourceScope"]},
        ROLES,
    ),
    "a filter in parentheses": (
        "Get-ManagementScope",
        lambda row: {**row, "RecipientFilter": f"({row['RecipientFilter']})"},
        ROLES,
    ),
    "a pointer by its older name": (
        "Get-ServicePrincipal",
        lambda row: _renamed(row, "ObjectId", "ServiceId"),
        ROLES,
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_rows_in_other_forms_mean_the_same(operator: Operator, form: str) -> None:
    cmdlet, change, variables = FORMS[form]
    operator.hook = rows_of(cmdlet, change)

    assert state(operator.onboard(**variables)) == "complete"

    again = operator.onboard(**variables)["ansible_facts"]["connector_result"]
    assert (again["state"], again["changed"]) == ("complete", [])
