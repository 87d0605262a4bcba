# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are requests to Exchange Online of the form that public clients of InvokeCommand send?

Microsoft publishes no description of this endpoint; `exchange-request.yaml` holds what clients agree on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

Json = dict[str, Any]

PATH = re.compile(r"/adminapi/beta/(?P<tenant>[0-9a-f-]{36})/(?P<what>InvokeCommand|\$batch)")
ANCHOR = "APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{tenant}"
#: Of an unknown identity these answer everything.
LISTING_EVERYTHING = ("Get-ApplicationAccessPolicy", "Get-DistributionGroupMember")


def violations(exchange: Mapping[str, Any]) -> list[str]:
    """Of one entry of the emulator's request log, recorded with bodies; an item of a batch has an entry of its own."""
    place = f"{exchange['method']} {exchange['path']} -> {exchange['status']}"
    return [f"{place}: {violation}" for violation in _violations(exchange)]


def _violations(exchange: Mapping[str, Any]) -> Iterator[str]:
    where = PATH.fullmatch(exchange["path"])
    if where is None or exchange["method"] != "POST":
        yield "no such operation"
        return
    body = json.loads(exchange["request_body"])
    headers = {name.lower(): value for name, value in exchange["request_headers"].items()}
    is_batch = where["what"] == "$batch"
    yield from (error.message for error in _validator("batch" if is_batch else "command").iter_errors(body))
    yield from (error.message for error in _validator("headers").iter_errors(headers))
    if headers.get("x-anchormailbox") != ANCHOR.format(tenant=where["tenant"]):
        yield "X-AnchorMailbox is not the system mailbox of the tenant"
    if not is_batch:
        yield from _command_violations(headers, body["CmdletInput"])


def _command_violations(headers: Mapping[str, str], command: Json) -> Iterator[str]:
    name, parameters = command["CmdletName"], command["Parameters"]
    if headers.get("x-cmdletname") != name:
        yield f"X-CmdletName is not {name}"
    if name.startswith(("Remove-", "Update-")) and parameters.get("Confirm") is not False:
        yield f"{name} prompts: it needs Confirm false"
    if name == "Get-DistributionGroupMember" and parameters.get("ResultSize") != "Unlimited":
        yield f"{name} stops at 1000 without ResultSize Unlimited"
    if name in LISTING_EVERYTHING and parameters.get("Identity", "given") in ("", None):
        yield f"{name} with an empty Identity answers everything"
    if name == "New-ManagementRoleAssignment" and not parameters.get("CustomResourceScope"):
        yield f"{name} without a scope gives every mailbox"


@cache
def _validator(part: str) -> Draft202012Validator:
    document = yaml.safe_load((Path(__file__).parent / "exchange-request.yaml").read_text("utf-8"))
    return Draft202012Validator({**document, "$ref": f"#/$defs/{part}"})
