# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import (
    Actual,
    Assignment,
    Consent,
    GrantRole,
    RevokeRole,
    SetScopes,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import Permission


def plan(actual: Actual, rights: t.Collection[str], hold: t.Collection[str] = (), *, withhold: bool = False) -> Consent:
    """Exactly what is declared. `rights`: the Graph application permissions that the caller holds.

    `hold`: names of application permissions that are neither granted nor revoked now. `withhold`: nothing is granted,
    by nobody, since somebody else can sign in with the registration.
    """
    steps = open_steps(actual)
    withheld = tuple(step for step in steps if step.grants) if withhold else ()
    held, steps = _held_and_open(tuple(_without_grants(steps)) if withheld else steps, hold)
    mine = tuple(step for step in steps if step.right in rights)
    others = tuple(step for step in steps if step.right not in rights)
    before = {"permissions": views_after(actual, ())}
    after = {"permissions": views_after(actual, mine)}
    return Consent(Change(before, after, mine), others, held, withheld)


def _without_grants(steps: t.Iterable[Step]) -> t.Iterator[Step]:
    """What goes goes all the same."""
    for step in steps:
        if not step.grants:
            yield step
        elif isinstance(step, SetScopes) and step.before - step.scopes:
            yield replace(step, scopes=step.scopes & step.before)


def granting(change: Change[Step]) -> tuple[GrantRole | SetScopes, ...]:
    """What was granted with it."""
    return tuple(step for step in change.steps if not isinstance(step, RevokeRole) and step.grants)


def granted(actual: Actual) -> list[str]:
    """Names of the application permissions that it has."""
    views = views_after(actual, ())
    return [str(view["name"]) for view in views if view["type"] == "application" and view["granted"]]


def taking(actual: Actual) -> tuple[Step, ...]:
    """What takes away what is granted and not declared."""
    steps = open_steps(actual)
    return tuple(
        step for step in steps if not step.grants or (isinstance(step, SetScopes) and step.before - step.scopes)
    )


def taking_back(actual: Actual, granted: t.Iterable[GrantRole | SetScopes]) -> tuple[Step, ...]:
    """Undoes what was granted. `actual`: as it is since."""
    wanted = {step.key for step in granted if isinstance(step, GrantRole)}
    scopes = {step.resource_id: step for step in granted if isinstance(step, SetScopes)}
    roles = [
        RevokeRole(assignment, _assignment_name(actual, assignment))
        for assignment in actual.assignments
        if (assignment.resource_id, assignment.app_role_id) in wanted
    ]
    grants = [grant for grant in actual.delegated or () if grant.principal_id is None and grant.resource_id in scopes]
    return (
        *roles,
        *(
            SetScopes(grant.resource_id, grant.scopes & scopes[grant.resource_id].before, grant.scopes, grant.id)
            for grant in grants
        ),
    )


def _held_and_open(steps: tuple[Step, ...], hold: t.Collection[str]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    held = tuple(step for step in steps if not isinstance(step, SetScopes) and step.name in hold)
    return held, tuple(step for step in steps if step not in held)


def open_steps(actual: Actual) -> tuple[Step, ...]:
    """Everything between what is granted and what is declared; what goes before what comes."""
    steps = (*_role_steps(actual), *_scope_steps(actual))
    return tuple(sorted(steps, key=lambda step: not isinstance(step, RevokeRole)))


def _role_steps(actual: Actual) -> t.Iterator[Step]:
    held = {(assignment.resource_id, assignment.app_role_id) for assignment in actual.assignments}
    wanted: set[tuple[str, str]] = set()
    for permission in sorted(actual.declared):
        resource = actual.catalog.resources.get(permission.resource_app_id)
        if permission.kind != "Role" or resource is None:
            continue
        wanted.add((resource.id, permission.id))
        if (resource.id, permission.id) not in held:
            yield GrantRole(permission, resource.id, resource.name(permission))
    for assignment in actual.assignments:
        if (assignment.resource_id, assignment.app_role_id) not in wanted:
            yield RevokeRole(assignment, _assignment_name(actual, assignment))


def _scope_steps(actual: Actual) -> t.Iterator[Step]:
    wanted = _wanted_scopes(actual)
    grants = actual.delegated or ()
    for grant in grants:
        declared = wanted.get(grant.resource_id, frozenset())
        # What a single user consented to is cut down to the declaration, never widened.
        target = declared if grant.principal_id is None else grant.scopes & declared
        if target != grant.scopes:
            yield SetScopes(grant.resource_id, target, grant.scopes, grant.id)
    for resource_id, scopes in sorted(wanted.items()):
        if not any(grant.resource_id == resource_id and grant.principal_id is None for grant in grants):
            yield SetScopes(resource_id, scopes)


def _wanted_scopes(actual: Actual) -> dict[str, frozenset[str]]:
    wanted: dict[str, frozenset[str]] = {}
    for permission in actual.declared:
        resource = actual.catalog.resources.get(permission.resource_app_id)
        if permission.kind == "Scope" and resource is not None:
            wanted[resource.id] = wanted.get(resource.id, frozenset()) | {resource.name(permission)}
    return wanted


def _assignment_name(actual: Actual, assignment: Assignment) -> str:
    for resource in actual.catalog.resources.values():
        if resource.id == assignment.resource_id:
            return resource.name(Permission(resource.app_id, "Role", assignment.app_role_id))
    return assignment.app_role_id


def fingerprint(actual: Actual, after: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Names what the service principal holds. `after`: the views of it once all is done."""
    views = sorted(json.dumps(view, sort_keys=True) for view in after)
    parts = [actual.app_id, actual.principal_id, actual.delegated is not None, views]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def views_after(actual: Actual, done: t.Collection[Step]) -> list[dict[str, t.Any]]:
    """Each declared permission with its consent, and each grant that nobody declared."""
    still_open = [step for step in open_steps(actual) if step not in done]
    missing_roles = {step.permission for step in still_open if isinstance(step, GrantRole)}
    missing_scopes = {
        (step.resource_id, scope)
        for step in still_open
        if isinstance(step, SetScopes)
        for scope in step.scopes - step.before
    }
    views: list[dict[str, t.Any]] = []
    for permission in sorted(actual.declared):
        view = actual.catalog.view(permission)
        resource = actual.catalog.resources.get(permission.resource_app_id)
        lacks = resource is None or (
            permission in missing_roles if permission.kind == "Role" else (resource.id, view["name"]) in missing_scopes
        )
        views.append({**view, "declared": True, "granted": not lacks})
    extra = [step for step in still_open if isinstance(step, RevokeRole)]
    views += [{"name": step.name, "type": "application", "declared": False, "granted": True} for step in extra]
    return views + [
        {"name": scope, "type": "delegated", "declared": False, "granted": True}
        for step in still_open
        if isinstance(step, SetScopes)
        for scope in sorted(step.before - step.scopes)
    ]
