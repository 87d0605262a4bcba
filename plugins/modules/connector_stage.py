#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connector_stage
short_description: Do one stage of a tenant's onboarding
version_added: 0.2.0
author: Totalview (@totalview)
description:
  - Does for both registrations, with one sign-in, the work of the modules that the stage consists of, with the options
    that follow from the role's variables. The role C(connector) has one such task for each stage.
  - Where the work for one registration fails the other has its turn all the same; then the task fails.
extends_documentation_fragment:
  - totalview.exchange365.variables
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.managing
attributes:
  action_group:
    support: none
    membership: []
options:
  stage:
    description:
      - V(application) is M(totalview.exchange365.azure_app_registration) and
        M(totalview.exchange365.graph_permission).
      - V(restriction) is M(totalview.exchange365.mailbox_restriction), V(consent) is
        M(totalview.exchange365.admin_consent), V(secret) is M(totalview.exchange365.client_secret).
      - V(proof) is M(totalview.exchange365.connector_proof), for what is granted and restricted, and
        M(totalview.exchange365.connector_handoff), where nothing is waited for.
      - V(old_restriction) removes what another mode of restriction has left, for what is proven.
      - Each builds on the ones before it.
    type: str
    choices: [application, restriction, consent, secret, proof, old_restriction]
    required: true
  session:
    description:
      - RV(totalview.exchange365.connector_plan#module:session), or RV(session) of the stage before. With it none of the
        options below need be given, also where the task is delegated.
    type: str
  progress:
    description: What the stages before have said and done, as JSON.
    type: str
"""

EXAMPLES = r"""
- name: Restrict which mailboxes the registrations reach
  totalview.exchange365.connector_stage:
    stage: restriction
    session: "{{ application.session }}"
  register: restriction
"""

RETURN = r"""
ansible_facts:
  description: How the tenant stands, see M(totalview.exchange365.connector_plan).
  returned: success of the last two stages
  type: dict
results:
  description: What each module returned.
  returned: always
  type: list
  elements: dict
  contains:
    registration:
      description: C(calendar) or C(mail); empty for what concerns the tenant as a whole.
      type: str
    part:
      description: C(application), C(permissions), C(restriction), C(consent), C(secret), C(proof), C(hand-off) or
        C(old_restriction). The other keys are those of the module.
      type: str
changed_parts:
  description: What this stage and those before it have changed, or in check mode would.
  returned: always
  type: list
  elements: str
  sample: ["mail: restriction, consent", hand-off]
leftover:
  description: Whether another mode of restriction has left something, for the stage V(ignore:old_restriction).
  returned: always
  type: bool
session:
  description: For the next stage.
  returned: always, on the controller
  type: str
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.run import run_stage
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.stages import STAGES
from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import VARIABLES

ARGUMENT_SPEC = {
    "stage": {"type": "str", "choices": list(STAGES), "required": True},
    "progress": {"type": "str"},
    "session": {"type": "str", "no_log": True},
    **VARIABLES,
}

OPERATION = Operation("connector_stage", ARGUMENT_SPEC, run_stage)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
