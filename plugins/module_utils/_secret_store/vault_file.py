# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import hashlib
import json
import typing as t
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_file import EncryptedFolder
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    ANNOUNCED_FOR,
    Announcement,
    RetiredSecret,
    StoredAccess,
    StoredGroup,
    StoredOffboarding,
    StoredProof,
    StoredRegistration,
    StoredRemoval,
    StoredSecret,
    StoredSwitch,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.tenant_host import check_host

_VERSION = 2
#: Notes by registration.
_SECTIONS = ("groups", "registrations", "access", "disabled", "offboarding")


class VaultFileStore:
    """One Ansible Vault file per tenant, named by its directory id. Readable with `ansible-vault view`.

    The content is JSON: {"version": 2, "tenant_id": GUID, "secrets": {unique_name: {client_id, key_id, label, end,
    value, retired, proof, handed_off, delivered, signed_in}}, "announced": {unique_name: [{label, at}]},
    "host": inventory host, once it is noted, "groups": {unique_name: {name, guid}},
    "registrations": {unique_name: {client_id, announced}}, "access": {unique_name: {seen: {id: since}, gone}},
    "disabled": {unique_name: {since, by}}, "offboarding": {unique_name: {since, by, ids, removals: [{what, at}],
    closed, refusal, finished, kept}}}.
    Version 1 has no number, and no notes of deliveries.
    """

    def __init__(self, folder: EncryptedFolder) -> None:
        self._folder = folder

    @property
    def address(self) -> str:
        # The path may tell of the operator's machine, and labels are shown to the tenant: only its digest leaves.
        return hashlib.sha256(f"vault_file:{self._folder.path}".encode()).hexdigest()[:12]

    def check(self) -> None:
        self._folder.check()

    def read(self, tenant_id: str, registration: str) -> StoredSecret | None:
        row = self._load(tenant_id)["secrets"].get(registration)
        try:
            return None if row is None else _from_json(row)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise _unknown_content(tenant_id) from exc

    def rehearse(self, tenant_id: str, registration: str, secret: StoredSecret) -> None:
        with self._folder.locked(_file_name(tenant_id)):
            self._folder.rehearse(_file_name(tenant_id), self._text_with(tenant_id, registration, secret))

    def write(self, tenant_id: str, registration: str, secret: StoredSecret) -> None:
        with self._folder.locked(_file_name(tenant_id)):
            self._folder.write(_file_name(tenant_id), self._text_with(tenant_id, registration, secret))

    def announce(self, tenant_id: str, registration: str, announcement: Announcement) -> None:
        with self._folder.locked(_file_name(tenant_id)):
            content = self._load(tenant_id)
            young = [row for row in _announcements(content, registration) if announcement.at - row.at < ANNOUNCED_FOR]
            rows = [{"label": row.label, "at": row.at.isoformat()} for row in (*young, announcement)]
            content["announced"] = {**content.get("announced", {}), registration: rows}
            self._folder.write(_file_name(tenant_id), _text(content))

    def announced(self, tenant_id: str, registration: str) -> tuple[Announcement, ...]:
        try:
            return _announcements(self._load(tenant_id), registration)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise _unknown_content(tenant_id) from exc

    def host(self, tenant_id: str) -> str | None:
        return t.cast("str | None", self._load(tenant_id).get("host"))

    def note_host(self, tenant_id: str, host: str, former: str | None) -> None:
        if self.host(tenant_id) == host:
            return
        with self._folder.locked(_file_name(tenant_id)):
            content = self._load(tenant_id)
            check_host(content.get("host"), host, former)
            self._folder.write(_file_name(tenant_id), _text({**content, "host": host}))

    def group(self, tenant_id: str, registration: str) -> StoredGroup | None:
        row = self._load(tenant_id).get("groups", {}).get(registration)
        try:
            return None if row is None else StoredGroup(row["name"], row["guid"])
        except (KeyError, TypeError) as exc:
            raise _unknown_content(tenant_id) from exc

    def note_group(self, tenant_id: str, registration: str, group: StoredGroup | None) -> None:
        if self.group(tenant_id, registration) == group:
            return
        with self._folder.locked(_file_name(tenant_id)):
            content = self._load(tenant_id)
            groups = {**content.get("groups", {}), registration: group and vars(group)}
            self._folder.write(_file_name(tenant_id), _text({**content, "groups": groups}))

    def registration(self, tenant_id: str, registration: str) -> StoredRegistration | None:
        row = self._load(tenant_id).get("registrations", {}).get(registration)
        try:
            return None if row is None else StoredRegistration(row["client_id"], _moment(row["announced"]))
        except (ValueError, KeyError, TypeError) as exc:
            raise _unknown_content(tenant_id) from exc

    def note_registration(self, tenant_id: str, registration: str, noted: StoredRegistration) -> None:
        if self.registration(tenant_id, registration) == noted:
            return
        announced = noted.announced and noted.announced.isoformat()
        self._note(tenant_id, "registrations", registration, {"client_id": noted.client_id, "announced": announced})

    def access(self, tenant_id: str, registration: str) -> StoredAccess:
        row = self._load(tenant_id).get("access", {}).get(registration)
        try:
            if row is None:
                return StoredAccess()
            seen = {id_: datetime.fromisoformat(since) for id_, since in row["seen"].items()}
            return StoredAccess(seen, _moment(row["gone"]))
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise _unknown_content(tenant_id) from exc

    def note_access(self, tenant_id: str, registration: str, access: StoredAccess) -> None:
        if self.access(tenant_id, registration) == access:
            return
        seen = {id_: since.isoformat() for id_, since in access.seen.items()}
        self._note(tenant_id, "access", registration, {"seen": seen, "gone": access.gone and access.gone.isoformat()})

    def switched_off(self, tenant_id: str, registration: str) -> StoredSwitch | None:
        row = self._load(tenant_id).get("disabled", {}).get(registration)
        try:
            return None if row is None else StoredSwitch(datetime.fromisoformat(row["since"]), str(row["by"]))
        except (ValueError, KeyError, TypeError) as exc:
            raise _unknown_content(tenant_id) from exc

    def note_switched_off(self, tenant_id: str, registration: str, switch: StoredSwitch | None) -> None:
        if self.switched_off(tenant_id, registration) != switch:
            row = {"since": switch.since.isoformat(), "by": switch.by} if switch else None
            self._note(tenant_id, "disabled", registration, row)

    def offboarding(self, tenant_id: str, registration: str) -> StoredOffboarding | None:
        row = self._load(tenant_id).get("offboarding", {}).get(registration)
        try:
            return None if row is None else _offboarding(row)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise _unknown_content(tenant_id) from exc

    def note_offboarding(self, tenant_id: str, registration: str, offboarding: StoredOffboarding | None) -> None:
        if self.offboarding(tenant_id, registration) != offboarding:
            row = None
            if offboarding is not None:
                removals = [{"what": entry.what, "at": entry.at.isoformat()} for entry in offboarding.removals]
                row = {**_dates_to_json(vars(offboarding)), "ids": dict(offboarding.ids), "removals": removals}
            self._note(tenant_id, "offboarding", registration, row)

    def _note(self, tenant_id: str, section: str, registration: str, row: t.Mapping[str, t.Any] | None) -> None:
        with self._folder.locked(_file_name(tenant_id)):
            content = self._load(tenant_id)
            rows = {**content.get(section, {}), registration: row}
            self._folder.write(_file_name(tenant_id), _text({**content, section: rows}))

    def revise(
        self, tenant_id: str, registration: str, key_id: str, revision: t.Callable[[StoredSecret], StoredSecret]
    ) -> None:
        with self._folder.locked(_file_name(tenant_id)):
            secret = self.read(tenant_id, registration)
            if secret is not None and secret.key_id == key_id:
                self._folder.write(_file_name(tenant_id), self._text_with(tenant_id, registration, revision(secret)))

    def _text_with(self, tenant_id: str, registration: str, secret: StoredSecret) -> str:
        content = self._load(tenant_id)
        content["secrets"][registration] = _to_json(secret)
        return _text(content)

    def _load(self, tenant_id: str) -> dict[str, t.Any]:
        text = self._folder.read(_file_name(tenant_id))
        if text is None:
            return {"tenant_id": tenant_id, "secrets": {}}
        try:
            content = json.loads(text)
            holder, secrets = content["tenant_id"], content["secrets"]
        except (ValueError, KeyError, TypeError) as exc:
            raise _unknown_content(tenant_id) from exc
        if content.get("version", 1) not in (1, _VERSION):
            raise StoreError(
                f"The store's file {_file_name(tenant_id)} was written by a newer version of this collection.",
                next_step="Install that version, or a later one; nothing was written.",
                code="NewerStore",
            )
        if (
            not isinstance(secrets, dict)
            or not isinstance(content.get("host", ""), str)
            or not all(isinstance(content.get(name, {}), dict) for name in _SECTIONS)
        ):
            raise _unknown_content(tenant_id)
        if holder != tenant_id:
            raise StoreError(f"The store's file {_file_name(tenant_id)} belongs to another tenant ({holder}).")
        return t.cast("dict[str, t.Any]", content)


