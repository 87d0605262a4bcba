# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ConnectorError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import await_visible
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.model import (
    Actual,
    Step,
    SwitchApplication,
    SwitchServicePrincipal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.read import read


def apply(graph: GraphClient, actual: Actual, change: Change[Step], *, enabled: bool) -> None:
    """Writes both switches, whatever becomes of one of them, and reads them back.

    Raises the first error: what is not confirmed is not done.
    """
    failed = [error for error in (_write(graph, actual, step) for step in change.steps) if error is not None]
    if failed:
        raise failed[0]
    found: list[Actual] = []

    def is_done() -> bool:
        found[:] = [read(graph, actual.client_id)]
        return found[0].is_enabled if enabled else found[0].is_disabled

    if change.changed:
        await_visible(is_done, what="The switch of the sign-in", times=1)


def _write(graph: GraphClient, actual: Actual, step: Step) -> ConnectorError | None:
    try:
        match step:
            case SwitchServicePrincipal():
                body = {"accountEnabled": step.enabled}
                graph.patch(f"/servicePrincipals/{actual.principal_id}", body, action=step.describe())
            case SwitchApplication():
                body = {"isDisabled": not step.enabled}
                graph.patch(f"/applications/{actual.object_id}", body, action=step.describe())
    except ConnectorError as error:
        return error
    return None
