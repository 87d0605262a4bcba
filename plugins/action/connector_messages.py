# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.errors import AnsibleActionFail

from ansible_collections.totalview.exchange365.plugins.module_utils._messages.run import OPERATION
from ansible_collections.totalview.exchange365.plugins.plugin_utils._action import ConnectorAction
from ansible_collections.totalview.exchange365.plugins.plugin_utils._inventory_folder import beside_the_inventory


class ActionModule(ConnectorAction):
    OPERATION = OPERATION

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        args, beside = self._task.args, beside_the_inventory()
        for name in ("folder", "templates"):
            path = Path(str(args.get(name) or "")).expanduser()
            if not args.get(name) or path.is_absolute():
                continue
            if beside is None:
                told = f"No messages: {path} is relative to the inventory, which is no file. Give an absolute path."
                return {"skipped": True, "warnings": [told], "msg": told}
            args[name] = str(beside / path)
        return super().run(tmp, task_vars)

    def _run_there(self, params: t.Mapping[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        raise AnsibleActionFail("connector_messages writes on the controller: do not delegate it to another machine.")
