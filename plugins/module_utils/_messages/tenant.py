# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._duration import parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._states import CLOSED

Json: t.TypeAlias = "t.Mapping[str, t.Any]"

#: Of each kind the option with those it is sent to.
KINDS = {"consent": "consent_to", "delivery": "delivery_to"}
#: The seven values of the connector's form, and which of them is the secret of which registration.
_FIELDS = (
    "tenant_id",
    "client_id",
    "secret",
    "mail_tenant_id",
    "mail_client_id",
    "mail_client_secret",
    "sender_from_address",
)
_SECRET_FIELDS = {"calendar": "secret", "mail": "mail_client_secret"}


def wanted(result: Json, details: Json) -> dict[str, dict[str, t.Any] | None]:
    """What the text of each kind tells; None where nothing is to be asked for any more.

    Without what a run did not look at, or did not get so far as to know. `result`, `details`: connector_result and
    connector_details.
    """
    if result["state"] in CLOSED:
        return dict.fromkeys(KINDS)
    told = details.get("messages")
    if result["state"] == "failed" or told is None:
        return {}
    about = {"tenant": result["tenant"], "tenant_id": details["tenant_id"]}
    tells = {"consent": _consent, "delivery": _delivery}
    return {
        kind: {**about, **tell(told)} if told[kind] else None for kind, tell in tells.items() if told[kind] is not None
    }


def _consent(told: Json) -> dict[str, t.Any]:
    """By when: who was asked first has waited longest."""
    since = min(datetime.fromisoformat(ask["since"]) for ask in told["consent"])
    by = since + parse_duration(told["within"], "connector_messages_within")
    return {"asks": told["consent"], "since": f"{since:%Y-%m-%d}", "by": f"{by:%Y-%m-%d}"}


def _delivery(told: Json) -> dict[str, t.Any]:
    """By when: None for the first time. `late`: the connector may have none that works."""
    keys = [{**key, "field": _SECRET_FIELDS[key["registration"]]} for key in told["delivery"]]
    dates = [key["before"][:10] for key in keys if key["before"]]
    late = any(key["late"] for key in keys)
    return {
        "keys": keys,
        "fields": list(_FIELDS),
        "handoff": told["handoff"],
        "store": told["store"],
        "by": min(dates) if dates and not late else None,
        "late": late,
    }
