# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  owners:
    description:
      - Object IDs of the users and service principals that shall own the application, as
        M(totalview.exchange365.azure_app_registration) was told. Whoever else owns it can give themselves something to
        sign in with.
    version_added: 1.0.0
    type: list
    elements: str
    default: []
  keep:
    description:
      - IDs of credentials that O(store) does not hold, and of owners besides O(owners), that you know and that stay.
        Key IDs, IDs of federated credentials, object IDs of owners.
      - M(totalview.exchange365.azure_app_registration) that takes an application over wants to have everything else
        decided on as well that lets somebody in or out of it, by URI (redirect URIs, identifier URIs), by ID (scopes
        and app roles that it offers), or as V(isFallbackPublicClient).
      - Nothing is granted to a registration, and no role is assigned to it, while somebody else can sign in with it.
    version_added: 1.0.0
    type: list
    elements: str
    default: []
"""
