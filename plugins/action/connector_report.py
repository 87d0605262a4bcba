# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible import context
from ansible.errors import AnsibleActionFail

from ansible_collections.totalview.exchange365.plugins.module_utils._report.run import OPERATION
from ansible_collections.totalview.exchange365.plugins.plugin_utils._action import ConnectorAction
from ansible_collections.totalview.exchange365.plugins.plugin_utils._inventory_folder import beside_the_inventory


class ActionModule(ConnectorAction):
    OPERATION = OPERATION

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        args = self._task.args
        given = args.get("merge") or ()
        # As Ansible makes a list of a text.
        listed = given.split(",") if isinstance(given, str) else given
        merge = [Path(str(path)).expanduser() for path in listed]
        paths = [Path(str(args.get("folder", ""))).expanduser(), *merge]
        beside = beside_the_inventory()
        if beside is None and not all(path.is_absolute() for path in paths):
            told = f"No report: {paths[0]} is relative to the inventory, which is no file. Give absolute paths."
            return {"failed": True, "msg": told} if merge else {"skipped": True, "warnings": [told], "msg": told}
        folder, *merged = [str((beside or Path()) / path) for path in paths]
        args.update(folder=folder, merge=merged)
        args.setdefault("playbook", _playbook())
        return super().run(tmp, task_vars)

    def _run_there(self, params: t.Mapping[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        raise AnsibleActionFail("connector_report writes on the controller: do not delegate it to another machine.")


def _playbook() -> str:
    """As it was called: totalview.exchange365.onboard and /srv/onboard.yml are both `onboard`."""
    called = str((context.CLIARGS.get("args") or ["playbook"])[0])
    path = Path(called)
    return path.stem if path.suffix in {".yml", ".yaml", ".json"} else called.rpartition(".")[2]
