# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.result import (
    changed_of_each,
    failed_result,
    item_result,
)

Json: t.TypeAlias = "t.Mapping[str, t.Any]"


def result_of(host: str, plan: Json, steps: Json, *, check_mode: bool, failure: Json | None) -> dict[str, t.Any]:
    """The role's connector_result after its tasks `offboard`. `plan`, `steps`, `failure` as for the onboarding's."""
    registrations = plan.get("registrations", ())
    changed = changed_of_each([entry["name"] for entry in registrations], steps, steps)
    if failure is not None:
        return failed_result(host, changed, failure)
    result: dict[str, t.Any] = {"tenant": host, "changed": changed}
    if check_mode and changed:
        return {**result, "state": "changes_pending", "next": _to_confirm(host, registrations)}
    reached = [_reached(entry, steps, index) for index, entry in enumerate(registrations)]
    if all(entry["stage"] == "offboarded" for entry in reached):
        kept = "; ".join(text for entry in reached for text in entry["kept"])
        return {**result, "state": "offboarded", "next": f"Nothing has to be done. Kept: {kept}" if kept else "-"}
    until = max((entry["tokens_until"] for entry in reached if entry["tokens_until"]), default=None)
    told = [_told(entry["name"], found) for entry, found in zip(registrations, reached, strict=True)]
    return {
        **result,
        "state": "offboarding",
        "next": f"{' '.join(told)} Tokens that were issued before may live until {until}. You run offboard again after "
        "that: what restricts the mailboxes goes then.",
        **({"by": until} if until else {}),
    }


def _to_confirm(host: str, registrations: t.Sequence[Json]) -> str:
    later = _listed(registrations, "later")
    besides = f" When tokens of before have expired, 28 hours later, a further run: {later}." if later else ""
    confirm = f"You run again without check mode, with -e connector_offboard={host}"
    return f"This goes: {_listed(registrations, 'removals')}.{besides} {confirm}"


def _listed(registrations: t.Sequence[Json], what: str) -> str:
    return "; ".join(f"{entry['name']}: {', '.join(entry[what])}" for entry in registrations if entry[what])


def _reached(entry: Json, steps: Json, index: int) -> Json:
    """By the last task that told it, or as it was planned."""
    found = [result for part in steps if "stage" in (result := item_result(steps, part, index))]
    return found[-1] if found else entry


def _told(name: str, reached: Json) -> str:
    if reached["stage"] == "offboarded":
        return f"{name} is gone."
    proof = f"a sign-in is refused ({reached['refusal']})" if reached["refusal"] else "the store had no secret to try"
    return f"{name} is closed since {reached['closed']}: {proof}."
