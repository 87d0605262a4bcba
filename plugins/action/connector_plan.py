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
        # By themselves, since an expression that collects them takes a seventh of what an unchanged tenant costs.
        if "variables" not in self._task.args:
            found = {name: value for name, value in (task_vars or {}).items() if name.startswith("connector_")}
            self._task.args["variables"] = self._templar.template(found)
        result = super().run(tmp, task_vars)
        if result.get("planned"):
            CLAIMS.add(result["tenant_id"], str(self._task.args["host"]))
        return result
