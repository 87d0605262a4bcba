#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connector_handoff
short_description: Write the seven fields of the Totalview connector where they are encrypted
version_added: 0.1.0
author: Totalview (@totalview)
description:
  - Takes the client IDs and secrets of both registrations from the secret store and writes what Totalview asks for,
    encrypted like the store, to a file that C(ansible-vault view) shows, or to a secret of the store's server.
  - Fails where a secret is missing. Nothing of it is a result.
  - The store notes when each secret was handed off. One that has neither been proven nor handed off is signed in with
    first; otherwise nothing is signed in to.
extends_documentation_fragment:
  - totalview.exchange365.tenant
  - totalview.exchange365.tenant.sign_in
  - totalview.exchange365.store
  - totalview.exchange365.store.suboptions
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.managing
options:
  tenant_id:
    description: Directory (tenant) ID. A domain name is signed in to, to learn the ID.
  folder:
    description:
      - Folder of the file, where O(store.type=vault_file), which needs it. Any other store has the hand-off in itself,
        below its own path.
    type: path
  name:
    description:
      - Name of the hand-off, of a file without C(.yml). Letters, digits and C(. _ @ -), beginning with a letter or
        digit.
    type: str
    required: true
  calendar:
    description: C(uniqueName) of the registration for calendars.
    type: str
    required: true
  mail:
    description: C(uniqueName) of the registration for e-mail.
    type: str
    required: true
  sender:
    description: Address of the mailbox that sends.
    type: str
    required: true
  pending:
    description:
      - Those of O(calendar) and O(mail) whose secret is yet to be issued or renewed. What the store holds of them is
        not handed off. Lets check mode tell of a hand-off that will change.
    type: list
    elements: str
    default: []
  sign_in_wait:
    description: How long to wait until Microsoft Entra knows a new secret.
    version_added: 1.0.0
    type: str
    default: 1m
"""

EXAMPLES = r"""
- name: Hand off
  totalview.exchange365.connector_handoff:
    tenant_id: 9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21
    folder: /srv/totalview/handoff
    name: contoso
    calendar: totalview-exchange365-calendar
    mail: totalview-exchange365-mail
    sender: totalview@contoso.com
    store:
      folder: /srv/totalview/secrets
"""

RETURN = r"""
file:
  description: The file, or the path of the secret in the store's server.
  returned: success
  type: str
  sample: /srv/totalview/handoff/contoso.yml
changes:
  description: What was written, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [hand off contoso]
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import STORE, TENANT
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff.run import run

ARGUMENT_SPEC = {
    **TENANT,
    **STORE,
    "folder": {"type": "path"},
    "name": {"type": "str", "required": True},
    "calendar": {"type": "str", "required": True},
    "mail": {"type": "str", "required": True},
    "sender": {"type": "str", "required": True},
    "pending": {"type": "list", "elements": "str", "default": []},
    "sign_in_wait": {"type": "str", "default": "1m"},
}

OPERATION = Operation("connector_handoff", ARGUMENT_SPEC, run)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
