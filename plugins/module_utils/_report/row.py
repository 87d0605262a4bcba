# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._printable import printable
from ansible_collections.totalview.exchange365.plugins.module_utils._states import state_of

Row: t.TypeAlias = "dict[str, t.Any]"

#: Of connector_result; any other key is not told.
_TOLD = ("tenant_id", "registrations", "steps", "warnings", "findings")
#: Texts of people and of tenants, and ids. What an anonymous report has is on the list below, not off this one.
_ANONYMOUS_REGISTRATION = ("name", "restriction", "secret_ends", "delivered_at", "proven_at")
_ANONYMOUS_FINDING = ("kind", "severity", "since", "accepted_until", "playbook")


def row(result: t.Mapping[str, t.Any], playbook: str, at: str, *, check_mode: bool) -> Row:
    """One tenant of a report, from its connector_result and connector_details."""
    awaited = result.get("deliveries")
    follows = result.get("next") if result.get("next") != "-" else awaited
    made: Row = {
        "tenant": result["tenant"],
        "state": result["state"],
        "who": _who(result, is_delivery=follows == awaited) if follows else None,
        "next": follows or "",
        "by": result.get("by"),
        "changed": result.get("changed") or [],
        "playbook": playbook,
        "check_mode": check_mode,
        "at": at,
        **{name: result.get(name) or [] for name in _TOLD},
    }
    made["tenant_id"] = made["tenant_id"] or None
    return t.cast("Row", printable(made))


def _who(result: t.Mapping[str, t.Any], *, is_delivery: bool) -> str | None:
    return "you" if is_delivery or result.get("type_in") else state_of(result["state"]).who


def anonymous(entry: Row, pseudonym: str) -> Row:
    """The same without anything that a customer could be known by: names, ids and free text."""
    return {
        **entry,
        "tenant": pseudonym,
        "tenant_id": None,
        "next": "",
        "registrations": [_only(found, _ANONYMOUS_REGISTRATION) for found in entry["registrations"]],
        "steps": [{**_only(step, ("registration", "part")), "changes": []} for step in entry["steps"]],
        "warnings": [],
        "findings": [{**_only(found, _ANONYMOUS_FINDING), "id": found["kind"]} for found in entry["findings"]],
    }


def _only(entry: t.Mapping[str, t.Any], names: t.Iterable[str]) -> dict[str, t.Any]:
    return {name: entry[name] for name in names if name in entry}
