#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connector_messages
short_description: Leave messages for those who have something to do for a tenant
version_added: 1.0.0
author: Totalview (@totalview)
description:
  - Writes, for each tenant that waits for consent and each whose client secrets are to be typed into Totalview, a text
    (C(<host>.consent.txt), C(<host>.delivery.txt)) and the same as a draft of an e-mail (C(.eml)). It sends nothing.
  - A message tells what is asked for and why, who may do it, where, and by when. None holds a secret.
  - What is no longer asked for is removed, so that a message in the folder holds. Messages of tenants that this run did
    not look at, or that failed, stay as they are.
extends_documentation_fragment:
  - totalview.exchange365.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  action:
    description: Runs on the controller only.
    support: full
  action_group:
    support: none
    membership: []
options:
  results:
    description:
      - What the role P(totalview.exchange365.connector#role) leaves in C(connector_result), one for each tenant.
    type: list
    elements: dict
    default: []
  details:
    description:
      - What it leaves in C(connector_details). Tenants have messages where C(connector_messages_folder) is set.
    type: list
    elements: dict
    default: []
  folder:
    description:
      - Where they are written, by tenant and kind, readable by the owner alone. A relative path starts in the folder
        that the inventory lies in.
    type: path
    required: true
  sender:
    description:
      - Who they are from, as in V(Totalview operations <operations@example.com>).
    type: str
    required: true
  templates:
    description:
      - Folder with texts of your own, Jinja2 templates such as C(consent.da.txt.j2); what it has not is taken from the
        collection. The first line of each begins with C(Subject:). A relative path starts like that of O(folder).
    type: path
"""

EXAMPLES = r"""
- name: Leave messages
  totalview.exchange365.connector_messages:
    results: "{{ ansible_play_hosts | map('extract', hostvars, 'connector_result') | select('defined') }}"
    details: "{{ ansible_play_hosts | map('extract', hostvars, 'connector_details') | select('defined') }}"
    folder: /srv/totalview/messages
    sender: Totalview operations <operations@example.com>
  register: messages
  run_once: true

- name: Send by your own mail what is new
  community.general.mail:
    host: smtp.example.com
    sender: operations@example.com
    to: "{{ item.to }}"
    subject: "{{ item.subject }}"
    body: "{{ lookup('ansible.builtin.file', item.text_file) }}"
  loop: "{{ messages.messages | selectattr('new') | selectattr('to') }}"
  run_once: true
"""

RETURN = r"""
messages:
  description: All that is asked for of tenants of this run.
  returned: success
  type: list
  elements: dict
  contains:
    tenant:
      description: The inventory host.
      type: str
    kind:
      description: C(consent) or C(delivery).
      type: str
    new:
      description: Whether it was not asked for in this form before.
      type: bool
    to:
      description: Addresses, from C(connector_messages_consent_to) or C(connector_messages_delivery_to).
      type: list
      elements: str
    subject:
      description: In a line.
      type: str
    text_file:
      description: Where the text lies.
      type: str
    letter_file:
      description: Where the draft lies.
      type: str
removed:
  description: The files of what is no longer asked for.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._messages.run import OPERATION
from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
