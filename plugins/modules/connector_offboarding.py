#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connector_offboarding
short_description: Keep the record of an offboarding, and prove that the registration is closed
version_added: 1.0.0
author: Totalview (@totalview)
description:
  - Notes in the secret store that a registration is being offboarded, since when and by whom, what goes, and how far it
    has come. While that is noted no playbook of this collection makes, renews or enables anything of it.
  - Removes nothing itself. What does are M(totalview.exchange365.azure_app_sign_in),
    M(totalview.exchange365.admin_consent), M(totalview.exchange365.client_secret),
    M(totalview.exchange365.azure_app_registration) and M(totalview.exchange365.mailbox_restriction).
  - The secret itself is neither a result nor a log line.
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
  state:
    description:
      - How far the offboarding is to be noted.
      - With V(begun) the note is made, before anything is removed. Where the application is there again after it was
        closed, since somebody restored it, the offboarding begins anew.
      - With V(closed) the application must be gone. The secret that the store holds is signed in with until Microsoft
        refuses it. From then on tokens of before live for 28 hours at most.
      - With V(finished) that time must have passed.
    type: str
    choices: [begun, closed, finished]
    required: true
  by:
    description: Who offboards it. By default the user of the machine.
    type: str
  ids:
    description: IDs to remember, by the name of what they belong to.
    type: dict
    default: {}
  removals:
    description: What goes, a few words each. What is noted already is not noted again.
    type: list
    elements: str
    default: []
  kept:
    description: With O(state=finished), what stays in the tenant and why.
    type: list
    elements: str
    default: []
  sign_in_wait:
    description: How long to wait until Microsoft Entra refuses the registration.
    type: str
    default: 1m
"""

EXAMPLES = r"""
- name: From now on nothing renews or enables it
  totalview.exchange365.connector_offboarding:
    tenant_id: contoso.onmicrosoft.com
    unique_name: totalview-exchange365-mail
    store:
      folder: /srv/totalview/secrets
    state: begun
    removals: [delete application]

- name: It is gone, and nobody signs in with it
  totalview.exchange365.connector_offboarding:
    tenant_id: contoso.onmicrosoft.com
    unique_name: totalview-exchange365-mail
    store:
      folder: /srv/totalview/secrets
    state: closed
"""

RETURN = r"""
stage:
  description:
    - C(closing) until the refusal is proven; C(waiting) while tokens of before may live; C(finishing) from then on;
      C(offboarded) once O(state=finished) is noted.
  returned: success
  type: str
  sample: waiting
closed:
  description: When a sign-in was found to be refused, V(null) before.
  returned: success
  type: str
refusal:
  description: Microsoft's code of that refusal; V(null) where the store held no secret to try.
  returned: success
  type: str
  sample: AADSTS700016
tokens_until:
  description: Until when tokens may live that were issued before; V(null) before the refusal is proven.
  returned: success
  type: str
kept:
  description: What stays in the tenant and why, once O(state=finished) is noted.
  returned: success
  type: list
  elements: str
changes:
  description: What was noted, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: ["prove that a sign-in is refused, and note it"]
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import LOCATED, REGISTRATION, STORE, TENANT
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.run import run

ARGUMENT_SPEC = {
    **TENANT,
    **REGISTRATION,
    **LOCATED,
    **STORE,
    "state": {"type": "str", "choices": ["begun", "closed", "finished"], "required": True},
    "by": {"type": "str"},
    "ids": {"type": "dict", "default": {}},
    "removals": {"type": "list", "elements": "str", "default": []},
    "kept": {"type": "list", "elements": "str", "default": []},
    "sign_in_wait": {"type": "str", "default": "1m"},
}

OPERATION = Operation("connector_offboarding", ARGUMENT_SPEC, run)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
