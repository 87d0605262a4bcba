# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New emulated tenants for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from emulator.launch import Emulator, running_emulator
from integration.operator_desk import CLIENT_ID, CLIENT_SECRET, SENDER

#: What the README asks an operator to give to the automation.
ROLES = (
    "Application.Read.All",
    "Application.ReadWrite.OwnedBy",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Organization.Read.All",
    "Policy.Read.All",
)
#: What it takes to adopt registrations that the automation does not own.
ADOPTING_ROLES = ("Application.ReadWrite.All", *ROLES[2:])


@contextmanager
def recording_emulator() -> Iterator[Emulator]:
    """Without tenants."""
    with running_emulator({"tenants": []}) as running:
        running.settings(record_bodies=True)
        yield running


def domain_of(tenant: str) -> str:
    """The tenant's own domain, which addresses of its groups are in."""
    return f"t{tenant[:8]}.onmicrosoft.com"


class Tenants:
    """Makes emulated tenants, new ones for each test."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.ids: list[str] = []

    def make(
        self,
        *,
        id_: str | None = None,
        roles: tuple[str, ...] = ROLES,
        automation: dict[str, Any] | None = None,
        **fields: Any,
    ) -> str:
        """The directory id, by default a random one. `fields` as in the seed file."""
        id_ = id_ or str(uuid.uuid4())
        tenant = {
            "id": id_,
            "domains": [domain_of(id_)],
            "display_name": f"Tenant {id_[:8]}",
            "users": [
                {"upn": f"admin@{domain_of(id_)}", "display_name": "Admin", "mailbox": True},
                {"upn": SENDER, "display_name": "Totalview", "mailbox": True},
                {"upn": "ann@example.com", "display_name": "Ann Hansen", "mailbox": True},
            ],
            "automation": {
                "client_id": CLIENT_ID,
                "secret": CLIENT_SECRET,
                "roles": list(roles),
                "exchange_roles": ["Exchange.ManageAsApp"],
                "directory_roles": ["Exchange Administrator"],
                **(automation or {}),
            },
            **fields,
        }
        self._emulator.seed({"tenants": [tenant]})
        self.ids.append(id_)
        return id_
