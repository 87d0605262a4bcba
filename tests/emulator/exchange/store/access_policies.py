# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of application access policies."""

from __future__ import annotations

from dataclasses import replace

from emulator.exchange.store import recipients
from emulator.exchange.store.conflicts import ExchangeConflict, Reason
from emulator.exchange.store.model import AccessPolicy, AccessRight, Details, Recipient, Rules
from emulator.exchange.store.organisation import Organisation
from emulator.graph.store.ids import RANDOM, Ids

# A shared or room mailbox is disabled as an account, a distribution list is none at all (public reports).
SECURITY_PRINCIPALS = frozenset({Details.SECURITY_GROUP, Details.USER_MAILBOX, Details.MAIL_USER})

# Chosen to fit "about 100 policies, about 300 with a one-space description" (docs: New-ApplicationAccessPolicy).
ALL_POLICIES = 30_000
EACH_POLICY = 99


def create(
    org: Organisation, app_id: str, scope: str, access_right: AccessRight, description: str, ids: Ids = RANDOM
) -> AccessPolicy:
    recipient = recipients.require(org.rules, scope)
    if recipient.details not in SECURITY_PRINCIPALS:
        raise ExchangeConflict(Reason.NOT_A_SECURITY_PRINCIPAL)
    # The identity ends in the group's object id (public outputs): the same again for a policy that is made anew. What
    # that of a second, equal policy is nobody has shown.
    alike = any((known.app_id, known.scope_guid) == (app_id.lower(), recipient.guid) for known in org.rules.policies)
    guid = ids.object_id("policy") if alike else recipient.external_directory_object_id
    policy = AccessPolicy(guid, app_id.lower(), recipient.guid, access_right, description, org.clock.now())
    _put(org, org.rules, (*org.rules.policies, policy))
    return policy


def describe(org: Organisation, policy: AccessPolicy, description: str) -> None:
    changed = replace(policy, description=description)
    _put(org, org.rules, tuple(changed if known is policy else known for known in org.rules.policies))


def remove(org: Organisation, policy: AccessPolicy) -> None:
    org.change(org.rules.with_policies(known for known in org.rules.policies if known is not policy))


def _put(org: Organisation, rules: Rules, policies: tuple[AccessPolicy, ...]) -> None:
    if sum(EACH_POLICY + len(policy.description) for policy in policies) > ALL_POLICIES:
        raise ExchangeConflict(Reason.POLICIES_TOO_LARGE)
    org.change(rules.with_policies(policies))


def scope_sid(org: Organisation, policy: AccessPolicy) -> str:
    """Known also when the recipient itself is gone."""
    return recipients.sid(org.tenant_id, policy.scope_guid)


def scope_of(org: Organisation, policy: AccessPolicy) -> Recipient | None:
    return org.rules.recipients.get(policy.scope_guid)


def identity(org: Organisation, policy: AccessPolicy) -> str:
    return f"{org.tenant_id}\\{policy.app_id}:{scope_sid(org, policy)};{policy.guid}"


def find(org: Organisation, wanted: str) -> AccessPolicy | None:
    return next((known for known in org.rules.policies if identity(org, known).casefold() == wanted.casefold()), None)


def require(org: Organisation, wanted: str) -> AccessPolicy:
    policy = find(org, wanted)
    if policy is None:
        raise ExchangeConflict(Reason.NOT_FOUND, wanted)
    return policy
