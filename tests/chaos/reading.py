# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run said: each tenant's state, failures that a person can act on and others, and what should not be there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from chaos.fleet import Fleet
from emulator.launch import Emulator
from integration.operator_desk import Run

Json = dict[str, Any]

#: As long as the emulator's secrets and tokens, and made of the same signs.
_LIKE_A_SECRET = re.compile(r"[A-Za-z0-9_.~-]{24,}")
_OURS = "totalview.exchange365."
_CRASHES = ("Traceback (most recent call last)", "MODULE FAILURE", "Unexpected Exception")


@dataclass(kw_only=True)
class Case:
    """Something that is tried with one tenant, and what was wrong about it."""

    host: str
    complaints: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return self.host


def blame(run: Run, fleet: Fleet, cases: Sequence[Case]) -> None:
    """What the run should not have said goes to the tenants that it is about; else to the first one."""
    said = [*crashes(run, fleet.tenants), *leaks(run, fleet.emulator)]
    for case in cases:
        case.complaints += [text for text in said if text.startswith(f"{case.host}:")]
    cases[0].complaints += [text for text in said if not text.startswith(tuple(f"{host}:" for host in fleet.tenants))]


def state_of(run: Run, host: str) -> str:
    """The role's word for it; for plays without the role, whether they went through."""
    facts = [row["result"].get("ansible_facts", {}) for row in run.rows if row.get("host") == host]
    results = [found["connector_result"] for found in facts if "connector_result" in found]
    if results:
        return str(results[-1]["state"])
    return "complete" if not run.stats.get(host, {"failures": 1})["failures"] else "failed"


def words_of(run: Run, host: str) -> str:
    """What its failed tasks say."""
    rows = [row for row in run.rows if row.get("host") == host and row.get("status") == "failed"]
    return "; ".join(f"{row['task']}: {item.get('msg')}" for row in rows for item in _failed(row))


def crashes(run: Run, tenants: dict[str, str]) -> Iterator[str]:
    """Failures of our tasks that are no typed error with tenant, message and next step."""
    yield from (f"the run shows {text!r}" for text in _CRASHES if text in run.output)
    for row in run.rows:
        if row.get("status") != "failed" or not row["action"].startswith(_OURS):
            continue
        for item in _failed(row):
            failure = item.get("failure") or {}
            if not (failure.get("message") and failure["next_step"]) or tenants[row["host"]] not in item["msg"]:
                said = f"{item.get('msg')} {item.get('exception', '')}"
                yield f"{row['host']}: {row['task']} failed without words for a person: {said}"


def leaks(run: Run, emulator: Emulator) -> list[str]:
    """Secrets and tokens that the run showed, or told callbacks."""
    issued = emulator.issued()
    shown = {match for text in (run.output, json.dumps(run.rows)) for match in _LIKE_A_SECRET.findall(text)}
    found = shown & {*issued["secrets"], *issued["tokens"]}
    return [f"leaked: {text[:4]}..." for text in sorted(found)]


def _failed(row: Json) -> list[Json]:
    """Of a loop, those of its items that failed."""
    if "results" not in row["result"]:
        return [row["result"]]
    return [item for item in row["result"]["results"] if item.get("failed")]
