#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connector_plan
short_description: Read a tenant once and tell what its onboarding has to change
version_added: 1.0.0
author: Totalview (@totalview)
description:
  - The first task of the role C(connector). Signs in, reads in few batches what the role's other modules read one by
    one, and plans each of them by their own code.
  - Finds whatever input they would refuse before anything is written.
  - Nothing is written. Where a proof is due and nothing else is to be changed, it is made, as
    M(totalview.exchange365.connector_proof) does in check mode.
options:
  scope:
    description:
      - What is planned. With V(secrets) only client secrets and their hand-off, for registrations that the secret store
        knows; nothing else about the tenant is read, so that nothing else can stand in the way.
      - With V(audit) nothing is planned; what is not as it should be is found, also what a run would stop at. Only
        RV(audit), RV(details) and RV(tenant_id) are returned.
      - With V(offboarding) what goes of the registrations that the secret store knows is told in RV(registrations),
        with how far their offboarding is. Outside of check mode only where C(connector_offboard) names O(host).
      - With V(discovery) applications that people made by hand for Totalview are looked for, and what adopting them
        would change. Only RV(result), RV(details), RV(discovered) and RV(tenant_id) are returned.
      - With V(enabling) all is planned of a tenant whose registrations are disabled, as if they were to be enabled.
      - With V(settings) nothing is planned. The variables are checked and told as the other modules take them, and
        nobody signs in.
    type: str
    choices: [tenant, secrets, audit, offboarding, discovery, enabling, settings]
    default: tenant
  inventory_hosts:
    description:
      - All hosts of the inventory, so that a name in C(connector_offboard) or C(connector_onboard_again) that none of
        them has is told. On the controller the task knows them without it.
    type: list
    elements: str
  own_keys:
    description:
      - Which of the variables named hold key IDs of O(host) alone, so that one which its tenant does not have is told
        in a warning. On the controller the task knows without it which lists no other host shares.
    type: list
    elements: str
    choices: [connector_delivered, connector_revoke]
    default: []
extends_documentation_fragment:
  - totalview.exchange365.variables
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.reading
attributes:
  check_mode:
    details: This module changes nothing. It signs in also in check mode.
  action_group:
    support: none
    membership: []
"""

EXAMPLES = r"""
- name: See what is to be done
  totalview.exchange365.connector_plan:
    host: "{{ inventory_hostname }}"
    variables: "{{ __connector_variables }}"
    inventory_dir: "{{ inventory_dir }}"
  register: plan

- name: Show what will change and why
  ansible.builtin.debug:
    msg: "{{ plan.plan }}"
"""

RETURN = r"""
tenant_id:
  description: Directory (tenant) ID, also where the tenant was named by a domain.
  returned: success
  type: str
  sample: 9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21
planned:
  description: For each registration the parts that have something to change, then those of the tenant as a whole.
  returned: success
  type: list
  elements: str
  sample: ["mail: restriction, consent", hand-off]
plan:
  description: The same in full, one entry for each registration and part that has something to change.
  returned: success
  type: list
  elements: dict
  contains:
    registration:
      description: C(calendar) or C(mail); V(null) for what concerns the tenant as a whole.
      type: str
    part:
      description: C(application), C(permissions), C(restriction), C(consent), C(secret), C(proof), C(hand-off) or
        C(old restriction).
      type: str
    reason:
      description: Why something has to change.
      type: str
    before:
      description: What is not as wanted, by name.
      type: dict
    after:
      description: The same as it will be.
      type: dict
    changes:
      description: What will be written, a few words each, as the part's module tells it.
      type: list
      elements: str
result:
  description:
    - What the role's C(connector_result) is when nothing else is done. C(tenant) as in O(host); C(state), which is
      C(complete), C(changes_pending), C(waiting_for_decision), C(waiting_for_consent), C(waiting_for_revocation),
      C(not_provable) or C(waiting_for_exchange); C(changed), an empty list; C(next), what must happen next, and C(by),
      when, where there is a date. C(type_in) where somebody must type in a client secret.
  returned: success
  type: dict
details:
  description: What a report tells beside it; the role's C(connector_details) when nothing else is done.
  returned: success
  type: dict
  contains:
    tenant:
      description: As in O(host).
      type: str
    tenant_id:
      description: Directory (tenant) ID.
      type: str
    registrations:
      description: C(name), C(client_id), C(restriction), C(secret_key_id), C(secret_ends) and C(proven_at) of each.
      type: list
      elements: dict
    steps:
      description: What is to be done, by C(registration) and C(part), in C(changes).
      type: list
      elements: dict
    warnings:
      description: What is not as it should be, and not the automation's to change.
      type: list
      elements: str
