# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.stages import STAGES, Progress
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import failure
from ansible_collections.totalview.exchange365.plugins.modules import connector_stage
from ansible_collections.totalview.exchange365.plugins.plugin_utils._claims import CLAIMS
from ansible_collections.totalview.exchange365.plugins.plugin_utils._onboarding_action import OnboardingAction


class ActionModule(OnboardingAction):
    OPERATION = connector_stage.OPERATION

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        session = self.held_session
        if session is not None and "progress" in session.options and self._task.args.get("stage") == STAGES[0]:
            tenant_id = Progress.load(session.options["progress"]).tenant_id
            hosts = CLAIMS.hosts(tenant_id)
            if len(hosts) > 1:
                return _shared(tenant_id, hosts)
        return super().run(tmp, task_vars)


def _shared(tenant_id: str, hosts: list[str]) -> dict[str, t.Any]:
    """Both would be in each other's way, with two inventories' wishes."""
    error = InputError(
        f"It belongs to several hosts: {', '.join(hosts)}.",
        next_step="Keep one of them in the inventory; nothing was written for this one.",
        code="SharedTenant",
    )
    return failure(error, tenant_id)
