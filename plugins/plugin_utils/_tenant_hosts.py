# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError


class TenantHosts:
    """Which hosts of this run stand for which tenant. Known to all workers, which share no memory.

    A file without a name, opened in the ansible-playbook process before it forks: each worker inherits it, nobody else
    can open it. It holds one line "<directory id> <host>" for each planned tenant.
    """

    def __init__(self) -> None:
        self._descriptor, name = tempfile.mkstemp()
        Path(name).unlink()
        flags = fcntl.fcntl(self._descriptor, fcntl.F_GETFL)
        fcntl.fcntl(self._descriptor, fcntl.F_SETFL, flags | os.O_APPEND)

    def add(self, tenant_id: str, host: str) -> None:
        os.write(self._descriptor, f"{tenant_id} {host}\n".encode())

    def hosts(self, tenant_id: str) -> list[str]:
        """In alphabetical order."""
        text = os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0).decode()
        lines = (line.split(" ", 1) for line in text.splitlines())
        return sorted({host for tenant, host in lines if tenant == tenant_id})

    def check(self, tenant_id: str, host: str) -> None:
        """Raises InputError: two hosts would be in each other's way, with two inventories' wishes."""
        hosts = self.hosts(tenant_id)
        if len(hosts) > 1 and host in hosts:
            raise InputError(
                f"It belongs to several hosts: {', '.join(hosts)}.",
                next_step="Keep one of them in the inventory; nothing was written for this one.",
                code="SharedTenant",
            )


TENANT_HOSTS = TenantHosts()
