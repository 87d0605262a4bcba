# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.
"""Who made what an audit has found: Entra's audit log, joined to the findings as evidence."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.findings import Finding
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import (
    GraphClient,
    Read,
    odata_string,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import optional

#: What the log calls that which makes a finding, by how the names begin: learn.microsoft.com/entra/identity/
#: monitoring-health/reference-audit-activities, core directory. Exchange's own changes are in no log that Graph reads.
_APPLICATION = ("Update application",)
_CREDENTIALS = (*_APPLICATION, "Add service principal credentials", "Update service principal")
_GRANTED = ("Add app role assignment to service principal", "Add delegated permission grant", "Consent to application")
_MADE_BY: t.Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("foreign-secret", "foreign-certificate", "foreign-federation"), _CREDENTIALS),
    "foreign-owner": ("Add owner to",),
    **dict.fromkeys(("audience", "redirect-uri", "public-client", "exposed-api", "not-as-wanted"), _APPLICATION),
    "disabled": (*_APPLICATION, "Update service principal"),
    "deleted": ("Delete application",),
    "no-service-principal": ("Remove service principal",),
    **dict.fromkeys(("extra-grant", "extra-delegated-grant", "grant-beside-roles"), _GRANTED),
    "missing-grant": ("Remove app role assignment from service principal", "Remove delegated permission grant"),
    "secret-gone": _APPLICATION,
}
#: Of each object, the newest first.
_ROWS = 50


@dataclass(frozen=True)
class Event:
    """One line of the audit log. `client_id`: of the application that did it, where it was one."""

    at: datetime
    activity: str
    by: str
    client_id: str | None

    def describe(self) -> str:
        return f"audit log: {self.activity}, {self.at.isoformat(timespec='seconds')}, by {self.by}"


def with_evidence(finding: Finding, events: t.Iterable[Event], automation: str | None) -> Finding:
    """With the newest event that may have made it; what the automation did itself made no finding."""
    names = _MADE_BY.get(finding.kind, ())
    others = [event for event in events if automation is None or event.client_id != automation]
    made = [event for event in others if event.activity.startswith(names)]
    if not made:
        return finding
    newest = max(made, key=lambda event: event.at)
    return replace(finding, evidence=(*finding.evidence, newest.describe()))


def read(graph: GraphClient, ids: t.Sequence[t.Sequence[str]]) -> list[list[Event] | None]:
    """Of each registration, by the ids of its objects; all in one batch. None where the log may not be read."""
    graph.read_ahead([_audits(id_) for entry in ids for id_ in entry])
    return [_events(graph, entry) for entry in ids]


def _events(graph: GraphClient, ids: t.Sequence[str]) -> list[Event] | None:
    found: dict[str, Event] = {}
    for id_ in ids:
        # The newest page is enough: whoever has changed it fifty times has made it last.
        page = optional(partial(graph.find, *_audits(id_), action="read the audit log"))
        if page is None:
            return None
        found |= {str(row["id"]): _event(row) for row in page.get("value", ())}
    return list(found.values())


def _event(row: Json) -> Event:
    by = row.get("initiatedBy") or {}
    user, app = by.get("user") or {}, by.get("app") or {}
    person = user.get("userPrincipalName") or user.get("displayName") or user.get("id")
    service = app.get("displayName") or app.get("appId") or app.get("servicePrincipalId")
    return Event(
        parse_time(row["activityDateTime"]),
        " ".join(str(row["activityDisplayName"]).split()),
        str(person or (f"application {service}" if service else "somebody that the log does not name")),
        app.get("appId"),
    )


def _audits(id_: str) -> Read:
    return "/auditLogs/directoryAudits", {
        "$filter": f"targetResources/any(t:t/id eq {odata_string(id_)})",
        "$orderby": "activityDateTime desc",
        "$top": str(_ROWS),
    }
