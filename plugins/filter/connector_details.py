# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector import details


def connector_details(planned: t.Mapping[str, t.Any], steps: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """What a report tells of a tenant, from what the role's tasks registered."""
    return details.after(planned, steps)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"connector_details": connector_details}
