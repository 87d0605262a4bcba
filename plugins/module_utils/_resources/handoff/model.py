# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredSecret


@dataclass(frozen=True)
class Desired:
    """The seven fields of the connector's form. `calendar`, `mail`: None while the store holds no secret yet."""

    tenant_id: str
    calendar: StoredSecret | None
    mail: StoredSecret | None
    sender: str

    @property
    def secrets(self) -> dict[str, StoredSecret]:
        """Those that there are, by the kind of their registration."""
        both = {"calendar": self.calendar, "mail": self.mail}
        return {kind: secret for kind, secret in both.items() if secret is not None}

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(kind for kind in ("calendar", "mail") if kind not in self.secrets)

    def fields(self) -> dict[str, str | None]:
        """In the order of the connector's form."""
        calendar_id, calendar_secret = _id_and_value(self.calendar)
        mail_id, mail_secret = _id_and_value(self.mail)
        return {
            "tenant_id": self.tenant_id,
            "client_id": calendar_id,
            "secret": calendar_secret,
            "mail_tenant_id": self.tenant_id,
            "mail_client_id": mail_id,
            "mail_client_secret": mail_secret,
            "sender_from_address": self.sender,
        }


@dataclass(frozen=True)
class WriteHandoff:
    name: str

    def describe(self) -> str:
        return f"hand off {self.name}"


def _id_and_value(secret: StoredSecret | None) -> tuple[str | None, str | None]:
    return (None, None) if secret is None else (secret.client_id, secret.value)