def _announcements(content: t.Mapping[str, t.Any], registration: str) -> tuple[Announcement, ...]:
    rows = content.get("announced", {}).get(registration, ())
    return tuple(Announcement(str(row["label"]), datetime.fromisoformat(row["at"])) for row in rows)


def _offboarding(row: t.Mapping[str, t.Any]) -> StoredOffboarding:
    return StoredOffboarding(
        since=datetime.fromisoformat(row["since"]),
        by=str(row["by"]),
        ids={str(name): str(id_) for name, id_ in row["ids"].items()},
        removals=tuple(
            StoredRemoval(str(entry["what"]), datetime.fromisoformat(entry["at"])) for entry in row["removals"]
        ),
        closed=_moment(row["closed"]),
        refusal=row["refusal"],
        finished=_moment(row["finished"]),
        kept=tuple(row["kept"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(content: t.Mapping[str, t.Any]) -> str:
    return json.dumps({**content, "version": _VERSION}, indent=2, sort_keys=True) + "\n"


def _file_name(tenant_id: str) -> str:
    return f"{tenant_id}.json"


def _unknown_content(tenant_id: str) -> StoreError:
    return StoreError(
        f"The store's file {_file_name(tenant_id)} has an unknown content.", next_step="Restore it from a backup."
    )


def _to_json(secret: StoredSecret) -> dict[str, t.Any]:
    proof = secret.proof and {"restriction": secret.proof.restriction, "at": secret.proof.at.isoformat()}
    return {
        **_dates_to_json(vars(secret)),
        "retired": [_dates_to_json(vars(old)) for old in secret.retired],
        "proof": proof,
    }


def _dates_to_json(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def _from_json(row: t.Mapping[str, t.Any]) -> StoredSecret:
    proof = row.get("proof")
    return StoredSecret(
        **{
            **_dates_from_json(row),
            "retired": tuple(RetiredSecret(**_dates_from_json(_since_version_2(old))) for old in row["retired"]),
            "proof": proof and StoredProof(proof["restriction"], datetime.fromisoformat(proof["at"])),
        }
    )


def _since_version_2(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Until then a replaced secret was removed after a date, whether its successor was in use or not."""
    return {name: value for name, value in row.items() if name != "remove_after"}


def _dates_from_json(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    dates = ("end", "handed_off", "delivered", "signed_in")
    return {name: datetime.fromisoformat(value) if name in dates and value else value for name, value in row.items()}
