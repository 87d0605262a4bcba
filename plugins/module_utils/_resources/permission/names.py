# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, UnexpectedAnswerError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import (
    GraphClient,
    Read,
    odata_string,
)

MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"

#: Graph's own words in resourceAccess: Role is an application permission, Scope a delegated one.
_FIELDS = "id,appId,displayName,accountEnabled,appRoles,oauth2PermissionScopes"

Kind = t.Literal["Role", "Scope"]
_KINDS: dict[str, Kind] = {"role": "Role", "scope": "Scope"}
KIND_NAMES: dict[Kind, str] = {"Role": "application", "Scope": "delegated"}


@dataclass(frozen=True, order=True)
class Permission:
    """One entry of requiredResourceAccess: by ids, as Graph has it."""

    resource_app_id: str
    kind: Kind
    id: str


@dataclass(frozen=True)
class Resource:
    """An API in one tenant with the names of its permissions, read from its service principal there.

    `names`: of what can be granted. `off`: by kind and id the names of what cannot: permissions that are switched off,
    and further ones of a name. `enabled`: whether there are tokens for the API.
    """

    app_id: str
    id: str
    display_name: str
    names: t.Mapping[Kind, t.Mapping[str, str]] = field(repr=False)
    off: t.Mapping[tuple[Kind, str], str] = field(repr=False, default_factory=dict)
    enabled: bool = True

    @classmethod
    def from_graph(cls, body: Json) -> t.Self:
        rows: dict[Kind, list[Json]] = {
            "Role": [row for row in body.get("appRoles") or () if _for_applications(row)],
            "Scope": [row for row in body.get("oauth2PermissionScopes") or () if row.get("value")],
        }
        names = {
            kind: {row["value"]: row["id"].lower() for row in listed if _is_on(row)} for kind, listed in rows.items()
        }
        off = {
            (kind, row["id"].lower()): row["value"]
            for kind, listed in rows.items()
            for row in listed
            if names[kind].get(row["value"]) != row["id"].lower()
        }
        enabled = body.get("accountEnabled") is not False
        return cls(body["appId"], body["id"], body.get("displayName") or "", names, off, enabled)

    def permission(self, kind: Kind, name: str) -> Permission:
        """Raises InputError that names the nearest real permission."""
        id_ = self.names[kind].get(name)
        if id_ is None:
            raise unknown_permission(self, kind, name)
        return Permission(self.app_id, kind, id_)

    def name(self, permission: Permission) -> str:
        """The name; the id where this tenant's API does not know it (any more)."""
        found = next((name for name, id_ in self.names[permission.kind].items() if id_ == permission.id), None)
        return found or self.off.get((permission.kind, permission.id), permission.id)

    def is_off(self, kind: Kind, name: str) -> bool:
        """Whether there is such a permission, switched off."""
        return any(of == kind and value == name for (of, _id), value in self.off.items())


@dataclass(frozen=True)
class Catalog:
    """The APIs that a declaration speaks of, by application id; an API that is not in the tenant is missing."""

    resources: t.Mapping[str, Resource]

    def view(self, permission: Permission) -> dict[str, str]:
        resource = self.resources.get(permission.resource_app_id)
        return {
            "resource": resource.display_name if resource else permission.resource_app_id,
            "resource_app_id": permission.resource_app_id,
            "type": KIND_NAMES[permission.kind],
            "name": resource.name(permission) if resource else permission.id,
        }

    def views(self, permissions: t.Iterable[Permission]) -> list[dict[str, str]]:
        return sorted((self.view(permission) for permission in permissions), key=lambda view: tuple(view.values()))


def read_catalog(graph: GraphClient, app_ids: t.Iterable[str]) -> Catalog:
    """One GET for each API. The roles of Microsoft Graph alone weigh hundreds of kilobytes: only what is needed."""
    found = {app_id: _read_resource(graph, app_id) for app_id in sorted(set(app_ids))}
    return Catalog({app_id: resource for app_id, resource in found.items() if resource is not None})


