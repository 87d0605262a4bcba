# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.options import with_connection
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import SECRET_VARIABLES
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.session import Session, SignIn
from ansible_collections.totalview.exchange365.plugins.plugin_utils._action import ConnectorAction
from ansible_collections.totalview.exchange365.plugins.plugin_utils._sealed_session import seal, unseal

_OPTIONS = ("host", "variables")


class OnboardingAction(ConnectorAction):
    """Of the tasks of one onboarding: each hands all that the next one needs on in its sealed session."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        held = self.held_session or Session(SignIn("", "", ""))
        options = {**held.options, **{name: self._task.args[name] for name in _OPTIONS if name in self._task.args}}
        result = super().run(tmp, task_vars)
        if "progress" in result:
            session = unseal(result.get("session")) or held
            session.options = {**options, "progress": result.pop("progress")}
            result["session"] = seal(session)
        return result

    def _run_there(self, params: t.Mapping[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        # The credential may be in this machine's environment only.
        variables = with_connection(params["variables"] or {})
        hidden = {name: variables.pop(name) for name in SECRET_VARIABLES if name in variables}
        return super()._run_there({**params, "variables": variables, **hidden}, task_vars)
