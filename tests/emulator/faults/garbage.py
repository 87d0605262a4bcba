# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are no answers: what proxies, front doors and half-dead servers say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from emulator.call import Answer, Call
from emulator.faults.model import AnsweredOtherwise

PAGE = "<!DOCTYPE html><html><head><title>Just a moment</title></head><body><h1>Please wait</h1></body></html>"
JSON = {"content-type": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Garbage(AnsweredOtherwise):
    """`truncated` and `wrong_types` spoil the true body where there is one."""

    body: Literal["html", "empty", "truncated", "nul", "text", "array", "wrong_types"]
    status: int = 200

    def told(self, call: Call, done: Answer | None) -> Answer:
        true_body = (
            done.body if done is not None and isinstance(done.body, dict) else {"value": [{"id": call.request_id}]}
        )
        match self.body:
            case "html":
                return Answer(self.status, PAGE, {"content-type": "text/html; charset=utf-8"})
            case "text":
                return Answer(self.status, "OK", {"content-type": "text/plain; charset=utf-8"})
            case "truncated":
                text = json.dumps(true_body)
                return Answer(self.status, text[: len(text) // 2], dict(JSON))
            case "array":
                return Answer(self.status, [], dict(JSON))
            case "wrong_types":
                return Answer(self.status, _spoilt(true_body), dict(JSON))
        return Answer(self.status, "\0" * 64 if self.body == "nul" else "", dict(JSON))


def _spoilt(body: dict[str, Any]) -> dict[str, Any]:
    """Every value is of another type than it should be: an object where there was a text, a text elsewhere."""
    return {name: {"value": value} if isinstance(value, str) else str(value) for name, value in body.items()}
