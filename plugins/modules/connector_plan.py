#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connector_plan
short_description: Read a tenant once and tell what its onboarding has to change
version_added: 0.2.0
author: Totalview (@totalview)
description:
  - The first task of the role C(connector). Signs in, reads in few batches what the stages of
    M(totalview.exchange365.connector_stage) would read one by one, and plans each of them.
  - Finds whatever input the stages would refuse before anything is written.
  - Nothing is written. Where a proof is due and nothing else is to be changed, it is made, as
    M(totalview.exchange365.connector_proof) does in check mode.
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
  register: __connector_plan
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
session:
  description:
    - For M(totalview.exchange365.connector_stage). Sealed as the one of M(totalview.exchange365.tenant_login); it also
      holds the options of this task and what was found.
  returned: where something is planned, on the controller
  type: str
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.run import run_plan
from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import VARIABLES

OPERATION = Operation("connector_plan", VARIABLES, run_plan)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
