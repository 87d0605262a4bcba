# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t


def hosts_by_tenant(hosts: t.Iterable[str], hostvars: t.Mapping[str, t.Any]) -> dict[str, list[str]]:
    """The hosts of each tenant that was signed in to, by directory id."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        tenant_id = hostvars[host].get("__connector_login", {}).get("tenant_id")
        if tenant_id:
            found.setdefault(str(tenant_id), []).append(str(host))
    return found


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"hosts_by_tenant": hosts_by_tenant}
