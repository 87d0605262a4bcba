# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.options import with_connection
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import SECRET_VARIABLES
from ansible_collections.totalview.exchange365.plugins.modules import connector_plan
from ansible_collections.totalview.exchange365.plugins.plugin_utils._action import ConnectorAction
from ansible_collections.totalview.exchange365.plugins.plugin_utils._tenant_hosts import TENANT_HOSTS

#: By the plan's scope, the variable that names hosts.
_NAMING = {"offboarding": "connector_offboard", "tenant": "connector_onboard_again"}


class ActionModule(ConnectorAction):
    OPERATION = connector_plan.OPERATION

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        naming = _NAMING.get(str(self._task.args.get("scope", "tenant")))
        if task_vars and (self._task.args.get("variables") or {}).get(naming):  # else a fleet's names travel in vain
            self._task.args.setdefault("inventory_hosts", task_vars["groups"]["all"])
        result = super().run(tmp, task_vars)
        if result.get("planned"):
            handoff = result.get("handoff")
            where = handoff["where"] if handoff else None
            TENANT_HOSTS.add(result["tenant_id"], str(self._task.args["host"]), where)
        return result

    def _run_there(self, params: t.Mapping[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        # The credential may be in this machine's environment only.
        variables = with_connection(params["variables"])
        hidden = {name: variables.pop(name) for name in SECRET_VARIABLES if name in variables}
        return super()._run_there({**params, "variables": variables, **hidden}, task_vars)
