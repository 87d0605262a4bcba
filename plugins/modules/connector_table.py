#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connector_table
short_description: Show the tenants' results as lines of text
version_added: 1.0.0
author: Totalview (@totalview)
description:
  - Prints what the role P(totalview.exchange365.connector#role) leaves in C(connector_result), a line for each tenant,
    those first that need somebody, and a line that counts.
  - Of more than 100 tenants only those are shown that need somebody or were changed.
  - In a terminal, lines are cut at its width, unless the run is verbose (C(-v)). Nothing is printed where the standard
    output is JSON (callbacks P(ansible.posix.json#callback) and P(ansible.posix.jsonl#callback)); RV(lines) is there.
extends_documentation_fragment:
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.reading
attributes:
  action_group:
    support: none
    membership: []
options:
  results:
    description:
      - The results of the tenants, with the keys C(tenant), C(state), C(by), C(changed) (a list or a text) and C(next).
    type: list
    elements: dict
    required: true
  named_keys:
    description:
      - Key IDs of client secrets in C(connector_delivered) and C(connector_revoke). One that no tenant of O(details)
        has is told in a warning.
    type: list
    elements: str
    default: []
    version_added: 1.0.0
  details:
    description: What the role leaves in C(connector_details), of the same tenants.
    type: list
    elements: dict
    default: []
    version_added: 1.0.0
  width:
    description: Where lines are cut, in characters. By default the width of the terminal.
    type: int
"""

EXAMPLES = r"""
- name: Tenants
  totalview.exchange365.connector_table:
    results: "{{ ansible_play_hosts | map('extract', hostvars, 'connector_result') | select('defined') }}"
  run_once: true
"""

RETURN = r"""
lines:
  description: Headings, a line for each tenant, and the counts.
  returned: success
  type: list
  elements: str
  sample:
    - TENANT   STATE                CHANGED    NEXT
    - contoso  waiting_for_consent  -          A Global Administrator of the tenant gives consent …
    - "1 tenants: 1 waiting_for_consent"
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.table import run
from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation

ARGUMENT_SPEC = {
    "results": {"type": "list", "elements": "dict", "required": True},
    "named_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "details": {"type": "list", "elements": "dict", "default": []},
    "width": {"type": "int"},
}

OPERATION = Operation("connector_table", ARGUMENT_SPEC, run)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
