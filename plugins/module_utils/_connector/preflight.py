# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.result import unchanged_result
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.rights import ask_for
from ansible_collections.totalview.exchange365.plugins.module_utils._states import CLOSED

READY, NEEDS = "ready", "needs"


def preflight_result(host: str, plan: t.Mapping[str, t.Any], failure: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    """The role's connector_result after its tasks `preflight`: whether onboarding can begin, and who must do what.

    `plan`: of connector_plan. `failure`: its result where it failed, in whose words the tenant is not ready.
    """
    if failure is not None:
        return unchanged_result(host, NEEDS, str(failure["msg"]))
    known = plan.get("result", {})
    if known.get("state") in CLOSED:
        return unchanged_result(host, NEEDS, str(known["next"]))
    lacks = plan["rights"]
    required = [entry["permission"] for entry in lacks["missing"] if not entry["without"]]
    optional = [f"without {entry['permission']} {entry['without']}" for entry in lacks["missing"] if entry["without"]]
    asks = [ask_for(lacks, required)] if required else []
    return unchanged_result(host, NEEDS if required else READY, "; ".join([*asks, *optional]) or "-")
