# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Application access policies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from emulator.call import Body
from emulator.clock import stamp
from emulator.exchange.cmdlets.base import Cmdlet, Invocation, Type
from emulator.exchange.errors import ExchangeError
from emulator.exchange.store import access_policies, recipients
from emulator.exchange.store.model import MAILBOXES, AccessPolicy, AccessRight, Details
from emulator.exchange.store.reach import Permission, Verdict, access_of

# The result is in the tenant's language, though it reads like a constant.
RESULTS = {"en": ("Denied", "Granted"), "da": ("Nægtet", "Givet"), "fr": ("Refusé", "Accordé")}


def _policy_body(invocation: Invocation, policy: AccessPolicy) -> Body:
    org = invocation.org
    scope, sid = access_policies.scope_of(org, policy), access_policies.scope_sid(org, policy)
    return {
        "ScopeName": scope.name if scope is not None else "",
        "ScopeIdentity": scope.name if scope is not None else "",
        "Identity": access_policies.identity(org, policy),
        "AppId": policy.app_id,
        "ScopeIdentityRaw": sid,
        "Description": policy.description,
        "AccessRight": policy.access_right,
        "ShardType": "All",
        "IsValid": scope is not None,
        "ObjectState": "Unchanged",
        "WhenCreatedUTC": stamp(policy.created),
    }


def get(invocation: Invocation) -> Iterable[Body]:
    """Of an identity that does not exist, all of them (docs: a warning at Identity)."""
    found = access_policies.find(invocation.org, invocation.text("Identity"))
    policies = (found,) if found is not None else invocation.org.rules.policies
    return [_policy_body(invocation, policy) for policy in policies]


def new(invocation: Invocation) -> Iterable[Body]:
    """One policy for each application."""
    rights = {right.lower(): right for right in AccessRight}
    right = rights.get(invocation.text("AccessRight").lower())
    if right is None:
        raise ExchangeError("bad_value", "AccessRight")
    scope, description = invocation.text("PolicyScopeGroupId"), invocation.text("Description")
    app_ids = invocation.texts("AppId")
    if not app_ids:
        raise ExchangeError("missing_parameter", "AppId")
    made = [access_policies.create(invocation.org, app_id, scope, right, description) for app_id in app_ids]
    return [_policy_body(invocation, policy) for policy in made]


def change(invocation: Invocation) -> Iterable[Body]:
    policy = access_policies.require(invocation.org, invocation.text("Identity"))
    access_policies.describe(invocation.org, policy, invocation.text("Description"))
    return []


def remove(invocation: Invocation) -> Iterable[Body]:
    access_policies.remove(invocation.org, access_policies.require(invocation.org, invocation.text("Identity")))
    return []


def test(invocation: Invocation) -> Iterable[Body]:
    """By the true rules: ahead of what mailboxes go by yet."""
    rules, app_id = invocation.org.rules, invocation.text("AppId")
    mailbox = recipients.require(rules, invocation.text("Identity"), MAILBOXES | {Details.MAIL_USER})
    # Policies limit what Entra grants; roles of Exchange's own are no matter of theirs.
    access = access_of(replace(rules, assignments={}), app_id, Permission.MAIL, granted=True)
    granted = access.verdict(mailbox.guid) is Verdict.ALLOWED
    return [
        {
            "AppId": app_id,
            "Mailbox": mailbox.name,
            "MailboxId": mailbox.guid,
            "MailboxSid": mailbox.sid,
            "AccessCheckResult": RESULTS[invocation.org.language][granted],
        }
    ]


CMDLETS = (
    Cmdlet("Get-ApplicationAccessPolicy", get, {"Identity": Type.TEXT}),
    Cmdlet(
        "New-ApplicationAccessPolicy",
        new,
        {"AppId": Type.GUIDS, "PolicyScopeGroupId": Type.TEXT, "AccessRight": Type.TEXT, "Description": Type.TEXT},
        required=("AppId", "PolicyScopeGroupId", "AccessRight"),
    ),
    Cmdlet(
        "Set-ApplicationAccessPolicy",
        change,
        {"Identity": Type.TEXT, "Description": Type.TEXT},
        required=("Identity", "Description"),
    ),
    Cmdlet("Remove-ApplicationAccessPolicy", remove, {"Identity": Type.TEXT}, required=("Identity",), prompts=True),
    Cmdlet(
        "Test-ApplicationAccessPolicy",
        test,
        {"Identity": Type.TEXT, "AppId": Type.GUID},
        required=("Identity", "AppId"),
    ),
)
