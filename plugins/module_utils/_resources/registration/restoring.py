# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.
"""What is restored may have its grants back, so that restoring is as good as a consent: it is let in afterwards."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import AmbiguityError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent import plan as consent_plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent import read as consent_read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.check import Gate
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    ResourcePermissions,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.apply import (
    activate,
    apply_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import (
    Actual,
    Application,
    DeleteApplication,
    Desired,
)


def undeclared(
    tenant: Tenant, desired: Desired, client_id: str, declared: tuple[ResourcePermissions, ...]
) -> tuple[str, ...]:
    """What is granted to it and not declared, as steps that take it away."""
    actual = consent_read.read(tenant.graph, desired.unique_name, declared, client_id)
    return tuple(step.describe() for step in consent_plan.taking(actual))


def was_deactivated(before: Application | None, after: Application) -> bool:
    """Since its service principal, which no reading had shown, was restored."""
    return after.disabled and not (before is not None and before.disabled)


def check_others(tenant: Tenant, gate: Gate, application: Application) -> None:
    """It goes again where somebody else can sign in with it. Raises AmbiguityError."""
    others = gate.look(application.app_id, note=True)
    if not others.foreign:
        return
    apply_absent(tenant.graph, Change({}, {}, (DeleteApplication(application.id),)))
    raise AmbiguityError(
        f"The application '{application.display_name}' (client id {application.app_id}) was restored, and deleted "
        f"again: {others.findings[0]}",
        next_step="Without a decision it stays deleted.",
        code="ForeignCredentials",
        details=[{"id": entry.id, "kind": entry.kind, "place": entry.place} for entry in others.foreign],
    )


def let_in(tenant: Tenant, actual: Actual, application: Application) -> Actual:
    activate(tenant.graph, application)
    return replace(actual, application=replace(application, disabled=False))


def stays_deactivated(taken: t.Sequence[str]) -> str:
    """`taken`: what is granted to it and must go before."""
    reason = (
        f"what was granted to it is more than is wanted ({'; '.join(taken)})"
        if taken
        else "what restricts its mailboxes is not in force yet"
    )
    return (
        f"It is deactivated, so that nobody signs in with it: {reason}. A later run activates it, once that is right."
    )
