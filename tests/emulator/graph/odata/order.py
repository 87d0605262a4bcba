# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of collections, seldom that of their making (recordings of azure-cli and Az PowerShell)."""

from __future__ import annotations

from typing import Any

_REVERSED = frozenset({"appRoles", "passwordCredentials", "redirectUris", "requiredResourceAccess", "resourceAccess"})
_NESTED = frozenset({"publicClient", "requiredResourceAccess", "spa", "web"})


def shown(name: str, value: Any) -> Any:
    """The newest secret first, and permissions, roles and addresses not as they were sent."""
    if isinstance(value, dict) and name in _NESTED:
        return {inner: shown(inner, item) for inner, item in value.items()}
    if not isinstance(value, list) or name not in _REVERSED:
        return value
    items = [shown(name, item) for item in value] if name in _NESTED else value
    return list(reversed(items))
