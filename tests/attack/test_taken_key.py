# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ours is gone for good, and its key is on a stranger's application: no wish of the inventory makes that ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attack.test_single_modules import stranger_in_our_place
from corpus.operator import CLIENT_ID, TENANT, Json, Operator

ROLES = ["Application.Read.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "Policy.Read.All"]


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    with Operator(tmp_path, monkeypatch) as made:
        made.rig.admin.tenant(TENANT, roles=ROLES)
        made.onboard()
        yield made


def _as_it_is(_operator: Operator, _stranger: Json) -> None:
    pass


def _deleted(operator: Operator, stranger: Json) -> None:
    assert operator.rig.graph("DELETE", f"/applications/{stranger['id']}").ok


def _owned_by_us(operator: Operator, stranger: Json) -> None:
    principals = operator.rig.admin.snapshot(TENANT)["servicePrincipals"]
    automation = next(row["id"] for row in principals if row["appId"] == CLIENT_ID)
    owner = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{automation}"}
    assert operator.rig.graph("POST", f"/applications/{stranger['id']}/owners/$ref", owner).ok


@pytest.mark.parametrize("prepared", [_as_it_is, _deleted, _owned_by_us])
@pytest.mark.parametrize("wish", [{}, {"lost_store": "replace"}, {"adopt": True}, {"enable": True}], ids=str)
def test_nothing_is_written(operator: Operator, prepared: Callable[[Operator, Json], None], wish: Json) -> None:
    stranger = stranger_in_our_place(operator)
    prepared(operator, stranger)
    before = operator.rig.admin.snapshot(TENANT)

    result = operator.onboard(**wish)

    assert result["failure"]["code"] == "UniqueNameTaken", result
    assert stranger["appId"] in result["msg"]
    assert operator.rig.admin.snapshot(TENANT) == before
