# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.named_keys import NAMING
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
        if task_vars:
            self._task.args.setdefault("own_keys", list(own_lists(self._task.args.get("variables") or {}, task_vars)))
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


def own_lists(variables: t.Mapping[str, t.Any], task_vars: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """Which lists of key ids no other host has: one that somebody gave for many names secrets of all of them."""
    named = [name for name in NAMING if variables.get(name)]
    others = list(_mates(task_vars)) if named else []
    for name in named:
        if others and not any(_value(task_vars["hostvars"], other, name) == variables[name] for other in others):
            yield name


def _mates(task_vars: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """Of each group of the host another one: a variable is given for a host, for a group, or for all."""
    groups, host = task_vars["groups"], task_vars["inventory_hostname"]
    for name in ("all", *task_vars["group_names"]):
        mate = next((other for other in groups[name][:2] if other != host), None)
        if mate is not None:
            yield mate


def _value(hostvars: t.Mapping[str, t.Any], host: str, name: str) -> t.Any:
    """None also where the other host's inventory is wrong, which is that host's matter."""
    try:
        return hostvars[host].get(name)
    except AnsibleError:
        return None
