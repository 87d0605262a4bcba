# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector import preflight


def preflight_result(
    plan: t.Mapping[str, t.Any], host: str, failure: t.Mapping[str, t.Any] | None = None
) -> dict[str, t.Any]:
    """Whether the onboarding of a tenant can begin, and who must do what."""
    return preflight.preflight_result(host, plan, failure)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"preflight_result": preflight_result}
