# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory servers of Exchange that have not heard of what another one has just made."""

from __future__ import annotations

import json
from typing import Any

import requests

Json = dict[str, Any]

_MISSING = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
_TEXT = "The operation couldn't be performed because object 'x' couldn't be found on 'SERVER01'."
ABSENT: Json = {
    "error": {
        "code": "NotFound",
        "message": "Error executing cmdlet",
        "details": [{"code": "Client", "target": "", "message": f"Ex6F9304|{_MISSING}|{_TEXT}"}],
    }
}


class Unshown:
    """Once `cmdlet` was run, the next `readings` of `reading` find nothing, singly and in batches."""

    def __init__(self, cmdlet: str, reading: str, readings: int) -> None:
        self._cmdlet = cmdlet
        self._reading = reading
        self._listed = reading in ("Get-ApplicationAccessPolicy", "Get-ManagementRoleAssignment")
        self._left = readings
        self._made = False

    def __call__(self, answer: requests.Response) -> None:
        if "/adminapi/" not in str(answer.request.url):
            return
        asked = json.loads(answer.request.body or b"{}")
        if "requests" in asked:
            self._batch(asked["requests"], answer)
        elif self._hides(asked["CmdletInput"]["CmdletName"]):
            answer.status_code, body = self._nothing
            answer._content = json.dumps(body).encode()

    def _batch(self, items: list[Json], answer: requests.Response) -> None:
        names = {item["id"]: item["body"]["CmdletInput"]["CmdletName"] for item in items}
        body = answer.json()
        for entry in body["responses"]:
            if self._hides(names[entry["id"]]):
                entry["status"], entry["body"] = self._nothing
        answer._content = json.dumps(body).encode()

    @property
    def _nothing(self) -> tuple[int, Json]:
        return (200, {"value": []}) if self._listed else (404, ABSENT)

    def _hides(self, cmdlet: str) -> bool:
        self._made = self._made or cmdlet == self._cmdlet
        if not self._made or cmdlet != self._reading or not self._left:
            return False
        self._left -= 1
        return True
