# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's default app management policy, as far as it refuses secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from odata_query.ast import Duration

from emulator.clock import parse_stamp
from emulator.graph.store.conflicts import Conflict, Reason
from emulator.graph.store.records import Body, Record

POLICY_ID = "00000000-0000-0000-0000-000000000000"


def policy_body(setting: Mapping[str, Any] | None) -> Body:
    """A full resource body out of nothing, one of the shorthands of the seed format, or (part of) such a body."""
    setting = dict(setting or {})
    secrets_allowed = setting.pop("secrets_allowed", True)
    max_lifetime = setting.pop("max_secret_lifetime", None)
    rules = list(_shorthand_rules(secrets_allowed, max_lifetime))
    return {
        "id": POLICY_ID,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications.",
        "isEnabled": bool(rules),
        "applicationRestrictions": {"passwordCredentials": rules, "keyCredentials": []},
        "servicePrincipalRestrictions": {"passwordCredentials": rules, "keyCredentials": []},
        **setting,
    }


def _shorthand_rules(secrets_allowed: bool, max_lifetime: str | None) -> Iterator[Body]:
    if not secrets_allowed:
        yield _rule("passwordAddition", None)
    if max_lifetime is not None:
        yield _rule("passwordLifetime", max_lifetime)


def _rule(restriction: str, max_lifetime: str | None) -> Body:
    return {
        "restrictionType": restriction,
        "state": "enabled",
        "maxLifetime": max_lifetime,
        "restrictForAppsCreatedAfterDateTime": None,
    }


def check_new_secret(policy: Body, record: Record, start: datetime, end: datetime) -> None:
    if not policy.get("isEnabled"):
        return
    rules = (policy.get(f"{record.kind.value}Restrictions") or {}).get("passwordCredentials") or []
    for rule in rules:
        if _applies(rule, record.true.body):
            _check(rule, end - start, policy["id"])


def _applies(rule: Body, body: Body) -> bool:
    after = rule.get("restrictForAppsCreatedAfterDateTime")
    if rule.get("state", "enabled") != "enabled":
        return False
    return after is None or parse_stamp(body["createdDateTime"]) > parse_stamp(after)


def _check(rule: Body, lifetime: timedelta, policy_id: str) -> None:
    restriction, longest = rule.get("restrictionType"), rule.get("maxLifetime")
    if restriction == "passwordAddition":
        raise Conflict(Reason.SECRETS_NOT_ALLOWED, policy_id)
    if restriction == "passwordLifetime" and longest and lifetime > Duration(longest).py_val:
        raise Conflict(Reason.LIFETIME_NOT_ALLOWED, policy_id)
