# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`--check` of an adoption tells just what the real run changes, whatever somebody has made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from corpus.operator import SENDER, TENANT, Json, Operator

GROUP = "Senders"
ROLES = [
    "Application.Read.All",
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Policy.Read.All",
]
#: What an application by hand has been granted, and how the inventory wants it.
HANDMADE = {
    "as wanted": ["Mail.Send"],
    "more than is wanted": ["Mail.Send", "MailboxSettings.Read", "Calendars.ReadWrite"],
    "nothing": [],
}
WANTED: dict[str, Json] = {
    "access_policy": {},
    "rbac": {"mail_restriction": "rbac"},
    "none": {"mail_restriction": "none", "mail_allow_every_mailbox": True},
    "their group": {"mail_group": GROUP, "mail_members": [SENDER]},
    "another name": {"mail_display_name": "mail", "mail_adopt_client_id": "", "notes": "ours", "mail_tags": ["x"]},
}


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    with Operator(tmp_path, monkeypatch) as made:
        made.rig.admin.tenant(TENANT, roles=ROLES)
        yield made


def _handmade(operator: Operator, permissions: list[str], *, group: bool) -> str:
    made = operator.rig.admin.portal_application(
        TENANT, "mail", owners=[], permissions=permissions, consent=bool(permissions)
    )
    if group:
        [row] = operator.rig.admin.exchange(
            TENANT, "New-DistributionGroup", Name=GROUP, Type="Security", Members=[SENDER]
        )
        operator.rig.admin.exchange(
            TENANT,
            "New-ApplicationAccessPolicy",
            AppId=[made["appId"]],
            PolicyScopeGroupId=row["Guid"],
            AccessRight="RestrictAccess",
            Description="by hand",
        )
    return str(made["appId"])


def _changes(operator: Operator, wanted: Json, *, check_mode: bool) -> list[tuple[str, list[str]]]:
    operator._session = None
    role = operator.role(wanted, check_mode=check_mode)
    result = role.run()
    assert not result.get("failed"), result
    told = []
    for name, found in role.results:
        for row in found.get("results", [found]):
            told += [(name, change) for change in row.get("changes", ())]
    return sorted(told)


@pytest.mark.parametrize("granted", HANDMADE)
@pytest.mark.parametrize("wanted", WANTED)
def test_a_check_tells_what_the_run_changes(operator: Operator, wanted: str, granted: str) -> None:
    client_id = _handmade(operator, HANDMADE[granted], group=wanted == "their group")
    inventory: dict[str, Any] = {"adopt": True, **WANTED[wanted]}
    if "mail_adopt_client_id" in inventory:
        inventory["mail_adopt_client_id"] = client_id.upper()
    before = operator.rig.admin.snapshot(TENANT)

    checked = _changes(operator, inventory, check_mode=True)
    assert operator.rig.admin.snapshot(TENANT) == before
    done = _changes(operator, inventory, check_mode=False)

    assert _without_ids(checked) == _without_ids(done)
    assert any("adopt application" in change for _task, change in done)


def _without_ids(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The proof and the hand-off are of what is there when they come."""
    return [row for row in told if row[0] not in ("Proof of what the registrations reach", "Hand-off to the connector")]
