# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ids mean the same in capitals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from corpus.operator import CLIENT_ID, TENANT, Json, Operator
from integration.administrator import CALENDAR, MAIL


class _Killed(BaseException):
    pass


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    with Operator(tmp_path, monkeypatch) as made:
        yield made


def _state(result: Json) -> str:
    return "failed" if result.get("failed") else str(result["ansible_facts"]["connector_result"]["state"])


@pytest.mark.parametrize("client_id", [CLIENT_ID, CLIENT_ID.upper()], ids=["as it is", "in capitals"])
def test_what_a_killed_run_made_is_found_again(operator: Operator, client_id: str) -> None:
    def hook(response: requests.Response) -> None:
        if response.request.method == "PATCH" and "uniqueName" in str(response.request.url):
            raise _Killed

    operator.hook = hook
    with pytest.raises(_Killed):
        operator.onboard(auth_client_id=client_id)
    operator.hook = lambda _response: None

    assert _state(operator.onboard(auth_client_id=client_id)) == "complete"
    names = [row["uniqueName"] for row in operator.rig.admin.snapshot(TENANT)["applications"]]
    assert (names.count(CALENDAR), names.count(MAIL)) == (1, 1)


def test_what_the_inventory_names_in_capitals_is_the_same(operator: Operator) -> None:
    operator.onboard(handoff_folder=str(operator.folder / "handoff"))
    rows = {row["uniqueName"]: row for row in operator.rig.admin.snapshot(TENANT)["applications"]}
    keys = [rows[name]["passwordCredentials"][0]["keyId"].upper() for name in (CALENDAR, MAIL)]
    ann = next(row["id"] for row in operator.rig.admin.snapshot(TENANT)["users"] if "ann" in row["userPrincipalName"])
    owner = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{ann}"}
    assert operator.rig.graph("POST", f"/applications/{rows[MAIL]['id']}/owners/$ref", owner).ok
    wanted = {
        "handoff_folder": str(operator.folder / "handoff"),
        "delivered": keys,
        "mail_adopt_client_id": rows[MAIL]["appId"].upper(),
        "mail_owners": [ann.upper()],
        "tenant_id": TENANT.upper(),
    }

    result = operator.onboard(**wanted)

    assert _state(result) == "complete", result
    assert all(operator.secrets["secrets"][name]["delivered"] for name in (CALENDAR, MAIL))
    assert operator.onboard(**wanted)["ansible_facts"]["connector_result"]["changed"] == []
    audited = operator.audit(**wanted)["audit"]["findings"]
    assert [row for row in audited if row["kind"].startswith("foreign")] == []


def test_a_revoked_key_in_capitals_goes(operator: Operator) -> None:
    operator.onboard()
    [row] = [row for row in operator.rig.admin.snapshot(TENANT)["applications"] if row["uniqueName"] == MAIL]
    [key] = [secret["keyId"] for secret in row["passwordCredentials"]]

    assert _state(operator.onboard(revoke=[key.upper()])) == "complete"

    [row] = [row for row in operator.rig.admin.snapshot(TENANT)["applications"] if row["uniqueName"] == MAIL]
    assert key not in [secret["keyId"] for secret in row["passwordCredentials"]]
