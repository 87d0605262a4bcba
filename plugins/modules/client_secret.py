#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: client_secret
short_description: Keep an application's client secret in a secret store
version_added: 0.1.0
author: Totalview (@totalview)
description:
  - Makes sure that the store holds the value of a client secret that works and does not expire soon.
  - Microsoft tells a secret's value once. It goes from the answer into the store inside this task, is read back,
    and is never
    a result, a fact or a log line.
  - A secret that was replaced stays until its successor was delivered and the overlap is over, or until it expires.
  - The store notes each secret before it is issued. One that was noted within a day and is not in the store was left
    by a run that was killed; it is removed. All others that the store does not hold are reported and never touched.
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
      - V(absent) removes the secrets that O(store) knows or announced from the application, whoever uses them. All
        others are reported and stay. The store forgets nothing.
    version_added: 1.0.0
    type: str
    choices: [present, absent]
    default: present
  valid_for:
    description:
      - Lifetime of a new secret, as numbers with the units C(w), C(d), C(h), C(m), C(s), such as V(180d).
      - Where it is longer than the tenant's app management policy allows, the task fails and nothing is written.
      - By default 365 days, or what the policy allows if that is less.
    type: str
  renew_before:
    description: A secret whose remaining lifetime is this or less is renewed. Must be shorter than the lifetime.
    type: str
    default: 30d
  overlap:
    description: How long a secret lives on after its successor was delivered. A later run removes it then.
    type: str
    default: 7d
  delivered:
    description:
      - Key IDs of secrets that were typed in where they are used. The store notes them, once and for good, and the
        O(overlap) of what they replace begins.
      - Counts only for secrets that M(totalview.exchange365.connector_handoff) has handed off. Any other key ID, of
        whatever application, says nothing here, so that one list serves many tenants.
    version_added: 1.0.0
    type: list
    elements: str
    default: []
  revoke:
    description:
      - Key IDs of secrets that have leaked. They are removed at once; where the newest is among them, after another
        one was issued. Whoever uses one of them stops until the newest is typed in.
      - Only the application's own secrets are removed, also such as the store does not know.
    version_added: 1.0.0
    type: list
    elements: str
    default: []
  keep:
    description: Key IDs of secrets that O(store) does not hold, that you know and that stay.
    version_added: 1.0.0
    type: list
    elements: str
    default: []
  remove:
    description:
      - Key IDs of secrets that O(store) does not hold and that shall go. The connector may be using one, so each goes
        only when the one in O(store) was typed in O(overlap) ago. O(revoke) removes at once.
    version_added: 1.0.0
    type: list
    elements: str
    default: []
  foreign_credentials:
    description:
      - What becomes of secrets that O(store) does not hold and that O(keep) does not name. With V(report) they stay,
        with V(remove) they go like those that O(remove) names. One that is labelled as a store's goes only by name.
    version_added: 1.0.0
    type: str
    choices: [report, remove]
    default: report
  rotate:
    description:
      - Issue a new secret also where none is due. Not while the newest waits to be delivered, so that one run after
        the other issues one secret only.
    version_added: 1.0.0
    type: bool
    default: false
  handed_off:
    description:
      - The hand-off has the secret that the store holds. Of use where a version before 1.0.0 handed it off, which the
        store did not note.
    version_added: 1.0.0
    type: bool
    default: false
  sign_in_reports:
    description:
      - Ask Microsoft Graph (beta) when each secret was used for the last time, which needs the permission
        C(AuditLog.Read.All), and is passed over where it cannot be had.
      - The newest secret counts as delivered once it was used more than a day after our own use of it. An older one
        that is used after that is not removed, whatever O(delivered) says.
    version_added: 1.0.0
    type: bool
    default: false
  owner:
    description:
      - Who may remove the secrets that this module makes; becomes part of their labels, which the tenant's
        administrators see.
      - Two operators with different stores need different owners. By default it is derived from the store's address.
      - Letters, digits, dots, hyphens and underscores, at most 40.
    type: str
  lost_store:
    description:
      - What to do where a secret is due, and a living one carries O(owner) in its label that the store knows nothing
        of. The store is then empty, another one, or older than it was, and somebody may be using that secret.
      - With V(stop) the task fails. With V(replace) it issues a new secret, and leaves the others alone.
    version_added: 1.0.0
    type: str
    choices: [stop, replace]
    default: stop
  host:
    description:
      - Inventory host that the tenant belongs to. The store notes it, and the task fails for another one.
    version_added: 1.0.0
    type: str
  host_renamed:
    description: The name that O(host) had when the store noted it, where it was renamed.
    version_added: 1.0.0
    type: str
"""

EXAMPLES = r"""
- name: A secret for half a year, in an encrypted file
  totalview.exchange365.client_secret:
    tenant_id: contoso.onmicrosoft.com
    unique_name: totalview-exchange365-mail
    valid_for: 180d
    store:
      folder: /srv/totalview/secrets
"""

RETURN = r"""
secret:
  description: The secret that the store holds, without its value. V(null) in check mode where one would be issued.
  returned: success
  type: dict
  contains:
    key_id:
      description: Microsoft's ID of the secret.
      type: str
    label:
      description: Its label.
      type: str
    end:
      description: When it expires, in UTC.
      type: str
    handed_off:
      description: When it was handed off, in UTC. V(null) before.
      type: str
    delivered:
      description: When it became known that it is used, in UTC. V(null) before.
      type: str
type_in:
  description:
    - The newest secret, where somebody must type it in because an older one is in use that ends. V(null) otherwise.
  returned: success
  type: dict
  contains:
    key_id:
      description: Microsoft's ID of the secret.
      type: str
    before:
      description: When the older one ends, in UTC. V(null) where it has ended or was removed.
      type: str
    late:
      description: Whether it has.
      type: bool
foreign_secrets:
  description: Secrets of the application that are not ours.
  returned: success
  type: list
  elements: dict
  contains:
    key_id:
      description: Microsoft's ID of the secret.
      type: str
    label:
      description: Its label.
      type: str
    end:
      description: When it expires, in UTC.
      type: str
changes:
  description: What was written, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [issue client secret valid for 180 days]
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import LOCATED, REGISTRATION, STORE, TENANT
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.run import run

ARGUMENT_SPEC = {
    **TENANT,
    **REGISTRATION,
    **LOCATED,
    **STORE,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "valid_for": {"type": "str"},
    "renew_before": {"type": "str", "default": "30d"},
    "overlap": {"type": "str", "default": "7d"},
    "owner": {"type": "str"},
    "delivered": {"type": "list", "elements": "str", "default": []},
    "revoke": {"type": "list", "elements": "str", "default": []},
    "keep": {"type": "list", "elements": "str", "default": []},
    "remove": {"type": "list", "elements": "str", "default": []},
    "foreign_credentials": {"type": "str", "choices": ["report", "remove"], "default": "report"},
    "rotate": {"type": "bool", "default": False},
    "handed_off": {"type": "bool", "default": False},
    "sign_in_reports": {"type": "bool", "default": False},
    "lost_store": {"type": "str", "choices": ["stop", "replace"], "default": "stop"},
    "host": {"type": "str"},
    "host_renamed": {"type": "str"},
}

OPERATION = Operation("client_secret", ARGUMENT_SPEC, run)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
