#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connector_plan
short_description: Read a tenant once and tell which stages of its onboarding have something to change
version_added: 0.2.0
author: Totalview (@totalview)
description:
  - Signs in, reads in few batches what the stages of the role C(connector) would read one by one, and plans each of
    them. A tenant with nothing to change can leave the role at once.
  - Finds whatever input the stages would refuse before anything is written.
  - Nothing is written. Where a proof is due and nothing else is to be changed, it is made, as
    M(totalview.exchange365.connector_proof) does in check mode.
extends_documentation_fragment:
  - totalview.exchange365.tenant
  - totalview.exchange365.store
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.reading
attributes:
  check_mode:
    details: This module changes nothing. It signs in also in check mode.
options:
  host:
    description: What the tenant is called in RV(ansible_facts.connector_result), usually C(inventory_hostname).
    type: str
  mistakes:
    description: Sentences about what is wrong with the inventory. The module then fails with them, before it signs in.
    type: list
    elements: str
    default: []
  registrations:
    description: The registrations, each with the options that the stages take for it.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the registration is called in the results.
        type: str
        required: true
      unique_name:
        description: See M(totalview.exchange365.azure_app_registration).
        type: str
        required: true
      display_name:
        description: See M(totalview.exchange365.azure_app_registration).
        type: str
        required: true
      sign_in_audience:
        description: See M(totalview.exchange365.azure_app_registration).
        type: str
        default: AzureADMyOrg
      notes:
        description: See M(totalview.exchange365.azure_app_registration).
        type: str
      tags:
        description: See M(totalview.exchange365.azure_app_registration).
        type: list
        elements: str
      owners:
        description: See M(totalview.exchange365.azure_app_registration).
        type: list
        elements: str
        default: []
      adopt:
        description: See M(totalview.exchange365.azure_app_registration) and
          M(totalview.exchange365.mailbox_restriction).
        type: bool
        default: false
      adopt_client_id:
        description: See M(totalview.exchange365.azure_app_registration).
        type: str
      permissions:
        description: Application permissions of Microsoft Graph, by name.
        type: list
        elements: str
        required: true
      mode:
        description: See M(totalview.exchange365.mailbox_restriction).
        type: str
        choices: [access_policy, rbac, none]
        required: true
      group:
        description: See M(totalview.exchange365.mailbox_restriction).
        type: str
      members:
        description: See M(totalview.exchange365.mailbox_restriction).
        type: list
        elements: str
      members_exact:
        description: See M(totalview.exchange365.mailbox_restriction).
        type: bool
        default: true
      sender:
        description: See M(totalview.exchange365.mailbox_restriction).
        type: str
      proof_mailbox:
        description: The option O(ignore:mailbox) of M(totalview.exchange365.connector_proof).
        type: str
  api:
    description: See M(totalview.exchange365.mailbox_restriction).
    type: str
    choices: [exchange, graph_beta]
    default: exchange
  enforcement_delay:
    description: See M(totalview.exchange365.mailbox_restriction).
    type: str
    default: 2h
  sign_in_wait:
    description: See M(totalview.exchange365.connector_proof).
    type: str
    default: 1m
  exchange_wait:
    description: See M(totalview.exchange365.connector_proof).
    type: str
    default: 0s
  prove_again:
    description: Prove also what was proven before.
    type: bool
    default: false
  valid_for:
    description: See M(totalview.exchange365.client_secret).
    type: str
  renew_before:
    description: See M(totalview.exchange365.client_secret).
    type: str
    default: 30d
  overlap:
    description: See M(totalview.exchange365.client_secret).
    type: str
    default: 7d
  owner:
    description: See M(totalview.exchange365.client_secret).
    type: str
  handoff:
    description: The hand-off, see M(totalview.exchange365.connector_handoff).
    type: dict
    required: true
    suboptions:
      folder:
        description: See M(totalview.exchange365.connector_handoff).
        type: path
        required: true
      name:
        description: See M(totalview.exchange365.connector_handoff).
        type: str
        required: true
      calendar:
        description: See M(totalview.exchange365.connector_handoff).
        type: str
        required: true
      mail:
        description: See M(totalview.exchange365.connector_handoff).
        type: str
        required: true
      sender:
        description: See M(totalview.exchange365.connector_handoff).
        type: str
        required: true
      unproven:
        description: Hand off also what is not proven.
        type: bool
        default: false
