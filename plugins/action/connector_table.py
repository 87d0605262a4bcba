# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shutil
import sys
import typing as t

from ansible import constants as C
from ansible.utils.display import Display

from ansible_collections.totalview.exchange365.plugins.modules import connector_table
from ansible_collections.totalview.exchange365.plugins.plugin_utils._action import ConnectorAction

#: Looked up in the ansible-playbook process: its workers have no terminal.
_TERMINAL_WIDTH = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
#: Standard output of these is one document.
_JSON_CALLBACKS = ("json", "jsonl")


class ActionModule(ConnectorAction):
    OPERATION = connector_table.OPERATION

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        if str(C.config.get_config_value("DEFAULT_STDOUT_CALLBACK")).rpartition(".")[2] not in _JSON_CALLBACKS:
            for line in result.get("lines", ()):
                Display().display(line)
        return result

    def _params(self) -> dict[str, t.Any]:
        params = super()._params()
        if params["width"] is None and not Display().verbosity:
            params["width"] = _TERMINAL_WIDTH
        return params
