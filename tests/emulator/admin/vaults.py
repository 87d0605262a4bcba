# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin door to key vaults."""

from __future__ import annotations

from typing import Any

from emulator.admin.errors import AdminError
from emulator.admin.handlers import checked
from emulator.call import Answer, Call
from emulator.key_vault.store import DOMAINS, Secret, Vault


def put(call: Call) -> Answer:
    host, wanted = call.params["host"].lower(), checked("vault", call.json())
    if host.partition(".")[2] not in DOMAINS:
        raise AdminError(400, f"host: one below {', '.join(DOMAINS)}")
    vault = call.world.vaults.get(host)
    if vault is None:
        if "tenant" not in wanted:
            raise AdminError(400, "tenant: missing")
        vault = call.world.vaults.setdefault(host, Vault(host, wanted["tenant"]))
    for name, value in wanted.items():
        setattr(vault, name, value)
    return Answer(204)


def shown(call: Call) -> Answer:
    vault = call.world.vaults.get(call.params["host"].lower())
    if vault is None:
        raise AdminError(404, "no such vault")
    return Answer(200, {"secrets": {secret.name: _shown(secret) for secret in vault.secrets.values()}})


def _shown(secret: Secret) -> dict[str, Any]:
    return {"deleted": secret.deleted is not None, "versions": [vars(version) for version in secret.versions]}
