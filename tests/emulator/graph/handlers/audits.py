# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/auditLogs/directoryAudits`: who changed applications, service principals and grants.

learn.microsoft.com/graph/api/directoryaudit-list; names of the activities: learn.microsoft.com/entra/identity/
monitoring-health/reference-audit-activities and public detection rules. What people do in Exchange is not in it, nor
what a test plants without a request. 7 days without a premium licence, else 30 (learn.microsoft.com/entra/identity/
monitoring-health/reference-reports-data-retention).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from emulator.call import Answer, Body, Call
from emulator.clock import parse_stamp, stamp
from emulator.graph.handlers.context import directory_of
from emulator.graph.odata.entities import DIRECTORY_AUDIT
from emulator.graph.odata.listing import list_answer
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Kind, settled

#: For so long a change does not show.
DELAY = timedelta(minutes=15)
_SECRETS = "Update application \u2013 Certificates and secrets management "
_KINDS = (("applications", "application"), ("servicePrincipals", "service principal"))
_ACTIVITIES = {
    ("POST", "/applications"): "Add application",
    ("DELETE", "/applications/{key}"): "Delete application",
    ("POST", "/servicePrincipals"): "Add service principal",
    ("DELETE", "/servicePrincipals/{key}"): "Remove service principal",
    ("POST", "/servicePrincipals/{key}/addPassword"): "Add service principal credentials",
    ("POST", "/servicePrincipals/{key}/removePassword"): "Remove service principal credentials",
    ("POST", "/applications/{key}/addPassword"): _SECRETS,
    ("POST", "/applications/{key}/removePassword"): _SECRETS,
    ("POST", "/applications/{key}/federatedIdentityCredentials"): "Update application",
    ("DELETE", "/applications/{key}/federatedIdentityCredentials/{credential}"): "Update application",
    ("POST", "/directory/deletedItems/{key}/restore"): "Restore application",
    ("POST", "/oauth2PermissionGrants"): "Add delegated permission grant",
    ("PATCH", "/oauth2PermissionGrants/{key}"): "Add delegated permission grant",
    ("DELETE", "/oauth2PermissionGrants/{key}"): "Remove delegated permission grant",
    **{("PATCH", f"/{collection}/{{key}}"): f"Update {name}" for collection, name in _KINDS},
    **{("POST", f"/{collection}/{{key}}/owners/$ref"): f"Add owner to {name}" for collection, name in _KINDS},
    **{
        ("DELETE", f"/{collection}/{{key}}/owners/{{owner}}/$ref"): f"Remove owner from {name}"
        for collection, name in _KINDS
    },
    **{
        (method, f"/servicePrincipals/{{key}}/{name}{path}"): activity
        for name in ("appRoleAssignments", "appRoleAssignedTo")
        for method, path, activity in (
            ("POST", "", "Add app role assignment to service principal"),
            ("DELETE", "/{assignment}", "Remove app role assignment from service principal"),
        )
    },
}


def list_all(call: Call) -> Answer:
    directory = directory_of(call)
    assert call.tenant is not None
    kept = timedelta(days=30 if call.tenant.premium else 7)
    return list_answer(call, DIRECTORY_AUDIT, settled(_shown(directory, kept)))


def _shown(directory: Directory, kept: timedelta) -> Iterator[Body]:
    now = directory.clock.now()
    for row in reversed(directory.audits):
        if now - kept <= parse_stamp(row["activityDateTime"]) <= now - DELAY:
            yield row


def subjects(call: Call) -> list[str]:
    """Ids of what a write is about, before it: of a grant its client and its resource."""
    if call.tenant is None or call.route is None or _activity(call) is None:
        return []
    directory, found = call.tenant.directory, [call.target.id] if call.target else []
    for kind, key in ((Kind.ROLE_ASSIGNMENT, "assignment"), (Kind.OAUTH_GRANT, "key")):
        record = directory.find(kind, "id", call.params[key]) if key in call.params else None
        if record is not None:
            found += _parties(record.true.body)
    return found


def note(call: Call, ids: Iterable[str], answer: Answer) -> None:
    """`ids`: as `subjects` told before."""
    activity = _activity(call)
    if activity is None or answer.status >= 400 or call.tenant is None:
        return
    made = answer.body if isinstance(answer.body, dict) else {}
    about = dict.fromkeys([*ids, *_parties(made), *([made["id"]] if "appId" in made else [])])
    if activity == "Update application" and call.raw_body and b"Credentials" in call.raw_body:
        activity = _SECRETS
    call.tenant.directory.audits.append(
        {
            "id": f"Directory_{call.request_id}",
            "category": "ApplicationManagement",
            "correlationId": call.request_id,
            "result": "success",
            "resultReason": "",
            "activityDisplayName": activity,
            "activityDateTime": stamp(call.now()),
            "loggedByService": "Core Directory",
            "operationType": call.method.replace("POST", "Add").replace("PATCH", "Update").replace("DELETE", "Delete"),
            "initiatedBy": _who(call),
            "targetResources": [{"id": id_, "displayName": None, "type": "Other"} for id_ in about],
            "additionalDetails": [],
        }
    )


def _activity(call: Call) -> str | None:
    return _ACTIVITIES.get((call.method, call.route.template)) if call.route is not None else None


def _parties(body: Body) -> list[str]:
    return [str(body[name]) for name in ("resourceId", "principalId", "clientId") if body.get(name)]


def _who(call: Call) -> Body:
    claims = call.claims
    if claims.get("idtyp") == "app" or "upn" not in claims:
        app = {"appId": claims.get("appid"), "displayName": None, "servicePrincipalId": claims.get("oid")}
        return {"user": None, "app": {**app, "servicePrincipalName": None}}
    user = {"id": claims.get("oid"), "displayName": None, "userPrincipalName": claims["upn"], "ipAddress": None}
    return {"app": None, "user": user}
