#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: graph_permission
short_description: Declare which API permissions an application asks for
version_added: 0.1.0
author: Totalview (@totalview)
description:
  - Manages what an application declares (C(requiredResourceAccess)), by the permissions' names. Their IDs are read
    from
    the API's service principal in the tenant.
  - Declaring grants nothing; see M(totalview.exchange365.admin_consent).
extends_documentation_fragment:
  - totalview.exchange365.tenant
  - totalview.exchange365.tenant.sign_in
  - totalview.exchange365.registration
  - totalview.exchange365.registration.located
  - totalview.exchange365.permissions
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.managing
options:
  permissions:
    required: true
  exact:
    description:
      - The application declares O(permissions) and nothing else. What else it declares is removed, such as the
        delegated
        C(User.Read) that the portal adds by itself.
      - V(false) only adds.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: What the calendar registration asks for
  totalview.exchange365.graph_permission:
    tenant_id: contoso.onmicrosoft.com
    unique_name: totalview-exchange365-calendar
    permissions:
      - application: [Calendars.Read, Calendars.ReadWrite, User.Read.All]

- name: Add a permission of Exchange Online
  totalview.exchange365.graph_permission:
    tenant_id: contoso.onmicrosoft.com
    unique_name: our-automation
    exact: false
    permissions:
      - resource_app_id: 00000002-0000-0ff1-ce00-000000000000
        application: [Exchange.ManageAsApp]
"""

RETURN = r"""
permissions:
  description: What the application declares now, or in check mode would, sorted.
  returned: success
  type: list
  elements: dict
  contains:
    resource:
      description: Name of the API.
      type: str
    resource_app_id:
      description: Application ID of the API.
      type: str
    type:
      description: C(application) or C(delegated).
      type: str
    name:
      description: Name of the permission; its ID where the API does not know it any more.
      type: str
changes:
  description: What was written, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [declare Mail.Send (application); no longer declare User.Read (delegated)]
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import (
    LOCATED,
    PERMISSIONS,
    REGISTRATION,
    TENANT,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.run import (
    run,
)

ARGUMENT_SPEC = {
    **TENANT,
    **REGISTRATION,
    **LOCATED,
    "permissions": {**PERMISSIONS, "required": True},
    "exact": {"type": "bool", "default": True},
}

OPERATION = Operation("graph_permission", ARGUMENT_SPEC, run)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