"""

EXAMPLES = r"""
- name: See what is to be done
  totalview.exchange365.connector_plan:
    tenant_id: contoso.onmicrosoft.com
    registrations:
      - name: mail
        unique_name: totalview-exchange365-mail
        display_name: Totalview E-Mail Sending
        permissions: [Mail.Send]
        mode: access_policy
        group: totalviewtimesendemail
        members: [totalview@contoso.com]
        sender: totalview@contoso.com
    handoff:
      folder: /srv/totalview/handoff
      name: contoso
      calendar: totalview-exchange365-calendar
      mail: totalview-exchange365-mail
      sender: totalview@contoso.com
    store:
      folder: /srv/totalview/secrets
  register: plan
"""

RETURN = r"""
ansible_facts:
  description: How the tenant stands.
  returned: success
  type: dict
  contains:
    connector_result:
      description:
        - C(tenant) as in O(host); C(state), which is C(complete), C(changes_pending), C(waiting_for_consent) or
          C(waiting_for_exchange); C(changed), an empty list; C(next), what must happen next.
      type: dict
session:
  description: As of M(totalview.exchange365.tenant_login).
  returned: success, on the controller
  type: str
tenant_id:
  description: Directory (tenant) ID, also where O(tenant_id) was a domain name.
  returned: success
  type: str
  sample: 9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21
planned:
  description: For each registration the stages that have something to change, then those of the tenant as a whole.
  returned: success
  type: list
  elements: str
  sample: ["mail: restriction, consent", hand-off]
waiting_for_consent:
  description: What somebody with more rights must do, for each registration that waits for it.
  returned: success
  type: list
  elements: dict
  contains:
    message:
      description: A message for that person, ready to send.
      type: str
    link:
      description: The address of Microsoft's consent page.
      type: str
waiting_for_exchange:
  description: What Exchange Online has not caught up with.
  returned: success
  type: list
  elements: str
handed_off:
  description: Whether there is a hand-off file already.
  returned: success
  type: bool
try_again_at:
  description: When to run again, as ISO 8601; V(null) where nothing waits for Exchange Online.
  returned: success
  type: str
