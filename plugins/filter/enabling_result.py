# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.enabling_result import result_of


def enabling_result(
    plan: t.Mapping[str, t.Any],
    steps: t.Mapping[str, t.Mapping[str, t.Any]],
    host: str,
    check_mode: bool = False,
) -> dict[str, t.Any]:
    """What the role tells of a tenant that it enables, from what its tasks registered."""
    return result_of(host, plan, steps, check_mode=check_mode)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"enabling_result": enabling_result}
