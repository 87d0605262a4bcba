# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""App management policies, as far as they refuse secrets: an object's own one comes before the tenant's default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from odata_query.ast import Duration

from emulator.clock import parse_stamp
from emulator.graph.store.conflicts import Conflict, Reason
from emulator.graph.store.directory import Directory
from emulator.graph.store.ids import RANDOM
from emulator.graph.store.records import Body, Kind, Record
from emulator.graph.store.templates import APP_POLICIES

POLICY_ID = "00000000-0000-0000-0000-000000000000"


def policy_body(setting: Mapping[str, Any] | None) -> Body:
    """A full resource body out of nothing, one of the shorthands of the seed format, or (part of) such a body."""
    setting = {name: value for name, value in (setting or {}).items() if name != "unsaid_inherited"}
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


def inherits(setting: Mapping[str, Any] | None) -> bool:
    """Whether what an object's own policy does not speak of is still the default's to say: sources differ on it."""
    return bool((setting or {}).get("unsaid_inherited", True))


def check_new_secret(directory: Directory, record: Record, start: datetime, end: datetime) -> None:
    for policy_id, rule in _rules(directory, record):
        if _applies(rule, record.true.body):
            _check(rule, end - start, policy_id)


def _rules(directory: Directory, record: Record) -> Iterator[tuple[str, Body]]:
    own = own_policy(directory, record)
    said = list(_passwords(own.get("restrictions"))) if own else []
    yield from ((own["id"], rule) for rule in said if own)
    default = directory.policy
    if not default.get("isEnabled") or (own and not directory.unsaid_inherited):
        return
    spoken_of = {rule.get("restrictionType") for rule in said}
    for rule in _passwords(default.get(f"{record.kind.value}Restrictions")):
        if rule.get("restrictionType") not in spoken_of:
            yield default["id"], rule


def _passwords(restrictions: Mapping[str, Any] | None) -> Iterable[Body]:
    found: Iterable[Body] = (restrictions or {}).get("passwordCredentials") or ()
    return found


def own_policy(directory: Directory, record: Record) -> Body | None:
    """The one that is assigned to the object and enforced."""
    for policy_id in record.true.body.get(APP_POLICIES, ()):
        policy = directory.find_live(Kind.APP_POLICY, "id", policy_id)
        if policy is not None and policy.true.body["isEnabled"]:
            return policy.true.body
    return None


def add_policy(directory: Directory, wanted: Mapping[str, Any], *, settled_id: str = "") -> Record:
    body = {
        "id": settled_id or RANDOM.object_id(),
        "displayName": None,
        "description": None,
        "isEnabled": True,
        **wanted,
    }
    return directory.add(Kind.APP_POLICY, body, settled=bool(settled_id))


def assign_policy(directory: Directory, record: Record, policy_id: str, *, settled: bool = False) -> None:
    """One only: appmanagementpolicy-post-appliesto."""
    if record.true.body.get(APP_POLICIES):
        raise Conflict(Reason.POLICY_ASSIGNED)
    directory.change(record, {APP_POLICIES: [policy_id]}, settled=settled)


def take_policy_away(directory: Directory, record: Record, policy_id: str) -> bool:
    assigned = record.true.body.get(APP_POLICIES, [])
    if policy_id not in assigned:
        return False
    directory.change(record, {APP_POLICIES: [other for other in assigned if other != policy_id]})
    return True


def _applies(rule: Body, body: Body) -> bool:
    after = rule.get("restrictForAppsCreatedAfterDateTime")
    if rule.get("state", "enabled") != "enabled":
        return False
    created = body.get("createdDateTime")
    # What an unknown day of making means is documented nowhere: the stricter reading.
    return after is None or created is None or parse_stamp(created) > parse_stamp(after)


def _check(rule: Body, lifetime: timedelta, policy_id: str) -> None:
    restriction, longest = rule.get("restrictionType"), rule.get("maxLifetime")
    if restriction == "passwordAddition":
        raise Conflict(Reason.SECRETS_NOT_ALLOWED, policy_id)
    if restriction == "passwordLifetime" and longest and lifetime > Duration(longest).py_val:
        raise Conflict(Reason.LIFETIME_NOT_ALLOWED, policy_id)