"""

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils import _handoff
from ansible_collections.totalview.exchange365.plugins.module_utils._client_secret.model import Desired as DesiredSecret
from ansible_collections.totalview.exchange365.plugins.module_utils._door import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._duration import parse_duration
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._onboarding.model import Findings, Wanted
from ansible_collections.totalview.exchange365.plugins.module_utils._onboarding.plan import Planner
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Operation, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._options import STORE, TENANT
from ansible_collections.totalview.exchange365.plugins.module_utils._proof.model import Task
from ansible_collections.totalview.exchange365.plugins.module_utils._registration.model import (
    Desired as DesiredRegistration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._restriction.model import (
    Desired as DesiredRestriction,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._restriction.model import is_mailbox_permission
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_folder, open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore

_TEXT: dict[str, t.Any] = {"type": "str"}
_NEEDED: dict[str, t.Any] = {"type": "str", "required": True}
_LIST: dict[str, t.Any] = {"type": "list", "elements": "str"}

_REGISTRATION = {
    "name": _NEEDED,
    "unique_name": _NEEDED,
    "display_name": _NEEDED,
    "sign_in_audience": {"type": "str", "default": "AzureADMyOrg"},
    "notes": _TEXT,
    "tags": _LIST,
    "owners": {**_LIST, "default": []},
    "adopt": {"type": "bool", "default": False},
    "adopt_client_id": _TEXT,
    "permissions": {**_LIST, "required": True},
    "mode": {"type": "str", "choices": ["access_policy", "rbac", "none"], "required": True},
    "group": _TEXT,
    "members": _LIST,
    "members_exact": {"type": "bool", "default": True},
    "sender": _TEXT,
    "proof_mailbox": _TEXT,
}

ARGUMENT_SPEC = {
    **TENANT,
    **STORE,
    "host": _TEXT,
    "mistakes": {**_LIST, "default": []},
    "registrations": {"type": "list", "elements": "dict", "required": True, "options": _REGISTRATION},
    "api": {"type": "str", "choices": ["exchange", "graph_beta"], "default": "exchange"},
    "enforcement_delay": {"type": "str", "default": "2h"},
    "sign_in_wait": {"type": "str", "default": "1m"},
    "exchange_wait": {"type": "str", "default": "0s"},
    "prove_again": {"type": "bool", "default": False},
    "valid_for": _TEXT,
    "renew_before": {"type": "str", "default": "30d"},
    "overlap": {"type": "str", "default": "7d"},
    "owner": _TEXT,
    "handoff": {
        "type": "dict",
        "required": True,
        "options": {
            "folder": {"type": "path", "required": True},
            "name": _NEEDED,
            "calendar": _NEEDED,
            "mail": _NEEDED,
            "sender": _NEEDED,
            "unproven": {"type": "bool", "default": False},
        },
    },
}


def run(call: Call) -> Outcome:
    if call.params["mistakes"]:
        raise InputError(" ".join(call.params["mistakes"]), next_step="Nothing was written.", code="InventoryMistake")
    tenant, store = call.tenant(), open_store(call.params["store"], call.vault)
    wanted = [_wanted(call.params, entry, store.address) for entry in call.params["registrations"]]
    findings = Planner(tenant, store, prove_again=call.params["prove_again"]).plan(wanted)
    hands_off, handed_off = _handoff_state(call, store, tenant.directory_id, findings)
    times = [entry.try_again_at for entry in findings if entry.try_again_at]
    values = {
        "tenant_id": tenant.directory_id,
        "planned": _planned(findings) + (["hand-off"] if hands_off else []),
        "waiting_for_consent": [{"message": entry.message, "link": entry.link} for entry in findings if entry.message],
        "waiting_for_exchange": [reason for entry in findings for reason in entry.waits],
        "handed_off": handed_off,
        "try_again_at": max(times).isoformat(timespec="seconds") if times else None,
    }
    result = {"tenant": call.params["host"], "state": _state(values), "changed": [], "next": "-"}
    warnings = tuple(warning for entry in findings for warning in entry.warnings)
    return Outcome(values, None, warnings, tenant.tokens.session, {"connector_result": result})


def _state(values: t.Mapping[str, t.Any]) -> str:
    waits = (name for name in ("waiting_for_consent", "waiting_for_exchange") if values[name])
    return next(waits, "changes_pending" if values["planned"] else "complete")


def _planned(findings: t.Iterable[Findings]) -> list[str]:
    return [f"{entry.name}: {', '.join(entry.planned)}" for entry in findings if entry.planned]


def _handoff_state(call: Call, store: SecretStore, tenant_id: str, findings: t.Sequence[Findings]) -> tuple[bool, bool]:
    """Whether the hand-off would change now, and whether there is one. It waits for consent and for the proof."""
    handoff = call.params["handoff"]
    sender = _handoff.checked_address(handoff["sender"])
    folder = open_folder(handoff["folder"], call.params["store"], call.vault)
    present = _handoff.read(folder, handoff["name"])
    released = all(entry.proven for entry in findings) or handoff["unproven"]
    if any(entry.message for entry in findings) or not released:
        return False, present is not None
    issued = {entry.name for entry in findings if "secret" in entry.planned}
    secrets = [None if name in issued else store.read(tenant_id, handoff[name]) for name in ("calendar", "mail")]
    desired = _handoff.Desired(tenant_id, secrets[0], secrets[1], sender)
    change = _handoff.plan(present, desired, handoff["name"])
    if change.changed:
        folder.check()
    return change.changed, present is not None


def _wanted(params: t.Mapping[str, t.Any], entry: t.Mapping[str, t.Any], address: str) -> Wanted:
    options = {**entry, "api": params["api"], "enforcement_delay": params["enforcement_delay"]}
    mailbox_permissions = [name for name in entry["permissions"] if is_mailbox_permission(name)]
    return Wanted(
        name=entry["name"],
        registration=DesiredRegistration.from_params(entry),
        permissions=tuple(entry["permissions"]),
        restriction=DesiredRestriction.from_params(options, mailbox_permissions, proven=False),
        secret=DesiredSecret.from_params(params, address),
        proof=_proof(params, entry),
    )


def _proof(params: t.Mapping[str, t.Any], entry: t.Mapping[str, t.Any]) -> Task:
    return Task(
        unique_name=entry["unique_name"],
        permissions=tuple(entry["permissions"]),
        mode=entry["mode"],
        group=entry["group"],
        mailbox=entry["proof_mailbox"],
        since=None,
        delay=parse_duration(params["enforcement_delay"], "enforcement_delay"),
        sign_in_wait=parse_duration(params["sign_in_wait"], "sign_in_wait"),
        exchange_wait=parse_duration(params["exchange_wait"], "exchange_wait"),
    )


OPERATION = Operation("connector_plan", ARGUMENT_SPEC, run)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
