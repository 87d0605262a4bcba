# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange's answers, changed: servers that have not heard of what another one has made, and rows in other forms."""

from __future__ import annotations

import json
from collections.abc import Callable
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


class Changed:
    """Hands on the answers of cmdlets, single and in batches. `change`: of name, status and body, status and body."""

    def __init__(self, change: Callable[[str, int, Json], tuple[int, Json]]) -> None:
        self._change = change

    def __call__(self, answer: requests.Response) -> None:
        if "/adminapi/" not in str(answer.request.url):
            return
        asked = json.loads(answer.request.body or b"{}")
        body = answer.json()
        if "requests" in asked:
            names = {item["id"]: item["body"]["CmdletInput"]["CmdletName"] for item in asked["requests"]}
            for entry in body["responses"]:
                entry["status"], entry["body"] = self._change(names[entry["id"]], entry["status"], entry["body"])
        else:
            name = asked["CmdletInput"]["CmdletName"]
            answer.status_code, body = self._change(name, answer.status_code, body)
        answer._content = json.dumps(body).encode()


def rows_of(cmdlet: str, change: Callable[[Json], Json]) -> Changed:
    """Each row of the cmdlet as `change` makes it."""

    def changed(name: str, status: int, body: Json) -> tuple[int, Json]:
        if name != cmdlet or status != 200:
            return status, body
        return status, {**body, "value": [change(row) for row in body["value"]]}

    return Changed(changed)


def unshown(cmdlet: str, reading: str, readings: int) -> Changed:
    """Once `cmdlet` was run, the next `readings` of `reading` find nothing."""
    listed = reading in ("Get-ApplicationAccessPolicy", "Get-ManagementRoleAssignment")
    nothing: tuple[int, Json] = (200, {"value": []}) if listed else (404, ABSENT)
    left, made = readings, False

    def changed(name: str, status: int, body: Json) -> tuple[int, Json]:
        nonlocal left, made
        made = made or name == cmdlet
        if not made or name != reading or not left:
            return status, body
        left -= 1
        return nothing

    return Changed(changed)
