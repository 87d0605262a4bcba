# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t


def changed_stages(stages: t.Mapping[str, t.Any], planned: bool = False) -> list[str]:
    """What the stages changed, by registration: ["calendar: application, consent", "hand-off"].

    A stage is what its task registered, with a loop over registrations or without; skipped ones changed nothing.
    `planned`: count what a stage would change as well.
    """
    changed: dict[str, list[str]] = {}
    for stage, registered in stages.items():
        for result in registered.get("results", [registered]):
            if result.get("changes") if planned else result.get("changed"):
                changed.setdefault(result.get("__connector_registration", {}).get("name", ""), []).append(str(stage))
    return [f"{name}: {', '.join(found)}" if name else ", ".join(found) for name, found in changed.items()]


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"changed_stages": changed_stages}
