# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

"""What people are asked for by a tenant's messages."""

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Planned
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.result import item_result
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import Variables
from ansible_collections.totalview.exchange365.plugins.module_utils._duration import parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.waiting import asked_for

Json: t.TypeAlias = "t.Mapping[str, t.Any]"


def of_plan(
    variables: Variables, planned: t.Sequence[Planned], registrations: t.Sequence[Json], handoff: str
) -> dict[str, t.Any]:
    """As connector_plan has read it; nothing where no messages are wanted. `registrations`: as a report tells them.
    `handoff`: where a person finds it.

    `consent` is None where only secrets were looked at. Raises InputError.
    """
    if not variables["connector_messages_folder"]:
        return {}
    parse_duration(variables["connector_messages_within"], "connector_messages_within")
    awaited = [None if entry.type_in is None else entry.type_in.view() for entry in planned]
    return {
        "messages": {
            "language": variables["connector_messages_language"],
            "consent_to": variables["connector_messages_consent_to"],
            "delivery_to": variables["connector_messages_delivery_to"],
            "within": variables["connector_messages_within"],
            "handoff": handoff,
            "store": variables["connector_store"],
            "consent": _planned_asks(planned),
            "delivery": to_type_in(registrations, awaited),
        }
    }


def after(planned: Json, registrations: t.Sequence[Json], steps: Json) -> dict[str, t.Any]:
    """As the role's tasks have left it. `planned`: of connector_plan. `registrations`: as they are now."""
    told = planned.get("messages")
    if told is None:
        return {}
    asks = [
        _ask(entry, item["__registration"]["display_name"], item)
        for index, entry in enumerate(registrations)
        if (item := item_result(steps, "consent", index)).get("link") and item["waiting_since"]
    ]
    awaited = [item_result(steps, "secret", index).get("type_in") for index in range(len(registrations))]
    ran = bool(steps.get("consent", {}).get("results"))
    return {
        "messages": {
            **told,
            "consent": asks if ran else told["consent"],
            "delivery": to_type_in(registrations, awaited),
        }
    }


def _planned_asks(planned: t.Sequence[Planned]) -> list[dict[str, t.Any]] | None:
    if any("consent" not in entry.changes for entry in planned):
        return None
    return [_planned_ask(entry) for entry in planned if entry.messages.link and entry.asked_since]


def _planned_ask(planned: Planned) -> dict[str, t.Any]:
    since = planned.asked_since.isoformat(timespec="seconds") if planned.asked_since else None
    permissions = planned.changes["consent"].after["permissions"]
    item = {"permissions": permissions, "link": planned.messages.link, "waiting_since": since}
    entry = {"name": planned.name, "client_id": planned.wanted.client_id}
    return _ask(entry, planned.wanted.registration.display_name, item)


def _ask(entry: Json, display_name: str, item: Json) -> dict[str, t.Any]:
    """`item`: with the keys of what admin_consent returns."""
    return {
        "registration": entry["name"],
        "display_name": display_name,
        "client_id": entry["client_id"],
        "permissions": asked_for(item["permissions"]),
        "link": item["link"],
        "since": item["waiting_since"],
    }


def to_type_in(registrations: t.Sequence[Json], awaited: t.Sequence[Json | None]) -> list[dict[str, t.Any]]:
    """Secrets that were handed off and that nobody has named as delivered. `awaited`: of each, by when."""
    return [
        {
            "registration": entry["name"],
            "key_id": entry["secret_key_id"],
            "before": when["before"] if when else None,
            "late": bool(when and when["late"]),
        }
        for entry, when in zip(registrations, awaited, strict=True)
        if entry["handed_off"] and not entry["delivered_at"]
    ]
