# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ForbiddenError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import (
    GraphClient,
    Read,
    odata_string,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import optional
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import (
    Actual,
    Application,
    Desired,
    ServicePrincipal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.plan import (
    to_adopt,
    to_restore,
)

_APPLICATION_FIELDS = "id,appId,displayName,uniqueName,signInAudience,notes,tags,createdDateTime,createdByAppId"
_APPLICATION_FIELDS += ",isDisabled,disabledByMicrosoftStatus"
#: All that any of our readers wants of an application: read ahead once, it serves them all.
_ALL_FIELDS = f"{_APPLICATION_FIELDS},requiredResourceAccess,passwordCredentials,keyCredentials"
_DELETED: Read = ("/directory/deletedItems/graph.application", {"$select": _ALL_FIELDS})
_KEY = re.compile(r"^[A-Za-z0-9-]{1,120}\Z")
_SERVICE_PRINCIPAL_FIELDS = "id,appId,accountEnabled,createdDateTime,passwordCredentials,keyCredentials"
_SERVICE_PRINCIPAL_FIELDS += ",disabledByMicrosoftStatus"


def application_read(unique_name: str) -> Read:
    """Raises InputError for what cannot be a key."""
    if not _KEY.match(unique_name):
        raise InputError(
            f"unique_name '{unique_name}' cannot be a key.",
            next_step="Use letters, digits and hyphens, at most 120; Microsoft documents no other characters.",
        )
    return f"/applications(uniqueName={odata_string(unique_name)})", {"$select": _ALL_FIELDS}


def client_id_read(client_id: str) -> Read:
    return f"/applications(appId={odata_string(client_id)})", {"$select": _ALL_FIELDS}


def located_reads(unique_name: str, client_id: str | None) -> list[Read]:
    """Of a registration: its application, and its service principal where the client id is known."""
    if client_id is None:
        return [application_read(unique_name)]
    return [client_id_read(client_id), service_principal_read(client_id)]


def service_principal_read(app_id: str) -> Read:
    return f"/servicePrincipals(appId={odata_string(app_id)})", {"$select": _SERVICE_PRINCIPAL_FIELDS}


def unkeyed_reads(desired: Desired) -> tuple[Read, Read]:
    """What is searched where the key finds nothing: deleted applications, and those that people made."""
    return _DELETED, ("/applications", {"$filter": _candidate_condition(desired), "$select": _APPLICATION_FIELDS})


def all_reads(desired: Desired) -> list[Read]:
    """All that a registration of which nothing is known is looked for by."""
    return [application_read(desired.unique_name), *unkeyed_reads(desired)]


def find_by_unique_name(graph: GraphClient, unique_name: str) -> Json | None:
    return graph.find(*application_read(unique_name), action=f"read application {unique_name}")


def find_application(graph: GraphClient, unique_name: str, client_id: str | None = None) -> Json | None:
    """By its client id where the registration was located before, else by its key."""
    if client_id is None:
        return find_by_unique_name(graph, unique_name)
    return graph.find(*client_id_read(client_id), action=f"read application {unique_name}")


def find_service_principal(graph: GraphClient, app_id: str) -> ServicePrincipal | None:
    body = graph.find(*service_principal_read(app_id), action="read the service principal")
    return None if body is None else ServicePrincipal.from_graph(body)


def read(graph: GraphClient, desired: Desired) -> Actual:
    """GETs only. The searches for deleted and hand-made applications are made only where the key finds nothing."""
    actual = _read(graph, desired)
    missing = [owner for owner in desired.owners if owner not in actual.owners]
    return replace(actual, unknown_owners=tuple(owner for owner in missing if not _may_own(graph, owner)))


def _read(graph: GraphClient, desired: Desired) -> Actual:
    body = find_by_unique_name(graph, desired.unique_name)
    if body is None:
        return _read_unkeyed(graph, desired)
    application = Application.from_graph(body)
    return _with_surroundings(graph, desired, Actual(application=application), application)


def _may_own(graph: GraphClient, object_id: str) -> bool:
    """Whether it is a service principal or a user; yes where we may not read them: Graph then judges."""
    return any(_is_there(graph, f"/{collection}/{object_id}") for collection in ("servicePrincipals", "users"))


def _is_there(graph: GraphClient, path: str) -> bool:
    try:
        return graph.find(path, {"$select": "id"}, action="read an owner") is not None
    except ForbiddenError:
        return True


def read_absent(graph: GraphClient, unique_name: str, client_id: str | None = None, *, purge: bool = False) -> Actual:
    """As much as `plan_absent` needs. By its client id where that is known: the key may sit on somebody else's."""
    body = find_application(graph, unique_name, client_id)
    if body is not None:
        principal = find_service_principal(graph, body["appId"]) if purge else None
        return Actual(application=Application.from_graph(body), service_principal=principal)
    if client_id is None:
        return Actual(deleted=_deleted(graph, unique_name))

    def search() -> Actual:
        principal = find_deleted_principal(graph, client_id) if purge else None
        return Actual(deleted=_deleted_by_client_id(graph, client_id), deleted_service_principal_id=principal)

    # Whether it was deleted matters only to who wants it gone for good.
    return search() if purge else optional(search) or Actual(search_refused=True)


def _read_unkeyed(graph: GraphClient, desired: Desired) -> Actual:
    def search() -> Actual:
        return Actual(deleted=_deleted(graph, desired.unique_name), candidates=_candidates(graph, desired))

    # With Application.ReadWrite.OwnedBy alone nothing may be listed: only our key can tell what is ours.
    actual = search() if desired.adopt else optional(search)
    if actual is None:
        return Actual(search_refused=True)
    ours = next((row for row in actual.candidates if row.unique_name == desired.unique_name), None)
    if ours is not None:
        # The list shows what the key does not find yet: an application that was made just now.
        return _with_surroundings(graph, desired, Actual(application=ours), ours)
    restored = to_restore(actual)
    if restored is not None:
        return replace(actual, deleted_service_principal_id=find_deleted_principal(graph, restored.app_id))
    adopted = to_adopt(actual, desired)
    return actual if adopted is None else _with_surroundings(graph, desired, actual, adopted)


def _with_surroundings(graph: GraphClient, desired: Desired, actual: Actual, found: Application) -> Actual:
    principal = find_service_principal(graph, found.app_id)
    return replace(
        actual,
        service_principal=principal,
        owners=list_owners(graph, found.id) if desired.owners else (),
        deleted_service_principal_id=find_deleted_principal(graph, found.app_id) if principal is None else None,
    )


def _deleted(graph: GraphClient, unique_name: str) -> tuple[Application, ...]:
    # Filtering deleted items by uniqueName is not documented, so the list is searched here.
    rows = graph.list(*_DELETED, action="list deleted applications")
    return tuple(Application.from_graph(row) for row in rows if row.get("uniqueName") == unique_name)


def find_deleted(graph: GraphClient, client_id: str) -> Json | None:
    rows = graph.list(*_DELETED, action="list deleted applications")
    return next((row for row in rows if row["appId"].lower() == client_id.lower()), None)


def _deleted_by_client_id(graph: GraphClient, client_id: str) -> tuple[Application, ...]:
    body = find_deleted(graph, client_id)
    return () if body is None else (Application.from_graph(body),)


def foresee_restored(graph: GraphClient, client_id: str) -> None:
    """Whoever reads it by its client id from now on finds it as it will be when it is restored."""
    body = find_deleted(graph, client_id)
    if body is not None:
        graph.foresee(client_id_read(client_id), body)


def find_deleted_principal(graph: GraphClient, app_id: str) -> str | None:
    path, query = "/directory/deletedItems/graph.servicePrincipal", {"$select": "id,appId"}
    # OwnedBy alone may not list; the upsert then makes a new one or is refused with a reason.
    rows = optional(lambda: graph.list(path, query, action="list deleted service principals"))
    return next((row["id"] for row in rows or () if row.get("appId") == app_id), None)


def _candidates(graph: GraphClient, desired: Desired) -> tuple[Application, ...]:
    return _list_applications(graph, _candidate_condition(desired))


def _candidate_condition(desired: Desired) -> str:
    if desired.adopt_client_id:
        return f"appId eq {odata_string(desired.adopt_client_id)}"
    return f"displayName eq {odata_string(desired.display_name)}"


def _list_applications(graph: GraphClient, condition: str) -> tuple[Application, ...]:
    query = {"$filter": condition, "$select": _APPLICATION_FIELDS}
    return tuple(
        Application.from_graph(row) for row in graph.list("/applications", query, action="search applications")
    )


def list_applications(graph: GraphClient) -> list[Json]:
    """All of the tenant, as far as any reader wants to know of them."""
    return graph.list("/applications", {"$select": _ALL_FIELDS}, action="list the applications")


def owners_read(collection: str, id_: str) -> Read:
    return f"/{collection}/{id_}/owners", {"$select": "id,displayName"}


def list_owners(graph: GraphClient, application_id: str) -> tuple[str, ...]:
    rows = graph.list(*owners_read("applications", application_id), action="list the owners")
    return tuple(row["id"] for row in rows)


def search(
    graph: GraphClient, *, unique_name: str | None, client_id: str | None, display_name: str | None
) -> tuple[Application, ...]:
    """By the one key that is given."""
    if unique_name:
        body = find_by_unique_name(graph, unique_name)
        return () if body is None else (Application.from_graph(body),)
    if client_id:
        return _list_applications(graph, f"appId eq {odata_string(client_id)}")
    return _list_applications(graph, f"displayName eq {odata_string(display_name or '')}")


def require(found: str | None, unique_name: str) -> None:
    """Outside of check mode a part of a registration needs the registration. Raises InputError."""
    if found is None:
        raise InputError(
            f"There is no complete registration {unique_name} in this tenant.",
            next_step="Make it first with azure_app_registration.",
            code="RegistrationMissing",
        )
