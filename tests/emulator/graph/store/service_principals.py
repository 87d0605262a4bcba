# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of service principals."""

from __future__ import annotations

from uuid import uuid4

from emulator.clock import stamp
from emulator.graph.store import templates
from emulator.graph.store.conflicts import Conflict, Reason
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Body, Kind, Record


def backing_application(directory: Directory, app_id: str) -> Record:
    """The application that a new service principal stands for, once readers see it.

    Just after the application was made, Microsoft refuses in two ways one after the other; the second looks like
    missing rights (terraform-provider-azuread, service_principal_resource.go).
    """
    application = directory.find_live(Kind.APPLICATION, "appId", app_id)
    if application is None:
        raise Conflict(Reason.NO_SUCH_APPLICATION, app_id)
    if not directory.peek(application).live:
        before = application.state.refuse()
        raise Conflict(Reason.BACKING_APPLICATION_ELSEWHERE if before else Reason.NO_SUCH_APPLICATION, app_id)
    return application


def create(
    directory: Directory, app_id: str, fields: Body, *, owners: tuple[str, ...] = (), created_by: str | None = None
) -> Record:
    if directory.find(Kind.SERVICE_PRINCIPAL, "appId", app_id) is not None:
        # Also while a soft-deleted one holds the app id; Microsoft does not say, so the stricter reading holds.
        raise Conflict(Reason.SERVICE_PRINCIPAL_EXISTS, app_id)
    application = backing_application(directory, app_id)
    body = {**new_body(directory, application.true.body, str(uuid4())), **fields}
    body["createdByAppId"] = created_by
    return directory.add(Kind.SERVICE_PRINCIPAL, body, owners=owners)


def create_settled(directory: Directory, application: Record, object_id: str) -> Record:
    """As the portal and the consent page do it: there at once for everybody."""
    body = new_body(directory, application.true.body, object_id)
    return directory.add(Kind.SERVICE_PRINCIPAL, body, owners=application.true.owners, settled=True)


def new_body(directory: Directory, application: Body, object_id: str) -> Body:
    web = application["web"]
    return {
        **templates.SERVICE_PRINCIPAL,
        "id": object_id,
        "appDisplayName": application["displayName"],
        "appDescription": application["description"],
        "appId": application["appId"],
        "appOwnerOrganizationId": directory.tenant_id,
        "createdDateTime": stamp(directory.clock.now()),
        "displayName": application["displayName"],
        "replyUrls": web["redirectUris"],
        "servicePrincipalNames": [*application["identifierUris"], application["appId"]],
        "signInAudience": application["signInAudience"],
        "tags": application["tags"],
        "createdByAppId": None,
        "isDisabled": application.get("isDisabled"),
    }


def require_unlocked(directory: Directory, record: Record, name: str) -> None:
    """An application may forbid credentials on its service principals (serviceprincipallockconfiguration)."""
    if record.kind is not Kind.SERVICE_PRINCIPAL:
        return
    application = directory.find_live(Kind.APPLICATION, "appId", record.true.body["appId"])
    lock = (application.true.body["servicePrincipalLockConfiguration"] if application else None) or {}
    if lock.get("isEnabled") and (lock.get("allProperties") or lock.get("credentialsWithUsageVerify")):
        raise Conflict(Reason.PRINCIPAL_LOCKED, name)


def reference(directory: Directory, object_id: str) -> Record:
    """A service principal that a grant names; a fresh one is refused as a reference until readers see it."""
    record = directory.find_live(Kind.SERVICE_PRINCIPAL, "id", object_id)
    if record is not None and not directory.peek(record).live:
        record.state.refuse()
        record = None
    if record is None:
        raise Conflict(Reason.NOT_A_VALID_REFERENCE)
    return record
