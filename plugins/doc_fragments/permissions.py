# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  permissions:
    description: Permissions by their names, one entry for each API.
    type: list
    elements: dict
    suboptions:
      resource_app_id:
        description: Application ID of the API. The default is Microsoft Graph.
        type: str
        default: 00000003-0000-0000-c000-000000000000
      application:
        description: Names of application permissions, used without a signed-in user.
        type: list
        elements: str
        default: []
      delegated:
        description: Names of delegated permissions, used on behalf of a signed-in user.
        type: list
        elements: str
        default: []
"""
