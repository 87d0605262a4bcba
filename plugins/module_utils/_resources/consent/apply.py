# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ForbiddenError,
    GraphError,
    NotFoundError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import GraphClient
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import (
    await_visible,
    settle,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import (
    Actual,
    Consent,
    GrantRole,
    RevokeRole,
    SetScopes,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.plan import (
    granting,
    open_steps,
    taking_back,
    views_after,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.read import (
    grants_reads,
    with_grants,
)

#: (status, part of the message). learn.microsoft.com does not say so; the first is what several clients match, the
#: others were met by microsoftgraph/msgraph-bicep-types issue 161. What is really granted is read back.
_ALREADY_GRANTED = (
    (400, "Permission being assigned already exists"),
    (400, "EntitlementGrant entry already exists"),
    (409, "EntitlementGrant entry already exists"),
)


def apply(graph: GraphClient, actual: Actual, consent: Consent) -> Consent:
    """Write the planned steps. A refusal for lack of rights moves the rest to `waiting`."""
    done: list[Step] = []
    refused: list[Step] = []
    for step in consent.change.steps:
        try:
            _settle(graph, actual, step)
        except ForbiddenError:
            refused.append(step)
        else:
            done.append(step)
    if done:
        await_visible(lambda: _is_done(graph, actual, done), what="The consent")
    after = {"permissions": views_after(actual, done)}
    return replace(
        consent,
        change=Change(consent.change.before, after, tuple(done)),
        waiting=(*refused, *consent.waiting),
    )


def take_back(graph: GraphClient, actual: Actual, consent: Consent) -> Consent:
    """What was just granted, since somebody else can sign in now who could not before."""
    granted = granting(consent.change)
    if not granted:
        return consent
    undone: list[Step] = []

    def is_undone() -> bool:
        graph.read_ahead(grants_reads(str(actual.principal_id)))
        latest = with_grants(graph, actual)
        steps = taking_back(latest, granted)
        for step in steps:
            _settle(graph, latest, step)
        undone.extend(step for step in steps if step not in undone)
        return not steps

    await_visible(is_undone, what="The withdrawal of what was granted")
    change: Change[Step] = Change(
        consent.change.before,
        {"permissions": views_after(actual, [step for step in consent.change.steps if step not in granted])},
        (*consent.change.steps, *undone),
    )
    return replace(consent, change=change, withheld=(*consent.withheld, *granted))


def _is_done(graph: GraphClient, actual: Actual, done: t.Collection[Step]) -> bool:
    graph.read_ahead(grants_reads(str(actual.principal_id)))
    latest = with_grants(graph, actual)
    still_open = {step.key for step in open_steps(latest)}
    return still_open.isdisjoint(step.key for step in done)


def _settle(graph: GraphClient, actual: Actual, step: Step) -> None:
    settle(lambda: _write(graph, actual, step), what=step.describe(), young=actual.young)


def _write(graph: GraphClient, actual: Actual, step: Step) -> None:
    match step:
        case GrantRole():
            _grant_role(graph, actual, step)
        case RevokeRole():
            path = f"/servicePrincipals/{actual.principal_id}/appRoleAssignments/{step.assignment.id}"
            _delete(graph, path, step)
        case SetScopes():
            _set_scopes(graph, actual, step)


def _grant_role(graph: GraphClient, actual: Actual, step: GrantRole) -> None:
    body: Json = {
        "principalId": actual.principal_id,
        "resourceId": step.resource_id,
        "appRoleId": step.permission.id,
    }
    try:
        graph.post(f"/servicePrincipals/{step.resource_id}/appRoleAssignedTo", body, action=step.describe())
    except GraphError as error:
        # Somebody granted it since our reading: what we wanted is so.
        if not any(error.trace.status == status and text in error.message for status, text in _ALREADY_GRANTED):
            raise


def _set_scopes(graph: GraphClient, actual: Actual, step: SetScopes) -> None:
    scope = " ".join(sorted(step.scopes))
    if step.id is None:
        body: Json = {
            "clientId": actual.principal_id,
            "consentType": "AllPrincipals",
            "resourceId": step.resource_id,
            "scope": scope,
        }
        graph.post("/oauth2PermissionGrants", body, action=step.describe())
    elif step.scopes:
        graph.patch(f"/oauth2PermissionGrants/{step.id}", {"scope": scope}, action=step.describe())
    else:
        _delete(graph, f"/oauth2PermissionGrants/{step.id}", step)


def _delete(graph: GraphClient, path: str, step: Step) -> None:
    with contextlib.suppress(NotFoundError):  # somebody revoked it since our reading
        graph.delete(path, action=step.describe())
