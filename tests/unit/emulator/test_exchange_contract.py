# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of requests to Exchange finds what it is there to find."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract.exchange_contract import ANCHOR, violations

TENANT = "0e8f7a6b-2c4d-4f5e-8a9b-7c6d5e4f3a2b"


def _entry(cmdlet: str, parameters: dict[str, Any], *, path: str = "InvokeCommand", **headers: str) -> dict[str, Any]:
    return {
        "method": "POST",
        "path": f"/adminapi/beta/{TENANT}/{path}",
        "status": 200,
        "request_headers": {
            "content-type": "application/json",
            "client-request-id": TENANT,
            "prefer": "odata.maxpagesize=1000",
            "x-anchormailbox": ANCHOR.format(tenant=TENANT),
            "x-cmdletname": cmdlet,
            **headers,
        },
        "request_body": json.dumps({"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}),
    }


def test_a_good_request_is_good() -> None:
    assert violations(_entry("Get-Group", {"Identity": "Senders"})) == []


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        (_entry("Get-Group", {"Identity": "Senders"}, path="Other"), "no such operation"),
        (_entry("Get-Group", {"Identity": "Senders"}, **{"x-anchormailbox": "UPN:a@b.example"}), "X-AnchorMailbox"),
        (_entry("Get-Group", {"Identity": "Senders"}, **{"x-cmdletname": "Get-User"}), "X-CmdletName"),
        (_entry("Get-Group", {"Identity": "Senders"}, **{"client-request-id": "1"}), "does not match"),
        (_entry("Get-Group", {"Identity": None}), "not valid under any"),
        (_entry("Get-Group", {"Identity": ""}), "not valid under any"),
        (_entry("Get-Group", {"identity": "Senders"}), "does not match"),
        (_entry("Remove-ManagementScope", {"Identity": "A"}), "Confirm false"),
        (_entry("Get-DistributionGroupMember", {"Identity": "A"}), "ResultSize"),
        (_entry("New-ManagementRoleAssignment", {"Name": "A", "Role": "B", "App": "C"}), "every mailbox"),
        (_entry("Get-Group", {}, path="$batch"), "requests"),
    ],
    ids=range(11),
)
def test_a_bad_request_is_found(entry: dict[str, Any], word: str) -> None:
    assert any(word in violation for violation in violations(entry)), violations(entry)
