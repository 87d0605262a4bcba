#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connector_store_move
short_description: Move a tenant's secrets and notes from one secret store to another
version_added: 1.0.0
author: Totalview (@totalview)
description:
  - Copies what the former store holds of a tenant, which is its client secrets, all notes and the hand-off, to another
    store, reads it back, and then notes in the former one where it is. From then on no module works with the former
    one.
  - No secret is issued, and nothing is removed from the former store unless O(clear) says so.
  - Does nothing for a tenant that was moved before, also where the other store has gone on since. Fails where both hold
    secrets and the other store does not know all of them.
extends_documentation_fragment:
  - totalview.exchange365.tenant
  - totalview.exchange365.tenant.sign_in
  - totalview.exchange365.store
  - totalview.exchange365.store.suboptions
  - totalview.exchange365.store.former
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.managing
options:
  tenant_id:
    description: Directory (tenant) ID. A domain name is signed in to, to learn the ID.
  name:
    description: Name of the hand-off in both stores, as M(totalview.exchange365.connector_handoff) has it.
    type: str
    required: true
  folder:
    description: Folder of the hand-off where O(store.type=vault_file), which needs it.
    type: path
  former_handoff_folder:
    description:
      - Folder of the hand-off where O(former.type=vault_file). By default C(handoff) in O(former.folder).
    type: path
  clear:
    description: Remove what was moved from the former store, once it was read back from the other.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: From files to a server
  totalview.exchange365.connector_store_move:
    tenant_id: 9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21
    name: contoso
    former:
      folder: /srv/totalview/secrets
    store:
      type: vault_kv2
      url: https://vault.example.com:8200
"""

RETURN = r"""
where:
  description: Where the tenant's secrets are, as a file, or the path of the secret in the store's server.
  returned: success
  type: str
  sample: secret/totalview-exchange365/tenants/9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21
changes:
  description: What was written, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [copy secrets and notes]
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import STORE, TENANT
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.store_move.run import run

ARGUMENT_SPEC = {
    **TENANT,
    **STORE,
    "former": STORE["store"],
    "name": {"type": "str", "required": True},
    "folder": {"type": "path"},
    "former_handoff_folder": {"type": "path"},
    "clear": {"type": "bool", "default": False},
}

OPERATION = Operation("connector_store_move", ARGUMENT_SPEC, run)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
