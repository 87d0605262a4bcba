# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from urllib.parse import quote, unquote

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError

_HANDOFF = "handoff:"


class TenantHosts:
    """Which hosts of this run stand for which tenant, and hand off to which file. Known to all workers, which share no
    memory.

    A file without a name, opened in the ansible-playbook process before it forks: each worker inherits it, nobody else
    can open it. It holds a line "<directory id> <host>" and one "<hand-off> <host>" for each planned tenant.
    """

    def __init__(self) -> None:
        self._descriptor, name = tempfile.mkstemp()
        Path(name).unlink()
        flags = fcntl.fcntl(self._descriptor, fcntl.F_GETFL)
        fcntl.fcntl(self._descriptor, fcntl.F_SETFL, flags | os.O_APPEND)

    def add(self, tenant_id: str, host: str, handoff: str | None = None) -> None:
        """`handoff`: path of its hand-off, as a file or in a store's server."""
        shared = [tenant_id, _HANDOFF + quote(_one_name(handoff))] if handoff else [tenant_id]
        os.write(self._descriptor, "".join(f"{entry} {host}\n" for entry in shared).encode())

    def hosts(self, shared: str) -> list[str]:
        """Of a tenant, or of a hand-off by its quoted path; in alphabetical order."""
        return sorted({host for entry, host in self._lines() if entry == shared})

    def check(self, host: str) -> None:
        """Raises InputError: two hosts would be in each other's way, with two inventories' wishes."""
        for shared in sorted({entry for entry, name in self._lines() if name == host}):
            hosts = self.hosts(shared)
            if len(hosts) > 1:
                raise _shared(shared, hosts)

    def _lines(self) -> list[list[str]]:
        text = os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0).decode()
        return [line.split(" ", 1) for line in text.splitlines()]


def _one_name(handoff: str) -> str:
    """The same whatever the path of a file looks like."""
    return os.path.realpath(handoff) if handoff.startswith("/") else handoff


def _shared(shared: str, hosts: list[str]) -> InputError:
    if not shared.startswith(_HANDOFF):
        return InputError(
            f"It belongs to several hosts: {', '.join(hosts)}.",
            next_step="Keep one of them in the inventory; nothing was written for this one.",
            code="SharedTenant",
        )
    return InputError(
        f"The hand-off {unquote(shared.removeprefix(_HANDOFF))} belongs to several hosts: {', '.join(hosts)}.",
        next_step="Give each its own connector_handoff_name or connector_handoff_folder; nothing was written for this "
        "one.",
        code="SharedHandoff",
    )


TENANT_HOSTS = TenantHosts()
