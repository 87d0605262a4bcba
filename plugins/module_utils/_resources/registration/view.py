# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import (
    Actual,
    Application,
    Desired,
    ServicePrincipal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.plan import (
    is_enabled,
    to_adopt,
)


def view(actual: Actual, desired: Desired) -> dict[str, t.Any]:
    """A registration as modules return it; ids are None where it is yet to be made."""
    found = actual.application or to_adopt(actual, desired)
    if found is not None:
        return view_of(replace(found, unique_name=desired.unique_name), actual.service_principal)
    return {
        "unique_name": desired.unique_name,
        "display_name": desired.display_name,
        "client_id": None,
        "object_id": None,
        "service_principal_id": None,
        "enabled": None,
        "sign_in_audience": desired.sign_in_audience,
        "notes": desired.notes,
        "tags": list(desired.tags or ()),
        "created": None,
    }


def view_of(application: Application, principal: ServicePrincipal | None) -> dict[str, t.Any]:
    return {
        "unique_name": application.unique_name,
        "display_name": application.display_name,
        "client_id": application.app_id,
        "object_id": application.id,
        "service_principal_id": principal.id if principal else None,
        "enabled": is_enabled(application, principal) if principal else None,
        "sign_in_audience": application.sign_in_audience,
        "notes": application.notes,
        "tags": list(application.tags),
        "created": application.created,
    }
