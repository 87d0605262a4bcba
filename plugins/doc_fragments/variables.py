# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # For the tasks of the role.
    DOCUMENTATION = r"""
options:
  variables:
    description:
      - The role's variables by their names, all those that it documents as required or with a default, and no other.
        See C(ansible-doc -t role totalview.exchange365.connector).
    type: dict
    required: true
  host:
    description:
      - What the tenant is called in C(connector_result), usually C(inventory_hostname).
      - The hand-off has this name unless C(connector_handoff_name) is among the variables.
    type: str
    required: true
  inventory_dir:
    description:
      - Folder that C(connector_store_folder) and C(connector_handoff_folder) are relative to, so that the same
        inventory has the same store from wherever it is run. Without it they must be absolute.
    version_added: 1.0.0
    type: str
  connector_auth_client_secret:
    description:
      - This variable by itself. Where the task is delegated to another machine it gets there this way, so that it is
        shown nowhere.
    type: str
  connector_auth_certificate_password:
    description: Likewise.
    type: str
  connector_store_token:
    description: Likewise.
    version_added: 1.0.0
    type: str
  connector_store_secret_id:
    description: Likewise.
    version_added: 1.0.0
    type: str
  connector_store_jwt:
    description: Likewise.
    version_added: 1.0.0
    type: str
  connector_store_auth_client_secret:
    description: Likewise.
    version_added: 1.0.0
    type: str
  connector_store_auth_certificate_password:
    description: Likewise.
    version_added: 1.0.0
    type: str
requirements:
  - msal >= 1.31
  - requests >= 2.31
notes:
  - Runs on the controller, whatever connection the host has. Only where the task is delegated to another machine
    (C(delegate_to)) it runs there as an ordinary module; that machine needs the requirements.
"""
