# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ConnectorError,
    GraphError,
    NotFoundError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import (
    GraphClient,
    odata_string,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import is_taken
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.replication import (
    DEADLINE,
    await_visible,
    is_young,
    settle,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.apply import remove
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import RemoveAccess
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import (
    Actual,
    AddOwner,
    Application,
    CreateApplication,
    CreateServicePrincipal,
    DeleteApplication,
    Desired,
    EnableServicePrincipal,
    PurgeApplication,
    PurgeServicePrincipal,
    RestoreApplication,
    RestoreServicePrincipal,
    StampUniqueName,
    Step,
    UpdateApplication,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.plan import (
    check_ours,
    differences,
    found,
    kept_out,
    unknown_owners,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    application_read,
    client_id_read,
    find_by_unique_name,
    find_deleted_principal,
    find_service_principal,
    list_owners,
    service_principal_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tries

_ALREADY_OWNER = "added object references already exist"
#: Readings come from several replicas; what was deleted before we began is shown by one of them.
_GLANCE = timedelta(seconds=4)


@dataclass
class _Progress:
    """What the steps learn on their way.

    `patience`: how long a service principal that the application has may be hidden from our readings. `enables`: it was
    disabled, and is to be read as enabled. `deactivated`: since something of it is being restored.
    """

    id: str = ""
    app_id: str = ""
    young: bool = False
    principal_id: str | None = None
    desired: Desired | None = None
    patience: timedelta = _GLANCE
    enables: bool = False
    deactivated: bool = False


def apply(graph: GraphClient, actual: Actual, desired: Desired, change: Change[Step]) -> Actual:
    """Write the planned steps, wait until they can be read, and answer the registration as it is now."""
    principal = actual.service_principal
    known = found(actual, desired)
    progress = _Progress()
    if known is not None:
        progress = _Progress(known.id, known.app_id, is_young(known.created, graph.now))
    progress.principal_id = principal.id if principal else None
    progress.desired = desired
    for step in change.steps:
        _write(graph, step, progress)
    if not change.changed:
        return actual
    return _read_back(graph, desired, progress)


def apply_absent(graph: GraphClient, change: Change[Step]) -> None:
    progress = _Progress()
    for step in change.steps:
        _write(graph, step, progress)


def _read_back(graph: GraphClient, desired: Desired, progress: _Progress) -> Actual:
    latest = Actual()

    def visible() -> bool:
        nonlocal latest
        graph.read_ahead([application_read(desired.unique_name), service_principal_read(progress.app_id)])
        body = find_by_unique_name(graph, desired.unique_name)
        wanted = kept_out(desired) if progress.deactivated else desired
        if body is None or differences(Application.from_graph(body), wanted):
            return False
        application = Application.from_graph(body)
        if progress.deactivated:  # which a reading may show late
            application = replace(application, disabled=True)
        owners = list_owners(graph, application.id) if desired.owners else ()
        latest = Actual(application, find_service_principal(graph, application.app_id), owners)
        principal = latest.service_principal
        if principal is None or (progress.enables and not principal.enabled):
            return False
        return set(desired.owners) <= set(owners)

    await_visible(visible, what=f"Registration {desired.display_name}")
    return latest


def _write(graph: GraphClient, step: Step, progress: _Progress) -> None:
    match step:
        case CreateApplication():
            _create(graph, step, progress)
        case RestoreApplication():
            _restore_application(graph, step, progress)
        case RestoreServicePrincipal():
            _restore_principal(graph, step, progress)
        case StampUniqueName():
            _patch(graph, step.id, {"uniqueName": step.unique_name}, step.describe(), progress)
        case UpdateApplication():
            _patch(graph, step.id, dict(step.properties), f"{step.describe()} of the application", progress)
        case CreateServicePrincipal() | EnableServicePrincipal():
            _open_principal(graph, step, progress)
        case AddOwner():
            _add_owner(graph, step, progress)
        case RemoveAccess():
            remove(graph, progress.id, progress.principal_id, step)
        case DeleteApplication() | PurgeApplication() | PurgeServicePrincipal():
            _take_away(graph, step, progress)


def _open_principal(
    graph: GraphClient, step: CreateServicePrincipal | EnableServicePrincipal, progress: _Progress
) -> None:
    if isinstance(step, EnableServicePrincipal):
        graph.patch(f"/servicePrincipals/{step.id}", {"accountEnabled": True}, action=step.describe())
        progress.enables = True
    else:
        _create_principal(graph, progress)


def _take_away(
    graph: GraphClient, step: DeleteApplication | PurgeApplication | PurgeServicePrincipal, progress: _Progress
) -> None:
    match step:
        case DeleteApplication():
            _delete(graph, step, progress)
        case PurgeApplication():
            _purge(graph, step.id, step.describe(), progress)
        case PurgeServicePrincipal():
            # Some are gone with their application: to wait until it shows would be to wait for nothing.
            _purge(graph, step.id, step.describe(), _Progress())


def _restore(graph: GraphClient, id_: str, action: str, progress: _Progress) -> None:
    graph.post(f"/directory/deletedItems/{id_}/restore", {}, action=action)
    # A restored object replicates like a new one.
    progress.young, progress.patience = True, DEADLINE


def _restore_application(graph: GraphClient, step: RestoreApplication, progress: _Progress) -> None:
    """It goes again where it cannot be deactivated: in some tenants its service principal comes back by itself."""
    _restore(graph, step.id, step.describe(), progress)
    try:
        _deactivate(graph, progress)
    except ConnectorError:
        _delete(graph, DeleteApplication(step.id), progress)
        raise


def _deactivate(graph: GraphClient, progress: _Progress) -> None:
    """Nobody signs in until it is known what came back: a service principal is restored with its configuration
    (learn.microsoft.com/entra/identity/enterprise-apps/restore-application), which is what was granted to it."""
    if not progress.deactivated:
        _patch(graph, progress.id, {"isDisabled": True}, "deactivate the application while it is restored", progress)
        progress.deactivated = True


def activate(graph: GraphClient, application: Application) -> None:
    graph.patch(f"/applications/{application.id}", {"isDisabled": False}, action="activate the application")
    await_visible(lambda: not _is_deactivated(graph, application.app_id), what="The activation")


def _is_deactivated(graph: GraphClient, app_id: str) -> bool:
    body = graph.find(*client_id_read(app_id), action="read whether the application is active")
    return body is None or body.get("isDisabled") is True


def _restore_principal(graph: GraphClient, step: RestoreServicePrincipal, progress: _Progress) -> None:
    _deactivate(graph, progress)
    try:
        _restore(graph, step.id, step.describe(), progress)
    except NotFoundError:
        # Gone for good, or come back with its application: whether Microsoft does that by itself is not documented.
        _create_principal(graph, progress)


def _create(graph: GraphClient, step: CreateApplication, progress: _Progress) -> None:
    path = f"/applications(uniqueName={odata_string(step.unique_name)})"
    body = graph.upsert(path, dict(step.properties), action=step.describe())
    progress.patience = timedelta()
    if body is None:
        # 204: it was made between our reading and our writing, by another run of ours or by a stranger.
        progress.patience = DEADLINE
        await_visible(
            lambda: find_by_unique_name(graph, step.unique_name) is not None, what=f"Application {step.unique_name}"
        )
        body = t.cast("Json", find_by_unique_name(graph, step.unique_name))
        if progress.desired is not None:
            check_ours(Application.from_graph(body), progress.desired)
    progress.id, progress.app_id, progress.young = body["id"], body["appId"], True


def _patch(graph: GraphClient, id_: str, body: Json, action: str, progress: _Progress) -> None:
    settle(
        lambda: graph.patch(f"/applications/{id_}", body, action=action),
        what="The application's update",
        young=progress.young,
    )


def _create_principal(graph: GraphClient, progress: _Progress) -> None:
    path = f"/servicePrincipals(appId={odata_string(progress.app_id)})"
    try:
        settle(
            lambda: graph.upsert(path, {"accountEnabled": True}, action="create the service principal"),
            what="The service principal",
            young=progress.young,
        )
    except GraphError as error:
        if not (is_taken(error) and _found_hidden_principal(graph, progress)):
            raise


def _found_hidden_principal(graph: GraphClient, progress: _Progress) -> bool:
    """Whether the application has a service principal that our reading did not show; one that was deleted is restored.

    It was made just now, or deleted just now. Where neither is likely the key belongs to another object, and waiting
    does not change that.
    """
    for _turn in tries("Microsoft Entra to show the service principal", progress.patience):
        deleted = find_deleted_principal(graph, progress.app_id)
        if deleted is not None:
            _deactivate(graph, progress)
            with contextlib.suppress(NotFoundError):  # somebody restored it since; the reading back will tell
                _restore(graph, deleted, "restore the service principal", progress)
        if deleted is not None or find_service_principal(graph, progress.app_id) is not None:
            return True
    return False


def _add_owner(graph: GraphClient, step: AddOwner, progress: _Progress) -> None:
    reference = {"@odata.id": graph.reference(f"/directoryObjects/{step.id}")}
    path = f"/applications/{progress.id}/owners/$ref"

    def add() -> None:
        try:
            graph.post_no_content(path, reference, action=step.describe())
        except NotFoundError as error:
            # The owner is not found, so it is not the application that lags.
            if step.id in error.message.lower():
                raise unknown_owners(step.id) from error
            raise

    try:
        settle(add, what="The owner", young=progress.young)
    except GraphError as error:
        # A restored application has its owners back, which could not be read while it was deleted.
        if error.trace.status != HTTPStatus.BAD_REQUEST or _ALREADY_OWNER not in error.message:
            raise


def _delete(graph: GraphClient, step: DeleteApplication, progress: _Progress) -> None:
    with contextlib.suppress(NotFoundError):
        graph.delete(f"/applications/{step.id}", action=step.describe())
    await_visible(lambda: not _is_there(graph, f"/applications/{step.id}"), what="The deletion")
    progress.young = True


def _purge(graph: GraphClient, id_: str, action: str, progress: _Progress) -> None:
    """Where nobody waits until it shows in the deleted items, it may show late: it is deleted when it does."""
    path = f"/directory/deletedItems/{id_}"
    if progress.young:
        await_visible(lambda: _is_there(graph, path), what="The deletion")
    _delete_for_good(graph, path, action)

    def is_gone() -> bool:
        if not _is_there(graph, path):
            return True
        if not progress.young:
            _delete_for_good(graph, path, action)
        return False

    await_visible(is_gone, what="The permanent deletion")


def _delete_for_good(graph: GraphClient, path: str, action: str) -> None:
    with contextlib.suppress(NotFoundError):
        graph.delete(path, action=action)


def _is_there(graph: GraphClient, path: str) -> bool:
    return graph.find(path, {"$select": "id"}, action="read the application") is not None