audit:
  description: What an audit has found.
  returned: in an audit
  type: dict
  contains:
    result:
      description: The role's C(connector_result). Its state is C(clean) or C(findings).
      type: dict
    findings:
      description:
        - Each with C(id), C(kind), C(severity), C(registration), C(what), C(since), C(evidence), C(advice) and
          C(playbook), that mends it; one that is accepted also with C(accepted_until) and C(reason). The worst first.
      type: list
      elements: dict
    fails:
      description: Whether one is as severe as C(connector_fail_on).
      type: bool
unknown_hosts:
  description: In an offboarding, names in C(connector_offboard) that no host of the inventory has.
  returned: where O(host) is not among those that are offboarded
  type: list
  elements: str
discovered:
  description:
    - Variables of the host that adopt what was found, as a YAML text, with what adopting would change as comments.
  returned: in a discovery
  type: str
rights:
  description:
    - Which permissions the automation lacks for what the variables ask for. The directory role for Exchange Online does
      not show in a token; a cmdlet tells when it is missing.
  returned: success
  type: dict
  contains:
    missing:
      description: Each with its resource, and what comes of it where the onboarding goes on without it.
      type: list
      elements: dict
      contains:
        permission:
          description: Name of the permission, and of its resource in brackets.
          type: str
          sample: AppRoleAssignment.ReadWrite.All (Microsoft Graph)
        without:
          description: What comes of it; empty where nothing works without it.
          type: str
    who:
      description: Who may give them.
      type: str
    link:
      description: Where they consent, once the automation's application asks for the permissions.
      type: str
registrations:
  description:
    - The two registrations for the role's other tasks, the one for calendars first. Each has the role's variables of
      its kind, without C(connector_calendar_) and C(connector_mail_), and the keys below.
  returned: where something is planned
  type: list
  elements: dict
  contains:
    name:
      description: C(calendar) or C(mail).
      type: str
    declared:
      description: What the application declares, for the option O(ignore:permissions) of the modules.
      type: list
      elements: dict
    mailbox_permissions:
      description: Those of its permissions that concern mailboxes.
      type: list
      elements: str
    pending:
      description: Whether something changes before the proof.
      type: bool
    client_id:
      description: By which the secret store knows the registration; V(null) where it does not.
      type: str
    handed_off:
      description: Whether the hand-off has the secret that the store holds.
      type: bool
    was_handed_off:
      description: Whether any secret of the registration was handed off.
      type: bool
    lives_outside:
      description: Whether somebody outside of the store may hold something to sign in with, a secret that was handed
        off or what was decided to be kept.
      type: bool
    enable:
      description: Whether it is enabled in this run, where it is disabled.
      type: bool
    deactivate:
      description: Whether it is deactivated until its restriction is in force, since it was gone beside a living grant.
      type: bool
    stays_disabled:
      description: Whether it is to be enabled, and stays disabled until Exchange surely enforces its restriction.
      type: bool
    proven:
      description: Whether a proof of the registration just as it is was recorded before.
      type: bool
    exists:
      description: In an offboarding, whether its application is there.
      type: bool
    has_principal:
      description: In an offboarding, whether its service principal is there.
      type: bool
    ids:
      description: In an offboarding, the IDs of client, application and service principal, those that there are.
      type: dict
    removals:
      description: In an offboarding, what goes now, a few words each.
      type: list
      elements: str
    later:
      description: In an offboarding, what goes when no token of before lives any more.
      type: list
      elements: str
    stage:
      description:
        - In an offboarding, how far it is, and with it C(closed), C(refusal), C(tokens_until) and C(kept), as
          M(totalview.exchange365.connector_offboarding) returns them.
      type: str
connection:
  description:
    - The options by which the modules reach the tenant, those that are set; the secrets among them are left out.
  returned: where something is planned
  type: dict
store:
  description: The option O(ignore:store) of the modules.
  returned: where something is planned
  type: dict
handoff:
  description:
    - Folder and name of the hand-off, and the sender in it under the name by which Microsoft Graph finds the mailbox,
      whichever of its addresses C(connector_mail_sender) is.
  returned: where something is planned
  type: dict
handed_off:
  description: Whether there is a hand-off.
  returned: where something is planned
  type: bool
session:
  description:
    - For the option O(ignore:session) of the other modules, as RV(totalview.exchange365.tenant_login#module:session).
  returned: where something is planned, on the controller
  type: str
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.named_keys import NAMING
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.run import run
from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import VARIABLES

ARGUMENT_SPEC = {
    **VARIABLES,
    "scope": {
        "type": "str",
        "choices": ["tenant", "secrets", "audit", "offboarding", "discovery", "enabling", "settings"],
        "default": "tenant",
    },
    "inventory_hosts": {"type": "list", "elements": "str"},
    "own_keys": {
        "type": "list",
        "elements": "str",
        "choices": list(NAMING),
        "default": [],
        "no_log": False,
    },
}

OPERATION = Operation("connector_plan", ARGUMENT_SPEC, run)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
