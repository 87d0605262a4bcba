# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.modules import connector_plan
from ansible_collections.totalview.exchange365.plugins.plugin_utils._claims import CLAIMS
from ansible_collections.totalview.exchange365.plugins.plugin_utils._onboarding_action import OnboardingAction


class ActionModule(OnboardingAction):
    OPERATION = connector_plan.OPERATION

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        if result.get("planned"):
            CLAIMS.add(result["tenant_id"], str(self._task.args["host"]))
        return result
