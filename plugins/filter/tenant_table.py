# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.table import lines


def tenant_table(results: t.Iterable[t.Mapping[str, t.Any]], width: int | None = None) -> list[str]:
    """The lines that connector_table prints."""
    return lines(results, width)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"tenant_table": tenant_table}