def with_resources(graph: GraphClient, catalog: Catalog, ids: t.Iterable[str]) -> Catalog:
    """The catalog and the APIs that are known by the id of their service principal only."""
    known = {resource.id for resource in catalog.resources.values()}
    found = [_read(graph, (f"/servicePrincipals/{id_}", {"$select": _FIELDS}), id_) for id_ in sorted(set(ids) - known)]
    return Catalog({**catalog.resources, **{resource.app_id: resource for resource in found if resource is not None}})


def permissions_from_graph(required_resource_access: t.Iterable[Json] | None) -> frozenset[Permission]:
    """Clients write ids and types in any case, and name an API or a permission more than once.

    Raises UnexpectedAnswerError for a type that is none.
    """
    return frozenset(
        Permission(resource["resourceAppId"].lower(), kind, access["id"].lower())
        for resource in required_resource_access or ()
        for access in resource.get("resourceAccess") or ()
        for kind in _kinds(str(access["type"]))
    )


def _kinds(type_: str) -> t.Iterator[Kind]:
    """Manifests have also been seen with both in one: `Role,Scope`."""
    for part in type_.split(","):
        kind = _KINDS.get(part.strip().lower())
        if kind is None:
            raise UnexpectedAnswerError(
                f"The application declares a permission of an unknown type: '{type_}'.",
                next_step="Types are Role and Scope: an Application Administrator of the tenant corrects the "
                "declaration (App registrations, Manifest).",
            )
        yield kind


def resource_read(app_id: str) -> Read:
    return f"/servicePrincipals(appId={odata_string(app_id)})", {"$select": _FIELDS}


def _read_resource(graph: GraphClient, app_id: str) -> Resource | None:
    return _read(graph, resource_read(app_id), app_id)


def _read(graph: GraphClient, read: Read, id_: str) -> Resource | None:
    body = graph.find_lasting(*read, action=f"read the permissions of API {id_}")
    return None if body is None else Resource.from_graph(body)


def _for_applications(role: Json) -> bool:
    members = role.get("allowedMemberTypes")
    return bool(role.get("value")) and (members is None or "application" in map(str.lower, members))


def _is_on(permission: Json) -> bool:
    return permission.get("isEnabled") is not False


def unknown_permission(resource: Resource, kind: Kind, name: str) -> InputError:
    if resource.is_off(kind, name):
        return InputError(
            f"The {KIND_NAMES[kind]} permission '{name}' of {resource.display_name} is switched off.",
            next_step="Whoever publishes that API switches it on, or you choose another permission.",
            code="PermissionSwitchedOff",
        )
    other: Kind = "Scope" if kind == "Role" else "Role"
    suggestion = nearest(name, resource.names[kind])
    hint = f"Did you mean {suggestion}?" if suggestion else "See Microsoft's permissions reference for the names."
    if name in resource.names[other]:
        hint = f"{name} exists as {KIND_NAMES[other]} permission only. {hint}"
    return InputError(
        f"{resource.display_name} has no {KIND_NAMES[kind]} permission '{name}'.",
        next_step=hint,
        code="UnknownPermission",
        details=[{"name": name, "suggestion": suggestion}],
    )


def nearest(name: str, known: t.Iterable[str]) -> str | None:
    """The most alike name, whatever the order of its parts: Send.Mail and Email.Send both mean Mail.Send."""
    scored = [
        (max(_likeness(name, other), _likeness(_sorted_parts(name), _sorted_parts(other))), other) for other in known
    ]
    score, best = max(scored, default=(0.0, ""))
    return best if score >= 0.6 else None


def _likeness(left: str, right: str) -> float:
    return SequenceMatcher(None, left.lower(), right.lower()).ratio()


def _sorted_parts(name: str) -> str:
    return ".".join(sorted(name.lower().split(".")))
