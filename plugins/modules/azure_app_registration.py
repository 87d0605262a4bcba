#!/usr/bin/python
# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: azure_app_registration
short_description: Manage an Entra application and its service principal
version_added: 0.1.0
author: Totalview (@totalview)
description:
  - Makes sure that a tenant has an application with the given key, and its service principal.
  - The application is created by an upsert on its key, so that a repeated or half-answered creation never makes a
    second one.
  - A registration of ours that was deleted is restored, not made anew. Its service principal may have its grants back
    with it, so that restoring is as good as a consent. It is deactivated before its service principal is restored, and
    activated when that holds nothing but what O(permissions) names.
  - An application of the same display name without our key stops the task, unless O(adopt) is set.
extends_documentation_fragment:
  - totalview.exchange365.tenant
  - totalview.exchange365.tenant.sign_in
  - totalview.exchange365.registration
  - totalview.exchange365.access
  - totalview.exchange365.store.optional
  - totalview.exchange365.store.suboptions
  - totalview.exchange365.permissions
  - totalview.exchange365.attributes
  - totalview.exchange365.attributes.managing
options:
  permissions:
    description:
      - What the application declares from the start where it is made, one entry for each API. Of one that is there
        it says nothing; that is M(totalview.exchange365.graph_permission)'s. What comes back with one that is restored
        is measured by it.
    version_added: 1.0.0
  state:
    description:
      - V(absent) deletes the application with its service principal and grants. Microsoft keeps it for 30 days, in
        which V(present) restores it. With O(client_id) or O(store) only the application of that client ID, or that the
        store knows, is deleted; without both, whatever carries the key.
    type: str
    choices: [present, absent]
    default: present
  purge:
    description: With O(state=absent), delete permanently, also where it was deleted before. It cannot be restored
      then.
    type: bool
    default: false
  display_name:
    description: The application's name as people see it. Needed for O(state=present). At most 256 characters.
    type: str
  sign_in_audience:
    description: Who may sign in with the application. V(AzureADMyOrg) is this tenant only.
    type: str
    choices: [AzureADMyOrg, AzureADMultipleOrgs, AzureADandPersonalMicrosoftAccount, PersonalMicrosoftAccount]
    default: AzureADMyOrg
  notes:
    description: Notes for the tenant's administrators. Left alone where not given.
    type: str
  tags:
    description: The application's tags, all of them. Left alone where not given.
    type: list
    elements: str
  owners:
    description:
      - Object IDs of users or service principals that shall own the application. Other owners are left alone, so that
        the automation does not lock itself out.
      - Whether there is such a user or service principal is checked before anything is written; for users only where
        the automation may read them (C(User.ReadBasic.All)).
    type: list
    elements: str
    default: []
  adopt:
    description:
      - Take over an application that people made by hand, found by its exact O(display_name) or by O(adopt_client_id).
        There must be exactly one; otherwise the task fails and lists the candidates. Where there is none, a new one
        is made.
      - Adoption sets the key O(unique_name), once and for good. Where somebody else can sign in with the application,
        or owns it, the task fails until each is decided on (O(keep)).
    type: bool
    default: false
  adopt_client_id:
    description: Application (client) ID of the one application to adopt. Needs O(adopt=true).
    type: str
  enable:
    description:
      - Enable a registration that is disabled, so that it can sign in. Its service principal (C(accountEnabled)) and
        its application (C(isDisabled)) are enabled; what Microsoft has disabled only Microsoft enables.
      - By default a disabled one stays so, with a warning.
    type: bool
    default: false
    version_added: 1.0.0
  keep_disabled:
    description:
      - Whether a registration that is restored, or was by an earlier run, stays deactivated in any case, because what
        shall restrict its mailboxes is not in force yet. O(enable) has no effect then.
    type: bool
    default: false
    version_added: 1.0.0
  deactivate:
    description:
      - Deactivate a registration that is there, until what restricts its mailboxes is in force. A later run activates
        it again, where O(store) notes that. O(enable) has no effect then.
    type: bool
    default: false
    version_added: 1.0.0
  client_id:
    description:
      - Application (client) ID of the registration, where it is known from an earlier run (RV(registration)).
      - An application that carries the key O(unique_name) is taken for the registration when it has this client ID,
        when O(store) knows it or announced that it would be made, or when O(adopt=true). Without O(store) also when it
        was made with the automation's own application. Any other is somebody else's, since everybody may give that key
        to an application of their own; the task then fails before its first change.
    type: str
    version_added: 1.0.0
  remove:
    description:
      - IDs of credentials and owners of somebody else that shall go, as O(keep) names those that stay. Owners go first.
      - A client secret goes only when the one in O(store) was typed in O(overlap) ago, since the connector may be using
        it until then. Those of the application itself are M(totalview.exchange365.client_secret)'s.
    version_added: 1.0.0
    type: list
    elements: str
    default: []
  foreign_credentials:
    description:
      - What becomes of credentials that are neither in O(store) nor kept. With V(report) they stay, and nothing is
        granted to the registration. With V(remove) they go like those that O(remove) names. Owners always stay.
    version_added: 1.0.0
    type: str
    choices: [report, remove]
    default: report
  overlap:
    description: For how long a client secret of somebody else lives on when the one in O(store) was typed in.
    version_added: 1.0.0
    type: str
    default: 7d
