# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError


def check_host(noted: str | None, host: str, former: str | None) -> None:
    """Raises InputError where the tenant is another inventory host's. `noted`: by the store. `former`: host's old name.

    Two hosts would undo each other's wishes, run by run, and both would end well.
    """
    if noted in (None, host, former):
        return
    raise InputError(
        f"It belongs to several hosts: {', '.join(sorted((str(noted), host)))}. The store notes {noted}.",
        next_step=f"Keep {noted} in the inventory; nothing was written for {host}. Where {host} is the new name of "
        f"{noted}, set connector_host_renamed to {noted} for it.",
        code="SharedTenant",
    )
