#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_restriction
short_description: Decide which mailboxes a registration reaches
version_added: 1.0.0
author: Totalview (@totalview)
description:
  - Makes a mail-enabled security group and restricts the registration to the mailboxes in it, by one of Exchange
    Online's two mechanisms. Use it before M(totalview.exchange365.admin_consent), so that the registration never
    reaches more.
  - Where the mode changes, the old mechanism stays until O(proven) says that the new one works.
  - Exchange Online enforces a change only after a while, up to two hours. RV(hold) names the permissions whose grants
    must not change before; give it to M(totalview.exchange365.admin_consent).
  - With O(mode=rbac) the roles are the consent. While somebody else can sign in with the registration, or owns it, and
    for 28 hours after the last of them is gone (the longest life of a token), none is assigned.
  - Without O(client_id) and without a O(store) that knows the registration, an application that is there is refused.
  - Needs C(Exchange.ManageAsApp) of Office 365 Exchange Online and the directory role Exchange Administrator.
  - Exchange's cmdlets are called through the endpoint behind Microsoft's PowerShell module, for which there is no
    published contract.
extends_documentation_fragment:
  - totalview.exchange365.tenant
  - totalview.exchange365.tenant.sign_in
  - totalview.exchange365.registration
  - totalview.exchange365.registration.located
  - totalview.exchange365.access
  - totalview.exchange365.store.optional
  - totalview.exchange365.store.suboptions
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.managing
options:
  state:
    description:
      - V(absent) removes what this module made, namely roles, access policies, and the group if its notes name the
        registration. The registration then reaches whatever its grants give it; revoke them first.
      - Tokens that were issued before live on for up to 28 hours, and reach by then whatever is not restricted any
        more.
      - With O(store) everything is found by the client ID and the group's GUID that the store knows, also where the
        application is gone. A group stays where others manage or use it, or where it has members that O(members) and
        O(sender) do not name (RV(kept)).
    type: str
    choices: [present, absent]
    default: present
  only_roles:
    description: With O(state=absent), only the roles go, which give; what restricts stays.
    version_added: 1.0.0
    type: bool
    default: false
  mode:
    description:
      - V(access_policy) is an Application Access Policy (C(RestrictAccess)). It limits what the grants in Microsoft
        Entra give, and looks into nested groups. Microsoft asks to prefer V(rbac) for new set-ups.
      - V(rbac) gives roles in Exchange (RBAC for Applications), scoped to the direct members of the group. These roles
        add to grants in Microsoft Entra, so such permissions must be neither declared nor granted there.
      - V(none) restricts nothing, and removes an access policy that this module made.
    type: str
    choices: [access_policy, rbac, none]
    default: access_policy
  permissions:
    description:
      - Permissions of Microsoft Graph that concern mailboxes, by name, such as V(Mail.Send).
      - Those that the mode is not documented to confine are refused.
    type: list
    elements: str
    default: []
  group:
    description:
      - Name, alias or address of the mail-enabled security group. Made where it is missing, with this name, 64
        characters at most. Required unless O(mode=none).
    type: str
  members:
    description:
      - Addresses of the group's members, mailboxes or (with O(mode=access_policy)) groups.
      - Without them the group must exist and keeps its members.
    type: list
    elements: str
  members_exact:
    description: Whether other members are removed.
    type: bool
    default: true
  sender:
    description: Address of a mailbox that must lie inside.
    type: str
  adopt:
    description:
      - Take over a group with other members, and an access policy to the same group, that somebody else made.
    type: bool
    default: false
  adopt_group:
    description:
      - GUID in Exchange of the one group that may be managed by somebody else (C(ManagedBy)), and have other members.
        Any other such group is refused, whatever its name and notes.
    version_added: 1.0.0
    type: str
  adopt_sender:
    description:
      - GUID in Exchange of the one mailbox that the address O(sender) may lead to where O(store) knows another by it.
        Without it such a change is refused.
    version_added: 1.0.0
    type: str
  api:
    description:
      - V(graph_beta) writes the roles of O(mode=rbac) through Microsoft Graph beta, which Microsoft does not support
        for production, and needs C(RoleManagement.ReadWrite.Exchange). Group and service principal still need the
        rights of V(exchange).
    type: str
    choices: [exchange, graph_beta]
    default: exchange
  proven:
    description:
      - Whether M(totalview.exchange365.connector_proof) has shown that this mode works. Only then what another mode has
        left is removed.
    type: bool
    default: false
  enforcement_delay:
    description: How long Exchange Online may take to enforce a change.
    type: str
    default: 2h
  wait:
    description:
      - How long to wait for Exchange Online to know a new service principal or group, or to finish enabling
        customization.
      - Without waiting the state is C(waiting_for_exchange), and the next run goes on.
    type: str
    default: 0s
