# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be told from a request before anybody has authenticated it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.call import Call, MalformedBody
from emulator.key_vault import service as key_vault

if TYPE_CHECKING:
    from emulator.world import Tenant


def tenant_of(call: Call) -> Tenant | None:
    """Identity and Exchange name the tenant in the path, Graph only in the token, Key Vault in the secret's name."""
    if call.service.name == "key_vault":
        return key_vault.tenant_of(call)
    if call.service.name != "graph":
        return call.world.tenant(call.params.get("tenant", ""))
    token = call.headers.get("authorization", "").partition(" ")[2].strip()
    claims = call.world.signing_key.claims(token) if token else None
    return call.world.tenant(str(claims["tid"])) if claims is not None else None


def cmdlet_of(call: Call) -> str:
    if call.service.name != "exchange":
        return ""
    try:
        wanted = call.json().get("CmdletInput")
    except MalformedBody:
        return ""
    return str(wanted.get("CmdletName", "")) if isinstance(wanted, dict) else ""


def is_write(call: Call) -> bool:
    """A batch writes by its items; a sign-in and a cmdlet that only looks are POST and write nothing."""
    if call.method == "GET" or call.path.endswith("/$batch"):
        return False
    if call.service.name == "exchange":
        return not cmdlet_of(call).lower().startswith(("get-", "test-"))
    return not call.path.endswith("/oauth2/v2.0/token")
