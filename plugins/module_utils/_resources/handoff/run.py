# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import is_guid
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_file import EncryptedFolder
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_folder, open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore, StoredSecret

_SECRET_FIELDS = frozenset({"secret", "mail_client_secret"})


@dataclass(frozen=True)
class Desired:
    """The seven fields of the connector's form. `calendar`, `mail`: None while the store holds no secret yet."""

    tenant_id: str
    calendar: StoredSecret | None
    mail: StoredSecret | None
    sender: str

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name in ("calendar", "mail") if getattr(self, name) is None)

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

    def text(self) -> str:
        """YAML, one field a line; JSON's quoting is valid in YAML and keeps any value whole."""
        return "".join(f"{name}: {json.dumps(value)}\n" for name, value in self.fields().items())


@dataclass(frozen=True)
class WriteHandoff:
    name: str

    def describe(self) -> str:
        return f"hand off {self.name}"


def checked_address(sender: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", sender):
        raise InputError(f"sender '{sender}' is no e-mail address.")
    return sender


def read(folder: EncryptedFolder, name: str) -> str | None:
    return folder.read(f"{name}.yml")


def check_tenant(actual: str | None, tenant_id: str, name: str) -> None:
    """Raises InputError: two hosts that hand off under one name would write over each other's."""
    holder = _parse(actual).get("tenant_id")
    if isinstance(holder, str) and is_guid(holder) and holder.lower() != tenant_id:
        raise InputError(
            f"The hand-off file {name}.yml is another tenant's ({holder}).",
            next_step="Give each host its own connector_handoff_name or connector_handoff_folder; where that tenant is "
            "no longer yours, remove the file.",
            code="SharedHandoff",
        )


def plan(actual: str | None, desired: Desired, name: str) -> Change[WriteHandoff]:
    """The diff shows names and ids; of a secret only whether it is another one."""
    fields, is_now = desired.fields(), _parse(actual)
    before = {field: _shown(field, is_now.get(field)) for field in fields}
    if actual == desired.text():
        return Change(before, before)
    after = {field: _shown(field, value) for field, value in fields.items()}
    replaced = {
        field for field in _SECRET_FIELDS if before[field] == after[field] and is_now.get(field) != fields[field]
    }
    return Change(before, after | dict.fromkeys(replaced, "(another secret)"), (WriteHandoff(name),))


def apply(folder: EncryptedFolder, desired: Desired, change: Change[WriteHandoff]) -> None:
    for step in change.steps:
        folder.write(f"{step.name}.yml", desired.text())


def _id_and_value(secret: StoredSecret | None) -> tuple[str | None, str | None]:
    return (None, None) if secret is None else (secret.client_id, secret.value)


def _parse(text: str | None) -> dict[str, t.Any]:
    """What we once wrote; a line that a person changed into something else counts as absent."""
    lines = [line.split(": ", 1) for line in (text or "").splitlines() if ": " in line]
    return {name: _value(value) for name, value in lines}


def _value(text: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _shown(field: str, value: t.Any) -> t.Any:
    return "(secret)" if field in _SECRET_FIELDS and value else value


def run(call: Call) -> Outcome:
    params = call.params
    store = open_store(params["store"], call.vault)
    folder = open_folder(params["folder"], params["store"], call.vault)
    desired = _desired(call, store)
    present = read(folder, params["name"])
    check_tenant(present, desired.tenant_id, params["name"])
    change = plan(present, desired, params["name"])
    if change.changed:
        folder.check()
    if not call.check_mode:
        _require_complete(desired)
        apply(folder, desired, change)
    return Outcome({"file": str(folder.path / f"{params['name']}.yml")}, change)


def _desired(call: Call, store: SecretStore) -> Desired:
    tenant_id, pending = _directory_id(call), call.params["pending"]
    calendar, mail = (
        None if call.params[name] in pending else store.read(tenant_id, call.params[name])
        for name in ("calendar", "mail")
    )
    return Desired(tenant_id, calendar, mail, checked_address(call.params["sender"]))


def _directory_id(call: Call) -> str:
    given = call.params["tenant_id"]
    return given.lower() if given and is_guid(given) else call.tenant().directory_id


def _require_complete(desired: Desired) -> None:
    if desired.missing:
        raise StoreError(
            f"The store holds no secret of this tenant's registration for {' and '.join(desired.missing)}.",
            next_step="Issue it first with client_secret; nothing was handed off.",
            code="HandoffIncomplete",
        )
