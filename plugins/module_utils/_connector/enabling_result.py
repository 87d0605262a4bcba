# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

Json: t.TypeAlias = "t.Mapping[str, t.Any]"


def result_of(host: str, plan: Json, steps: Json, *, check_mode: bool) -> dict[str, t.Any]:
    """The role's connector_result after its tasks `enable`. `steps`: what its loops registered, by part."""
    if "registrations" not in plan:
        return dict(plan["result"])
    parts = {part: registered["results"] for part, registered in steps.items()}
    changed = [
        f"{entry['__registration']['name']}: {part}"
        for part, results in parts.items()
        for entry in results
        if entry.get("changed")
    ]
    result = {"tenant": host, "changed": changed}
    held = [entry for entry in parts["restriction"] if entry["hold"] and _is_to_be_kept_out(entry["__registration"])]
    if check_mode and changed:
        told = "; ".join(changed)
        return {**result, "state": "changes_pending", "next": f"You run again without check mode. It changes {told}."}
    revoked = {entry["__registration"]["name"]: entry["to_revoke"] for entry in parts["consent"] if entry["to_revoke"]}
    if revoked:
        told = "; ".join(f"{', '.join(steps)} of {name}" for name, steps in revoked.items())
        return {
            **result,
            "state": "waiting_for_revocation",
            "next": f"A Global Administrator of the tenant takes back what nobody wants: {told}. Until then it stays "
            "disabled; then you run enable again.",
        }
    if held:
        names = " and ".join(entry["__registration"]["name"] for entry in held)
        until = max(entry["try_again_at"] for entry in held)
        return {
            **result,
            "state": "waiting_for_exchange",
            "by": until,
            "next": f"You run enable again after {until}. Until then Exchange may not enforce the restriction of "
            f"{names}, which stays disabled: it would reach every mailbox.",
        }
    told = " ".join(dict.fromkeys(entry["next"] for entry in parts["sign-in"] if "next" in entry))
    return {**result, "state": "enabled", "next": told}


def _is_to_be_kept_out(registration: Json) -> bool:
    """Whoever holds something to sign in with, until the restriction is proven."""
    return registration["lives_outside"] and not registration["proven"]