"""

EXAMPLES = r"""
- name: The registration for calendars
  totalview.exchange365.azure_app_registration:
    tenant_id: contoso.onmicrosoft.com
    unique_name: totalview-exchange365-calendar
    display_name: Totalview Calendar Synchronization

- name: Take over what somebody made in the portal
  totalview.exchange365.azure_app_registration:
    tenant_id: contoso.onmicrosoft.com
    unique_name: totalview-exchange365-calendar
    display_name: Totalview Calendar Synchronization
    adopt: true
"""

RETURN = r"""
registration:
  description: The registration, in the shape of M(totalview.exchange365.azure_app_registration_info). V(null) where
    absent.
  returned: success
  type: dict
  contains:
    unique_name:
      description: The key.
      type: str
    display_name:
      description: The name.
      type: str
    client_id:
      description: Application (client) ID. V(null) in check mode for an application yet to be made.
      type: str
    object_id:
      description: Object ID of the application.
      type: str
    service_principal_id:
      description: Object ID of the service principal (enterprise application).
      type: str
    enabled:
      description: Whether the registration may sign in.
      type: bool
    sign_in_audience:
      description: Who may sign in.
      type: str
    notes:
      description: Notes.
      type: str
    tags:
      description: Tags.
      type: list
      elements: str
    created:
      description: When it was made, in UTC.
      type: str
stays_disabled:
  description: Whether it stays deactivated for now, by O(keep_disabled) or O(deactivate), or because more came back
    with it than it shall have.
  returned: where state is V(present)
  type: bool
changes:
  description: What was written, or in check mode would be, a few words each.
  returned: success
  type: list
  elements: str
  sample: [create application Totalview E-Mail Sending, create service principal]
"""

from ansible_collections.totalview.exchange365.plugins.module_utils._module import run_module
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Operation
from ansible_collections.totalview.exchange365.plugins.module_utils._options import (
    ACCESS,
    OPTIONAL_STORE,
    PERMISSIONS,
    REGISTRATION,
    TENANT,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.run import run

ARGUMENT_SPEC = {
    **TENANT,
    **REGISTRATION,
    **ACCESS,
    **OPTIONAL_STORE,
    "permissions": PERMISSIONS,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "purge": {"type": "bool", "default": False},
    "display_name": {"type": "str"},
    "sign_in_audience": {
        "type": "str",
        "choices": [
            "AzureADMyOrg",
            "AzureADMultipleOrgs",
            "AzureADandPersonalMicrosoftAccount",
            "PersonalMicrosoftAccount",
        ],
        "default": "AzureADMyOrg",
    },
    "notes": {"type": "str"},
    "tags": {"type": "list", "elements": "str"},
    "adopt": {"type": "bool", "default": False},
    "adopt_client_id": {"type": "str"},
    "enable": {"type": "bool", "default": False},
    "keep_disabled": {"type": "bool", "default": False},
    "deactivate": {"type": "bool", "default": False},
    "client_id": {"type": "str"},
    "remove": {"type": "list", "elements": "str", "default": []},
    "foreign_credentials": {"type": "str", "choices": ["report", "remove"], "default": "report"},
    "overlap": {"type": "str", "default": "7d"},
}

OPERATION = Operation(
    "azure_app_registration",
    ARGUMENT_SPEC,
    run,
    {"required_if": [("state", "present", ["display_name"])]},
)


def main() -> None:
    run_module(OPERATION)


if __name__ == "__main__":
    main()
