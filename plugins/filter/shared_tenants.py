# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t


def shared_tenants(hosts: t.Iterable[str], hostvars: t.Mapping[str, t.Any]) -> dict[str, list[str]]:
    """The hosts of each tenant that more than one host stands for, by directory id."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        tenant_id = hostvars[host].get("__connector_plan", {}).get("tenant_id")
        if tenant_id:
            found.setdefault(str(tenant_id), []).append(str(host))
    return {tenant_id: names for tenant_id, names in found.items() if len(names) > 1}


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"shared_tenants": shared_tenants}
