#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: admin_consent
short_description: Grant exactly the permissions that an application declares
version_added: 0.1.0
author: Totalview (@totalview)
description:
  - Grants the declared application permissions (app role assignments) and delegated permissions (for all users) in the
    tenant, and revokes whatever else is granted to the registration.
  - Where the automation lacks the right to do so, nothing fails. The state is C(waiting_for_consent), with a
    message for the
    person who may; the next run sees the grant and goes on.
  - What consent cannot take away, since it only adds, is the state C(waiting_for_revocation), with an instruction of
    its own. Nobody is asked to consent for it.
  - While somebody else can sign in with the registration, or owns it, nothing is granted and the state is C(withheld).
    Credentials and owners of application and service principal are read before the first grant and once after the last;
    what was granted in between is taken back.
  - Without O(client_id) and without a O(store) that knows the registration, an application that is there is refused.
  - Application permissions need C(AppRoleAssignment.ReadWrite.All), delegated ones
    C(DelegatedPermissionGrant.ReadWrite.All).
extends_documentation_fragment:
  - totalview.exchange365.tenant
  - totalview.exchange365.tenant.sign_in
  - totalview.exchange365.registration
  - totalview.exchange365.registration.located
  - totalview.exchange365.access
  - totalview.exchange365.store.optional
  - totalview.exchange365.store.suboptions
  - totalview.exchange365.permissions
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.managing
options:
  permissions:
    description:
      - The declaration to consent to, one entry for each API. By default what the application declares now.
      - Lets check mode tell of grants for a registration that is yet to be made.
  hold:
    description:
      - Names of application permissions that are neither granted nor revoked now, because Exchange may not enforce a
        restriction yet; RV(totalview.exchange365.mailbox_restriction#module:hold).
    type: list
    elements: str
    default: []
    version_added: 1.0.0
"""

EXAMPLES = r"""
- name: Grant what the registration declares
  totalview.exchange365.admin_consent:
    tenant_id: contoso.onmicrosoft.com
    unique_name: totalview-exchange365-mail
    client_id: "{{ mail.registration.client_id }}"
    store:
      folder: /srv/totalview/secrets
  register: consent

- name: Tell the person who may
  ansible.builtin.debug:
    msg: "{{ consent.message }}"
  when: consent.state == 'waiting_for_consent'
"""

RETURN = r"""
state:
  description:
    - C(granted); C(withheld) where somebody else can sign in with the registration; C(waiting_for_consent) where
      somebody with more rights must consent; C(waiting_for_revocation) where all is granted and somebody with more
      rights must revoke what is left over; C(held) where O(hold) kept something from being granted or revoked.
  returned: success
  type: str
  sample: granted
permissions:
  description: Each declared permission with its consent, and each grant that is not declared.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the permission.
      type: str
    type:
      description: C(application) or C(delegated).
      type: str
    declared:
      description: Whether the application declares it.
      type: bool
    granted:
      description: Whether it is granted now, or in check mode would be.
      type: bool
waiting:
  description: What somebody with more rights must do, a few words each.
  returned: success
  type: list
  elements: str
  sample: [grant Mail.Send (application)]
to_revoke:
  description: Of RV(waiting) what no consent takes away.
  returned: success
  version_added: 1.0.0
  type: list
  elements: str
  sample: [revoke Mail.Send (application)]
message:
  description: A message for that person, ready to send; V(null) when nothing waits.
  returned: success
  type: str
waiting_since:
  description:
    - Since when somebody is asked to consent to just this, by Microsoft's clock; V(null) when nobody is. Asked for
      something else, it begins anew. The store of O(store) remembers it; without one it is V(null).
  returned: success
  version_added: 1.0.0
  type: str
waiting_days:
  description: For how many days, or V(null).
  returned: success
  version_added: 1.0.0
  type: int
link:
  description: The address of Microsoft's consent page for this registration; V(null) where none is to be given.
  returned: success
  type: str
fingerprint:
  description: Names these very grants of this service principal, as part of what a proof is bound to.
  returned: success
  version_added: 1.0.0
  type: str
  sample: 5d0a2c7e9f3b1846
withheld:
  description: What nobody is to grant while RV(foreign) is so, a few words each.
  returned: success
  version_added: 1.0.0
  type: list
  elements: str
  sample: [grant Mail.Send (application)]
foreign:
  description: Credentials and owners of application and service principal that are not known as ours.
  returned: success
  version_added: 1.0.0
  type: list
  elements: str
  sample: ["client secret 6a3f9f0c-54cb-4b5e-9d0a-0f1f8b0e4d11 'mine' of the application, since 2026-11-20"]
held:
  description: What O(hold) kept from being done, a few words each.
  returned: success
  version_added: 1.0.0
  type: list
  elements: str
  sample: [grant Mail.Send (application)]
changes:
  description: What was granted and revoked, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [grant Mail.Send (application), revoke User.Read (delegated)]
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import (
    ACCESS,
    LOCATED,
    OPTIONAL_STORE,
    PERMISSIONS,
    REGISTRATION,
    TENANT,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.run import run

ARGUMENT_SPEC = {
    **TENANT,
    **REGISTRATION,
    **LOCATED,
    **ACCESS,
    **OPTIONAL_STORE,
    "permissions": PERMISSIONS,
    "hold": {"type": "list", "elements": "str", "default": []},
}

OPERATION = Operation("admin_consent", ARGUMENT_SPEC, run)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
