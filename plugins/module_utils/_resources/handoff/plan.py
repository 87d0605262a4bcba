# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import is_guid
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff.model import (
    Desired,
    WriteHandoff,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import Document
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import StoredSecret

_SECRET_FIELDS = frozenset({"secret", "mail_client_secret"})


def checked_address(sender: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", sender):
        raise InputError(f"sender '{sender}' is no e-mail address.", next_step="Correct sender: name@domain.")
    return sender


def check_tenant(actual: Document | None, tenant_id: str, where: str) -> None:
    """Raises InputError: two hosts that hand off under one name would write over each other's."""
    holder = (actual or {}).get("tenant_id")
    if isinstance(holder, str) and is_guid(holder) and holder.lower() != tenant_id:
        raise InputError(
            f"The hand-off in {where} is another tenant's ({holder}).",
            next_step="Give each host its own connector_handoff_name or connector_handoff_folder; where that tenant is "
            "no longer yours, remove it.",
            code="SharedHandoff",
        )


def plan(actual: Document | None, desired: Desired, name: str) -> Change[WriteHandoff]:
    """The diff shows names and ids; of a secret only whether it is another one."""
    fields, is_now = desired.fields(), actual or {}
    before = {field: _shown(field, is_now.get(field)) for field in fields}
    if actual == fields:
        return Change(before, before)
    after = {field: _shown(field, value) for field, value in fields.items()}
    replaced = {
        field for field in _SECRET_FIELDS if before[field] == after[field] and is_now.get(field) != fields[field]
    }
    return Change(before, after | dict.fromkeys(replaced, "(another secret)"), (WriteHandoff(name),))


def handed_off(actual: Document | None, desired: Desired) -> dict[str, StoredSecret]:
    """Those secrets that the hand-off has, by the kind of their registration."""
    fields = actual or {}
    values = {"calendar": fields.get("secret"), "mail": fields.get("mail_client_secret")}
    return {kind: secret for kind, secret in desired.secrets.items() if secret.value == values[kind]}


def _shown(field: str, value: t.Any) -> t.Any:
    return "(secret)" if field in _SECRET_FIELDS and value else value
