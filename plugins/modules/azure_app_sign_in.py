#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: azure_app_sign_in
short_description: Disable and enable the sign-in of a registration
version_added: 1.0.0
author: Totalview (@totalview)
description:
  - Sets both switches, C(accountEnabled) of the service principal and C(isDisabled) of the application, and reads them
    back. Nothing is lost; grants, secrets and restrictions stay.
  - Fails, and says that the registration is not disabled, where one of the two is not confirmed.
  - Microsoft refuses new tokens from then on. Tokens that were issued before live on for up to 90 minutes, for clients
    that handle continuous access evaluation up to 28 hours.
  - The registration is addressed by the client ID that O(store) knows or O(client_id) gives, never by its key alone.
  - Enabling counts as consent. While somebody else can sign in with the registration it is refused.
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
  enabled:
    description: Whether the registration may sign in.
    type: bool
    required: true
  by:
    description:
      - Who disables it, for the note in O(store) that keeps the role from enabling it. By default the user of the
        machine.
    type: str
"""

EXAMPLES = r"""
- name: Nobody signs in with the registration for e-mail
  totalview.exchange365.azure_app_sign_in:
    tenant_id: contoso.onmicrosoft.com
    unique_name: totalview-exchange365-mail
    store:
      folder: /srv/totalview/secrets
    enabled: false
"""

RETURN = r"""
client_id:
  description: Application (client) ID of the registration.
  returned: success
  type: str
  sample: 22222222-2222-4222-8222-222222222222
enabled:
  description: As in O(enabled).
  returned: success
  type: bool
service_principal_enabled:
  description: C(accountEnabled) of the service principal, V(null) where there is none.
  returned: success
  type: bool
application_disabled:
  description: C(isDisabled) of the application, V(null) where there is none, or nobody ever deactivated it.
  returned: success
  type: bool
next:
  description: What follows.
  returned: success
  type: str
changes:
  description: What was written, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [disable the service principal, deactivate the application]
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
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.sign_in.run import run

ARGUMENT_SPEC = {
    **TENANT,
    **REGISTRATION,
    **LOCATED,
    **ACCESS,
    **OPTIONAL_STORE,
    "enabled": {"type": "bool", "required": True},
    "by": {"type": "str"},
}

OPERATION = Operation("azure_app_sign_in", ARGUMENT_SPEC, run)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
