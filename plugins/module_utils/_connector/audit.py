# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from datetime import date

from ansible_collections.totalview.exchange365.plugins.module_utils._connector import changed_by, findings_read
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.findings import (
    KINDS,
    SETTINGS,
    SEVERITIES,
    Finding,
    findings,
    of_handoff,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.handoff import Handoff
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Planned
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.result import unchanged_result
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.suggestion import with_suggestion
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import Variables
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore

View: t.TypeAlias = "dict[str, t.Any]"


_UNREAD_SIGN_INS = (
    "When the registrations last signed in is not told: that needs AuditLog.Read.All and a licence of Entra ID P1 or "
    "P2."
)
_UNREAD_AUDITS = "Who made what was found is not told: that needs AuditLog.Read.All and Directory.Read.All."


class Accepted(t.NamedTuple):
    """A finding that somebody has decided to live with, until the end of a day."""

    reason: str
    until: date


def accepted(variables: Variables) -> dict[str, Accepted]:
    """By the finding's id. Raises InputError, also for what no finding is ever called."""
    rows = variables["connector_accepted"]
    for row in rows:
        kind = row["id"].partition(":")[0]
        if kind not in KINDS:
            raise InputError(
                f"connector_accepted: {row['id']} is no finding's id: there is no kind {with_suggestion(kind, KINDS)}.",
                next_step="Take the id from the report; nothing was written.",
                code="InventoryMistake",
            )
    return {row["id"]: Accepted(row["reason"], _day(row["until"], row["id"])) for row in rows}


def audit(
    tenant: Tenant, planned: t.Sequence[Planned], handoff: Handoff, store: SecretStore, variables: Variables, host: str
) -> View:
    """What is not as it should be in a tenant that was read and planned, and what comes of it."""
    decided, fail_on = accepted(variables), variables["connector_fail_on"]
    found, unread = _found(tenant, planned, store, variables)
    # What is refused hides it, and a new secret has one of its own.
    if not any(entry.refused or entry.issues_secret for entry in planned):
        found += of_handoff(handoff.plan(planned, unproven=variables["connector_handoff_unproven"]))
    today = tenant.graph.now.date()
    views = [_decided(finding.view(), decided, today) for finding in sorted(found, key=lambda one: (one.rank, one.id))]
    open_ones = [view for view in views if "accepted_until" not in view]
    fails = [view for view in open_ones if fail_on in SEVERITIES[SEVERITIES.index(view["severity"]) :]]
    return {
        "result": _result(host, open_ones),
        "findings": views,
        "fails": bool(fails),
        "warnings": [*unread, *_not_found(decided, views), *_nobodys(variables, planned, found)],
    }


def _not_found(decided: t.Iterable[str], views: t.Sequence[View]) -> t.Iterator[str]:
    """What somebody accepts and nobody finds: it was mended, or the id has a slip, and hides nothing."""
    found = {view["id"] for view in views}
    for id_ in decided:
        if id_ not in found:
            yield f"connector_accepted names {id_}, which is not found. If it was mended, take it out."


def _nobodys(variables: Variables, planned: t.Sequence[Planned], found: t.Sequence[Finding]) -> t.Iterator[str]:
    """Decisions on what neither registration has. Where one could not be read, nobody knows."""
    if any(entry.wanted.client_id is None or entry.refused for entry in planned):
        return
    settings = {finding.subject.lower() for finding in found if finding.kind in SETTINGS.values()}
    present = settings.union(*(entry.access.present for entry in planned))
    for name in ("connector_adopt_credentials", "connector_adopt_owners"):
        for decision, ids in (variables[name] or {}).items():
            unknown = [id_ for id_ in ids if id_.lower() not in present]
            if unknown:
                yield (
                    f"{name} names {', '.join(unknown)} under {decision}, which neither registration has. If it has "
                    "gone, take it out."
                )


def _found(
    tenant: Tenant, planned: t.Sequence[Planned], store: SecretStore, variables: Variables
) -> tuple[list[Finding], list[str]]:
    """And what could not be asked."""
    located = [(entry.wanted.client_id, entry.wanted.registration.display_name) for entry in planned]
    reports = tenant.sign_in_reports if variables["connector_sign_in_reports"] else None
    around = findings_read.read(tenant.graph, reports, located)
    found = [
        list(findings(entry, surroundings, store.read(tenant.directory_id, entry.wanted.unique_name), tenant.graph.now))
        for entry, surroundings in zip(planned, around, strict=True)
    ]
    unread = []
    if reports is not None and any(c and not s.sign_ins_read for (c, _n), s in zip(located, around, strict=True)):
        unread.append(_UNREAD_SIGN_INS)
    if variables["connector_directory_audits"] and any(found):
        found, all_read = _with_evidence(tenant, planned, found)
        unread += [] if all_read else [_UNREAD_AUDITS]
    return [finding for entry in found for finding in entry], unread


def _with_evidence(
    tenant: Tenant, planned: t.Sequence[Planned], found: t.Sequence[list[Finding]]
) -> tuple[list[list[Finding]], bool]:
    """Nobody is asked about a registration of which nothing was found."""
    ids = [_ids(entry) if rows else [] for entry, rows in zip(planned, found, strict=True)]
    events = changed_by.read(tenant.graph, ids)
    automation = tenant.client_id
    told = [
        [changed_by.with_evidence(finding, of_it or (), automation) for finding in rows]
        for rows, of_it in zip(found, events, strict=True)
    ]
    return told, all(of_it is not None for of_it in events)


def _ids(planned: Planned) -> list[str]:
    """By which the audit log knows a registration, also one that is deleted."""
    actual = planned.registration
    if actual is None:
        return []
    objects = (actual.application, actual.service_principal, *actual.deleted)
    ids = (*(entry.id for entry in objects if entry is not None), actual.deleted_service_principal_id)
    return [id_ for id_ in dict.fromkeys(ids) if id_]


def _decided(view: View, decided: t.Mapping[str, Accepted], today: date) -> View:
    found = decided.get(view["id"])
    if found is None or found.until < today:
        return view
    return {**view, "accepted_until": found.until.isoformat(), "reason": found.reason}


def _result(host: str, open_ones: t.Sequence[View]) -> View:
    """The role's connector_result after its tasks `audit`."""
    if not open_ones:
        return unchanged_result(host, "clean", "-")
    worst, more = open_ones[0], len(open_ones) - 1
    about = f"{worst['registration']}: " if worst["registration"] else ""
    besides = f" And {more} more, in the report." if more else ""
    evidence = f" ({'; '.join(worst['evidence'])})" if worst["evidence"] else ""
    told = f"{worst['severity']}: {about}{worst['what'].removesuffix('.')}{evidence}. {worst['advice']}{besides}"
    return unchanged_result(host, "findings", told)


def _day(text: str, id_: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"connector_accepted: until '{text}' of {id_} is no date.",
            next_step="Write it as in 2027-01-31; nothing was written.",
            code="InventoryMistake",
        ) from error
