#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: azure_app_registration_info
short_description: Read Entra applications and their service principals
version_added: 0.1.0
author: Totalview (@totalview)
description:
  - Finds applications by key, by client ID or by exact display name.
  - Display names are not unique, so the answer is a list.
extends_documentation_fragment:
  - totalview.exchange365.tenant
  - totalview.exchange365.tenant.sign_in
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.reading
options:
  unique_name:
    description: The key.
    type: str
  client_id:
    description: Application (client) ID.
    type: str
  display_name:
    description: Exact display name. The automation needs C(Application.Read.All) for a search by name.
    type: str
"""

EXAMPLES = r"""
- name: Who has that name?
  totalview.exchange365.azure_app_registration_info:
    tenant_id: contoso.onmicrosoft.com
    display_name: Totalview E-Mail Sending
  register: found
"""

RETURN = r"""
registrations:
  description: What was found; the shape of RV(totalview.exchange365.azure_app_registration#module:registration).
  returned: success
  type: list
  elements: dict
  sample:
    - unique_name: totalview-exchange365-mail
      display_name: Totalview E-Mail Sending
      client_id: 22222222-2222-4222-8222-222222222222
      object_id: 11111111-1111-4111-8111-111111111111
      service_principal_id: 33333333-3333-4333-8333-333333333333
      enabled: true
      sign_in_audience: AzureADMyOrg
      notes:
      tags: []
      created: "2026-11-23T09:40:20Z"
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Operation, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._options import TENANT
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_service_principal,
    search,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.view import view_of

_KEYS = ("unique_name", "client_id", "display_name")


def run(call: Call) -> Outcome:
    graph = call.tenant().graph
    found = search(graph, **{key: call.params[key] for key in _KEYS})
    views = [view_of(application, find_service_principal(graph, application.app_id)) for application in found]
    return Outcome({"registrations": views})


OPERATION = Operation(
    "azure_app_registration_info",
    {**TENANT, **{key: {"type": "str"} for key in _KEYS}},
    run,
    {"required_one_of": [list(_KEYS)], "mutually_exclusive": [list(_KEYS)]},
)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