"""

EXAMPLES = r"""
- name: Let Totalview send from one mailbox only
  totalview.exchange365.mailbox_restriction:
    tenant_id: contoso.onmicrosoft.com
    unique_name: totalview-exchange365-mail
    client_id: "{{ mail.registration.client_id }}"
    permissions: [Mail.Send]
    group: totalviewtimesendemail
    members: [totalview@contoso.com]
    sender: totalview@contoso.com
  register: restriction

- name: Then grant
  totalview.exchange365.admin_consent:
    tenant_id: contoso.onmicrosoft.com
    unique_name: totalview-exchange365-mail
    client_id: "{{ mail.registration.client_id }}"
    hold: "{{ restriction.hold }}"
"""

RETURN = r"""
state:
  description:
    - C(restricted) or C(unrestricted); C(waiting_for_exchange) where Exchange Online has not caught up and the
      restriction is not complete; C(withheld) where no role is assigned because somebody else can sign in.
  returned: success
  type: str
  sample: restricted
mode:
  description: The mode.
  returned: success
  type: str
  sample: access_policy
group:
  description: The group's name; V(null) without a restriction.
  returned: success
  type: str
  sample: totalviewtimesendemail
waiting:
  description: What is waited for; V(null) when nothing.
  returned: success
  type: str
kept:
  description: With O(state=absent), what stays and why.
  returned: success
  version_added: 1.0.0
  type: list
  elements: str
  sample: ["group senders (6f1d3b52-0c1e-4a55-8a57-2c6c7fb2a0d3): it is managed by Ann"]
hold:
  description: Permissions whose grants must stay as they are until RV(try_again_at).
  returned: success
  type: list
  elements: str
since:
  description: When the restriction took its present form, as ISO 8601; V(null) without a restriction.
  returned: success
  type: str
  sample: "2026-11-23T11:40:00+00:00"
try_again_at:
  description: When Exchange Online should enforce it, as ISO 8601; V(null) without a restriction.
  returned: success
  type: str
  sample: "2026-11-23T13:40:00+00:00"
leftover:
  description: What another mode has left and O(proven) will remove, a few words each.
  returned: success
  type: list
  elements: str
withheld:
  description: Roles that are not assigned now, a few words each.
  returned: success
  type: list
  elements: str
  sample: [assign Application Mail.Send]
foreign:
  description: Credentials and owners of application and service principal that are not known as ours.
  returned: success
  type: list
  elements: str
fingerprint:
  description: Names this very restriction for M(totalview.exchange365.connector_proof); V(null) while it changes.
  returned: success
  type: str
  sample: 8a0f6f1f9d2c4b7e
changes:
  description: What was written, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [create mail-enabled security group totalviewtimesendemail with totalview@contoso.com]
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import (
    ACCESS,
    LOCATED,
    OPTIONAL_STORE,
    REGISTRATION,
    TENANT,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.run import run

ARGUMENT_SPEC = {
    **TENANT,
    **REGISTRATION,
    **LOCATED,
    **ACCESS,
    **OPTIONAL_STORE,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "only_roles": {"type": "bool", "default": False},
    "mode": {"type": "str", "choices": ["access_policy", "rbac", "none"], "default": "access_policy"},
    "permissions": {"type": "list", "elements": "str", "default": []},
    "group": {"type": "str"},
    "members": {"type": "list", "elements": "str"},
    "members_exact": {"type": "bool", "default": True},
    "sender": {"type": "str"},
    "adopt": {"type": "bool", "default": False},
    "adopt_group": {"type": "str"},
    "adopt_sender": {"type": "str"},
    "api": {"type": "str", "choices": ["exchange", "graph_beta"], "default": "exchange"},
    "proven": {"type": "bool", "default": False},
    "enforcement_delay": {"type": "str", "default": "2h"},
    "wait": {"type": "str", "default": "0s"},
}

OPERATION = Operation(
    "mailbox_restriction",
    ARGUMENT_SPEC,
    run,
    {"required_if": [("mode", "access_policy", ["group"]), ("mode", "rbac", ["group"])]},
)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
