# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""While the operator's clock and Microsoft's are more than an hour apart, nothing is removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from corpus.operator import TENANT, Json, Operator
from integration.administrator import CALENDAR, MAIL

DAY = 86_400
WRONG = pytest.mark.parametrize("ahead", [timedelta(minutes=61), -timedelta(minutes=61)], ids=["ahead", "behind"])


@pytest.fixture
def operator(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    with Operator(tmp_path, monkeypatch) as made:
        yield made


def _keys(operator: Operator, unique_name: str = MAIL) -> list[str]:
    return [row["keyId"] for row in _application(operator, unique_name)["passwordCredentials"]]


def _application(operator: Operator, unique_name: str) -> Json:
    rows = operator.rig.admin.snapshot(TENANT)["applications"]
    return next(dict(row) for row in rows if row["uniqueName"] == unique_name)


def _told(result: Json) -> str:
    """In the table's details, which the report has too."""
    return " ".join(result["ansible_facts"]["connector_details"]["warnings"])


def _a_replaced_secret(operator: Operator) -> Json:
    operator.onboard(handoff_folder=str(operator.folder / "handoff"))
    operator.rig.admin.advance_clock(336 * DAY)
    operator.onboard(handoff_folder=str(operator.folder / "handoff"))
    delivered = [_keys(operator, name)[1] for name in (CALENDAR, MAIL)]
    wanted = {"handoff_folder": str(operator.folder / "handoff"), "delivered": delivered}
    operator.onboard(**wanted)
    operator.rig.admin.advance_clock(8 * DAY)
    return wanted


def _a_revoked_secret(operator: Operator) -> Json:
    operator.onboard()
    return {"revoke": _keys(operator)}


def _what_a_killed_run_left(operator: Operator) -> Json:
    operator.onboard()
    content = operator.secrets["announced"][MAIL]
    body = {"passwordCredential": {"displayName": content[-1]["label"]}}
    application = _application(operator, MAIL)
    assert operator.rig.graph("POST", f"/applications/{application['id']}/addPassword", body).ok
    return {}


@WRONG
@pytest.mark.parametrize("prepared", [_a_replaced_secret, _a_revoked_secret, _what_a_killed_run_left])
def test_no_client_secret_is_removed(
    operator: Operator, prepared: Callable[[Operator], Json], ahead: timedelta
) -> None:
    wanted = prepared(operator)
    before = _keys(operator)
    operator.ahead = ahead

    planned = operator.plan(**wanted)
    result = operator.onboard(**wanted)

    assert set(before) <= set(_keys(operator))
    told = "Not done, since the clock of this machine is"
    assert told in _told(result)
    assert any(told in text for text in planned["details"]["warnings"])
    operator.ahead = timedelta(minutes=59) if ahead > timedelta(0) else -timedelta(minutes=59)
    assert "Not done" not in _told(operator.onboard(**wanted))
    assert not set(before) <= set(_keys(operator))


@WRONG
def test_no_credential_and_owner_of_others_is_removed(operator: Operator, ahead: timedelta) -> None:
    operator.onboard()
    path = f"/applications/{_application(operator, MAIL)['id']}"
    operator.rig.created(operator.rig.graph("POST", f"{path}/federatedIdentityCredentials", _FEDERATED))
    ann = next(row["id"] for row in operator.rig.admin.snapshot(TENANT)["users"] if "ann" in row["userPrincipalName"])
    owner = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{ann}"}
    assert operator.rig.graph("POST", f"{path}/owners/$ref", owner).ok
    decided = {"foreign_credentials": "remove", "adopt_owners": {"remove": [ann]}}
    operator.ahead = ahead

    result = operator.onboard(**decided)

    assert "Not done, since the clock of this machine is" in _told(result)
    assert _federated(operator, path)
    operator.ahead = timedelta()
    operator.onboard(**decided)
    assert not _federated(operator, path)


def _federated(operator: Operator, path: str) -> list[Json]:
    return list(operator.rig.graph("GET", f"{path}/federatedIdentityCredentials").json()["value"])


_FEDERATED = {
    "name": "build",
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:somebody/anything:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
}


def _policies(operator: Operator) -> list[Json]:
    return list(operator.rig.admin.exchange(TENANT, "Get-ApplicationAccessPolicy"))


@WRONG
def test_no_restriction_of_a_former_mode_is_removed(operator: Operator, ahead: timedelta) -> None:
    operator.onboard()
    moved = {"mail_restriction": "rbac"}
    operator.rig.admin.advance_clock(2 * DAY)
    operator.ahead = ahead

    for _run in range(2):
        result = operator.onboard(**moved)
        operator.rig.admin.advance_clock(2 * DAY)

    assert len(_policies(operator)) == 1
    assert "Not done, since the clock of this machine is" in _told(result)
    operator.ahead = timedelta()
    operator.onboard(**moved)
    assert _policies(operator) == []


@WRONG
def test_no_restriction_is_lifted(operator: Operator, ahead: timedelta) -> None:
    operator.onboard()
    opened = {"mail_restriction": "none", "mail_allow_every_mailbox": True}
    operator.ahead = ahead

    result = operator.onboard(**opened)

    assert result["failure"]["code"] == "ClockOff"
    assert len(_policies(operator)) == 1
    operator.ahead = timedelta()
    operator.onboard(**opened)
    assert _policies(operator) == []


@WRONG
def test_nobody_is_offboarded(operator: Operator, ahead: timedelta) -> None:
    operator.onboard()
    before = operator.rig.admin.snapshot(TENANT)["applications"]
    operator.ahead = ahead

    result = operator.tasks("offboard", offboard=["contoso"])

    assert result["failure"]["code"] == "ClockOff"
    assert "playbook disable" in result["failure"]["next_step"]
    assert operator.rig.admin.snapshot(TENANT)["applications"] == before
    operator.ahead = timedelta()
    assert not operator.tasks("offboard", offboard=["contoso"]).get("failed")
    assert operator.rig.admin.snapshot(TENANT)["applications"] != before


def test_everything_else_goes_on(operator: Operator) -> None:
    """What is made, granted, renewed and handed off is dated by Microsoft."""
    operator.ahead = timedelta(days=1)
    handoff = {"handoff_folder": str(operator.folder / "handoff")}
    assert operator.onboard(**handoff)["ansible_facts"]["connector_result"]["state"] == "complete"
    operator.rig.admin.advance_clock(336 * DAY)
    operator.onboard(**handoff)
    assert len(_keys(operator)) == 2
