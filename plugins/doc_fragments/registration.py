# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  unique_name:
    description:
      - The registration's C(uniqueName), its key in the tenant. Display names are not unique and may be changed by
        anybody; this name is ours, and cannot be changed once it is set.
      - Letters, digits and hyphens, at most 120; Microsoft documents no other characters.
    type: str
    required: true
"""

    # For modules that manage a part of a registration that is there.
    LOCATED = r"""
options:
  client_id:
    description:
      - Application (client) ID of the registration, such as
        RV(totalview.exchange365.azure_app_registration#module:registration.client_id). With it the registration is not
        looked for again; O(unique_name) still names it in the store and in Exchange Online.
      - By default the registration with the key O(unique_name).
    type: str
    version_added: 1.0.0
"""
