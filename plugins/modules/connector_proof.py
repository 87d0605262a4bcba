#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connector_proof
short_description: Prove what a registration reaches, signed in as the registration
version_added: 1.0.0
author: Totalview (@totalview)
description:
  - Signs in with the stored client secret and looks whether the token carries exactly the wanted permissions, whether a
    mailbox inside the restriction answers, and whether one outside is refused.
  - For V(Mail.Send) a message without recipients is sent. Exchange Online refuses it for lack of access, or for lack of
    recipients; it can reach nobody. That access is decided first was seen and is not documented; if it were not so, the
    proof would fail and not pass.
  - Tells "not yet" from "never". What Exchange Online may not enforce yet gives C(waiting_for_exchange); what is wrong
    after O(enforcement_delay) fails.
  - A proof is recorded beside the secret in the store. It is not made again while secret and restriction are the same.
extends_documentation_fragment:
  - totalview.exchange365.tenant
  - totalview.exchange365.tenant.sign_in
  - totalview.exchange365.registration
  - totalview.exchange365.registration.located
  - totalview.exchange365.store
  - totalview.exchange365.store.suboptions
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.managing
options:
  permissions:
    description: All application permissions of Microsoft Graph that the registration needs, by name.
    type: list
    elements: str
    required: true
  mode:
    description: How the registration is restricted, see M(totalview.exchange365.mailbox_restriction).
    type: str
    choices: [access_policy, rbac, none]
    required: true
  group:
    description: Name of the restriction's group. Required unless O(mode=none).
    type: str
  mailbox:
    description:
      - Address of the mailbox that must answer. By default the first of the group's.
      - Required with O(mode=none) to prove more than sign-in and grants.
    type: str
  fingerprint:
    description:
      - RV(totalview.exchange365.mailbox_restriction#module:fingerprint). V(null) or not given where the restriction
        is about to change, in check mode.
    type: str
  since:
    description: RV(totalview.exchange365.mailbox_restriction#module:since).
    type: str
  enforcement_delay:
    description: How long Exchange Online may take to enforce a change.
    type: str
    default: 2h
  sign_in_wait:
    description: How long to wait for Microsoft Entra to know a new secret and new grants.
    type: str
    default: 1m
  exchange_wait:
    description:
      - How long to wait for Exchange Online to enforce a new restriction. Without waiting the state is
        C(waiting_for_exchange), and the next run finishes.
    type: str
    default: 0s
  valid_for:
    description: How long an earlier proof holds while nothing changes that it is bound to.
    version_added: 1.0.0
    type: str
    default: 7d
  pending:
    description:
      - The registration is about to change, so nothing can be proven now. Lets check mode tell of a proof to come,
        unless an earlier one holds.
    type: bool
    default: false
  again:
    description: Prove also what was proven before.
    type: bool
    default: false
  test_mail_to:
    description:
      - Send a real test message from O(mailbox) to this address. Without it no message is ever sent.
    type: str
"""

EXAMPLES = r"""
- name: Prove that Totalview can send from one mailbox only
  totalview.exchange365.connector_proof:
    tenant_id: contoso.onmicrosoft.com
    unique_name: totalview-exchange365-mail
    permissions: [Mail.Send]
    mode: "{{ restriction.mode }}"
    group: totalviewtimesendemail
    mailbox: totalview@contoso.com
    fingerprint: "{{ restriction.fingerprint }}/{{ consent.fingerprint }}"
    since: "{{ restriction.since }}"
    store:
      folder: /srv/totalview/secrets
  register: proof
"""

RETURN = r"""
state:
  description:
    - C(proven); C(waiting_for_exchange) where something is not as it should be but may not have taken effect yet;
      C(not_provable) where nothing is wrong, but a mailbox outside of the restriction or a way to try a permission is
      missing; C(pending) where O(pending) was given.
  returned: success
  type: str
  sample: proven
checks:
  description: What was looked at. Empty where an earlier proof holds.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: C(sign_in), C(grants), C(inside) or C(outside).
      type: str
    result:
      description: C(ok), C(not_yet) or C(no_evidence).
      type: str
    detail:
      description: What was seen.
      type: str
since:
  description: Since when Exchange Online has had time, as ISO 8601; V(null) where an earlier proof holds.
  returned: success
  type: str
  sample: "2026-11-23T11:40:00+00:00"
try_again_at:
  description: When to run again, as ISO 8601; V(null) unless the state is C(waiting_for_exchange).
  returned: success
  type: str
  sample: "2026-11-23T13:40:00+00:00"
proven_at:
  description: When it was proven, as ISO 8601; V(null) while it is not.
  returned: success
  type: str
  sample: "2026-11-23T13:41:10+00:00"
changes:
  description: What was written to the store, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [record the proof of totalview-exchange365-mail]
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import LOCATED, REGISTRATION, STORE, TENANT
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.run import run

ARGUMENT_SPEC = {
    **TENANT,
    **REGISTRATION,
    **LOCATED,
    **STORE,
    "permissions": {"type": "list", "elements": "str", "required": True},
    "mode": {"type": "str", "choices": ["access_policy", "rbac", "none"], "required": True},
    "group": {"type": "str"},
    "mailbox": {"type": "str"},
    "fingerprint": {"type": "str"},
    "since": {"type": "str"},
    "enforcement_delay": {"type": "str", "default": "2h"},
    "sign_in_wait": {"type": "str", "default": "1m"},
    "exchange_wait": {"type": "str", "default": "0s"},
    "valid_for": {"type": "str", "default": "7d"},
    "pending": {"type": "bool", "default": False},
    "again": {"type": "bool", "default": False},
    "test_mail_to": {"type": "str"},
}

OPERATION = Operation(
    "connector_proof",
    ARGUMENT_SPEC,
    run,
    {"required_if": [("mode", "access_policy", ["group"]), ("mode", "rbac", ["group"])]},
)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
