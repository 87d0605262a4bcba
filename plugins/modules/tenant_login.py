#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant_login
short_description: Sign in to a Microsoft 365 tenant once for all tasks of a run
version_added: 0.1.0
author: Totalview (@totalview)
description:
  - Signs in with a client secret or a certificate, tells which rights the automation has in the tenant, and returns a
    session that spares the later tasks their own sign-in.
  - The session is sealed with a key that exists in the memory of the running C(ansible-playbook) only. Printed, cached
    or stored it is of no use to anybody.
extends_documentation_fragment:
  - totalview.exchange365.tenant
  - totalview.exchange365.tenant.sign_in
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.reading
options:
  exchange:
    description: Sign in to Exchange Online as well, for M(totalview.exchange365.mailbox_restriction).
    type: bool
    default: false
    version_added: 1.0.0
attributes:
  check_mode:
    details: Signs in also in check mode.
"""

EXAMPLES = r"""
- name: Sign in
  totalview.exchange365.tenant_login:
    tenant_id: contoso.onmicrosoft.com
    auth_client_id: 6f1b2c9e-0d5a-4b7e-9c31-8a2f4e6d7b10
    auth_client_secret: "{{ automation_secret }}"
  register: login

- name: Later tasks use the session
  module_defaults:
    group/totalview.exchange365.connector:
      tenant_id: contoso.onmicrosoft.com
      auth_client_id: 6f1b2c9e-0d5a-4b7e-9c31-8a2f4e6d7b10
      auth_client_secret: "{{ automation_secret }}"
      session: "{{ login.session }}"
  block:
    - name: Read a registration
      totalview.exchange365.azure_app_registration_info:
        unique_name: totalview-exchange365-mail
"""

RETURN = r"""
session:
  description:
    - The sealed session for the option O(session) of the other modules.
    - Not returned where the task is delegated to another machine.
  returned: success, on the controller
  type: str
tenant_id:
  description: Directory (tenant) ID, also where O(tenant_id) was a domain name.
  returned: success
  type: str
  sample: 9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21
tenant_display_name:
  description: The organization's name; V(null) where the automation may not read it.
  returned: success
  type: str
  sample: Contoso Ltd
roles:
  description: The Microsoft Graph application permissions that the automation holds in this tenant, sorted.
  returned: success
  type: list
  elements: str
  sample: [Application.Read.All, Application.ReadWrite.OwnedBy, AppRoleAssignment.ReadWrite.All]
exchange:
  description:
    - Whether O(exchange) was given and the automation holds C(Exchange.ManageAsApp). The directory role that cmdlets
      need besides shows only when one is run.
  returned: success
  version_added: 1.0.0
  type: bool
failure:
  description: The fault as data. The same keys in every module of the collection.
  returned: failure
  type: dict
  contains:
    tenant:
      description: O(tenant_id) as it was given.
      type: str
    code:
      description: Microsoft's code (C(AADSTS7000215), C(Authorization_RequestDenied)), or the kind of fault.
      type: str
    status:
      description: HTTP status, if there was one.
      type: int
    message:
      description: What happened.
      type: str
    next_step:
      description: Who must do what.
      type: str
    request_id:
      description: Microsoft's id of the request, for a support case.
      type: str
    client_request_id:
      description: Our id of the request.
      type: str
    details:
      description: Further facts, such as the candidates of an ambiguous search.
      type: list
      elements: dict
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import optional
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Operation, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._options import TENANT


def run(call: Call) -> Outcome:
    tenant = call.tenant()
    values = {
        "tenant_id": tenant.directory_id,
        "roles": sorted(tenant.roles),
        "tenant_display_name": _display_name(tenant),
        "exchange": call.params["exchange"] and tenant.has_exchange,
    }
    return Outcome(values, session=tenant.tokens.session)


def _display_name(tenant: Tenant) -> str | None:
    query = {"$select": "id,displayName"}
    rows = optional(lambda: tenant.graph.list("/organization", query, action="read the organization"))
    return next((row.get("displayName") for row in rows or ()), None)


ARGUMENT_SPEC = {**TENANT, "exchange": {"type": "bool", "default": False}}

OPERATION = Operation("tenant_login", ARGUMENT_SPEC, run)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
