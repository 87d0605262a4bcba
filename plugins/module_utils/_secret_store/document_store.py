# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import (
    Document,
    Documents,
    Revision,
    unknown_content,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    ANNOUNCED_FOR,
    WITHOUT_LOCKS,
    Announcement,
    RetiredSecret,
    StoredAccess,
    StoredGroup,
    StoredOffboarding,
    StoredProof,
    StoredRegistration,
    StoredRemoval,
    StoredSecret,
    StoredSender,
    StoredSwitch,
    StoredWaiting,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.tenant_host import check_host

_VERSION = 2
#: In a document whose tenant has another store since: where that is.
MOVED = "moved"
#: Notes by registration.
_SECTIONS = ("groups", "senders", "registrations", "access", "disabled", "waiting", "offboarding")

#: What a content that we have not written raises when it is read.
_UNKNOWN = (ValueError, KeyError, TypeError, AttributeError)

NoteT = t.TypeVar("NoteT")


class DocumentStore:
    """One document for each tenant, named by its directory id, whatever the kind of store.

    Its content: {"version": 2, "tenant_id": GUID, "secrets": {unique_name: {client_id, key_id, label, end,
    value, retired, proof, handed_off, delivered, signed_in}}, "announced": {unique_name: [{label, at}]},
    "host": inventory host, once it is noted, "groups": {unique_name: {name, guid, policy_asked?}},
    "senders": {unique_name: {address, guid}},
    "registrations": {unique_name: {client_id, announced, restoring}},
    "access": {unique_name: {seen: {id: since}, gone}},
    "disabled": {unique_name: {since, by}}, "waiting": {unique_name: {since, asked}},
    "offboarding": {unique_name: {since, by, ids, removals: [{what, at}], closed, refusal, finished, kept}},
    "moved": where the tenant's store is since, if it is another one}.
    Version 1 has no number, and no notes of deliveries.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        # What a plan looks into dozens of times, a server is asked for once.
        self._known: dict[str, Document | None] = {}

    @property
    def address(self) -> str:
        # The place may tell of the operator's network, and labels are shown to the tenant: only its digest leaves.
        return hashlib.sha256(self._documents.address.encode()).hexdigest()[:12]

    @property
    def orphan_age(self) -> timedelta:
        return timedelta(0) if self._documents.has_locks else WITHOUT_LOCKS

    def check(self) -> None:
        self._documents.check()

    def read(self, tenant_id: str, registration: str) -> StoredSecret | None:
        return self._noted(tenant_id, "secrets", registration, _from_json)

    def rehearse(self, tenant_id: str, registration: str, secret: StoredSecret) -> None:
        self._documents.rehearse(tenant_id, self._revision(tenant_id, _with_secret(registration, lambda _held: secret)))

    def write(self, tenant_id: str, registration: str, secret: StoredSecret, replaces: str | None = None) -> None:
        self._revise(tenant_id, _with_secret(registration, lambda held: _beside(held, secret, replaces)))

    def forget(self, tenant_id: str, registration: str, key_id: str) -> None:
        def holds_it(document: Document) -> bool:
            row = document.get("secrets", {}).get(registration)
            return isinstance(row, dict) and row.get("key_id") == key_id

        self._documents.forget(tenant_id, holds_it)

    def announce(self, tenant_id: str, registration: str, announcement: Announcement) -> None:
        def noted(content: Document) -> Document:
            others = [row for row in _announcements(content, registration) if row.label != announcement.label]
            young = [row for row in others if announcement.at - row.at < ANNOUNCED_FOR]
            rows = [{"label": row.label, "at": row.at.isoformat()} for row in (*young, announcement)]
            return _with_row(content, "announced", registration, rows)

        self._revise(tenant_id, noted)

    def announced(self, tenant_id: str, registration: str) -> tuple[Announcement, ...]:
        self._known.pop(tenant_id, None)
        try:
            return _announcements(self._load(tenant_id), registration)
        except _UNKNOWN as exc:
            raise self._unknown_content(tenant_id) from exc

    def host(self, tenant_id: str) -> str | None:
        return t.cast("str | None", self._load(tenant_id).get("host"))

    def note_host(self, tenant_id: str, host: str, former: str | None) -> None:
        def noted(content: Document) -> Document:
            check_host(content.get("host"), host, former)
            return {**content, "host": host}

        if self.host(tenant_id) != host:
            self._revise(tenant_id, noted)

    def group(self, tenant_id: str, registration: str) -> StoredGroup | None:
        return self._noted(tenant_id, "groups", registration, _group)

    def note_group(self, tenant_id: str, registration: str, group: StoredGroup | None) -> None:
        if self.group(tenant_id, registration) == group:
            return
        self._note(tenant_id, "groups", registration, None if group is None else _group_row(group))

    def sender(self, tenant_id: str, registration: str) -> StoredSender | None:
        return self._noted(tenant_id, "senders", registration, lambda row: StoredSender(row["address"], row["guid"]))

    def note_sender(self, tenant_id: str, registration: str, sender: StoredSender) -> None:
        if self.sender(tenant_id, registration) != sender:
            self._note(tenant_id, "senders", registration, dict(vars(sender)))

    def registration(self, tenant_id: str, registration: str) -> StoredRegistration | None:
        return self._noted(tenant_id, "registrations", registration, _registration)

    def note_registration(self, tenant_id: str, registration: str, noted: StoredRegistration) -> None:
        if self.registration(tenant_id, registration) == noted:
            return
        self._note(tenant_id, "registrations", registration, _dates_to_json(vars(noted)))

    def access(self, tenant_id: str, registration: str) -> StoredAccess:
        return self._noted(tenant_id, "access", registration, _access) or StoredAccess()

    def note_access(self, tenant_id: str, registration: str, access: StoredAccess) -> None:
        if self.access(tenant_id, registration) == access:
            return
        seen = {id_: since.isoformat() for id_, since in access.seen.items()}
        self._note(tenant_id, "access", registration, {"seen": seen, "gone": access.gone and access.gone.isoformat()})

    def switched_off(self, tenant_id: str, registration: str) -> StoredSwitch | None:
        return self._noted(tenant_id, "disabled", registration, _switch)

    def note_switched_off(self, tenant_id: str, registration: str, switch: StoredSwitch | None) -> None:
        if self.switched_off(tenant_id, registration) != switch:
            self._note(tenant_id, "disabled", registration, _dates_to_json(vars(switch)) if switch else None)

    def waiting(self, tenant_id: str, registration: str) -> StoredWaiting | None:
        return self._noted(tenant_id, "waiting", registration, _waiting)

    def note_waiting(self, tenant_id: str, registration: str, waiting: StoredWaiting | None) -> None:
        if self.waiting(tenant_id, registration) != waiting:
            self._note(tenant_id, "waiting", registration, _dates_to_json(vars(waiting)) if waiting else None)

    def offboarding(self, tenant_id: str, registration: str) -> StoredOffboarding | None:
        return self._noted(tenant_id, "offboarding", registration, _offboarding)

    def note_offboarding(self, tenant_id: str, registration: str, offboarding: StoredOffboarding | None) -> None:
        if self.offboarding(tenant_id, registration) != offboarding:
            row = None
            if offboarding is not None:
                removals = [{"what": entry.what, "at": entry.at.isoformat()} for entry in offboarding.removals]
                row = {**_dates_to_json(vars(offboarding)), "ids": dict(offboarding.ids), "removals": removals}
            self._note(tenant_id, "offboarding", registration, row)

    def revise(
        self, tenant_id: str, registration: str, key_id: str, revision: t.Callable[[StoredSecret], StoredSecret]
    ) -> None:
        def revised(held: StoredSecret | None) -> StoredSecret | None:
            return revision(held) if held is not None and held.key_id == key_id else held

        held = self.read(tenant_id, registration)
        if held is not None and held.key_id == key_id:
            self._revise(tenant_id, _with_secret(registration, revised))

    def _noted(
        self, tenant_id: str, section: str, registration: str, parsed: t.Callable[[t.Mapping[str, t.Any]], NoteT]
    ) -> NoteT | None:
        """None where nothing is noted. Raises StoreError where something is that `parsed` cannot take."""
        row = self._load(tenant_id).get(section, {}).get(registration)
        try:
            return None if row is None else parsed(row)
        except _UNKNOWN as exc:
            raise self._unknown_content(tenant_id) from exc

    def _note(self, tenant_id: str, section: str, registration: str, row: t.Mapping[str, t.Any] | None) -> None:
        self._revise(tenant_id, lambda content: _with_row(content, section, registration, row))

    def _revise(self, tenant_id: str, revision: t.Callable[[Document], Document]) -> None:
        self._known.pop(tenant_id, None)  # what is read next is what has come of it
        self._documents.revise(tenant_id, self._revision(tenant_id, revision))

    def _revision(self, tenant_id: str, revision: t.Callable[[Document], Document]) -> Revision:
        """Of what was checked before, and with the version of what is written."""

        def checked(document: Document | None) -> Document:
            try:
                return {**revision(self._checked(tenant_id, document)), "version": _VERSION}
            except _UNKNOWN as exc:
                raise self._unknown_content(tenant_id) from exc

        return checked

    def _load(self, tenant_id: str) -> Document:
        if tenant_id not in self._known:
            self._known[tenant_id] = self._documents.read(tenant_id)
        return self._checked(tenant_id, self._known[tenant_id])

    def _checked(self, tenant_id: str, document: Document | None) -> Document:
        if document is None:
            return {"tenant_id": tenant_id, "secrets": {}}
        where = self._documents.where(tenant_id)
        checked_document(document, tenant_id, where)
        if moved := document.get(MOVED):
            raise StoreError(
                f"The secrets of this tenant were moved to {moved}; what is in {where} is of before.",
                next_step="Give the store that they were moved to (of the role: connector_store); nothing was written.",
                code="StoreMoved",
            )
        return document

    def _unknown_content(self, tenant_id: str) -> StoreError:
        return unknown_content(self._documents.where(tenant_id))


def checked_document(document: Document, tenant_id: str, where: str) -> Document:
    """Raises StoreError for what is no content of this tenant's that we know."""
    if not isinstance(document.get("secrets"), dict) or "tenant_id" not in document:
        raise unknown_content(where)
    if document.get("version", 1) not in (1, _VERSION):
        raise StoreError(
            f"What the store has in {where} was written by a newer version of this collection.",
            next_step="Install that version, or a later one; nothing was written.",
            code="NewerStore",
        )
    if not isinstance(document.get("host", ""), str) or not all(
        isinstance(document.get(name, {}), dict) for name in _SECTIONS
    ):
        raise unknown_content(where)
    if document["tenant_id"] != tenant_id:
        raise StoreError(f"What the store has in {where} belongs to another tenant ({document['tenant_id']}).")
    return document


def _with_row(content: Document, section: str, registration: str, row: t.Any) -> Document:
    return {**content, section: {**content.get(section, {}), registration: row}}


def _with_secret(
    registration: str, revision: t.Callable[[StoredSecret | None], StoredSecret | None]
) -> t.Callable[[Document], Document]:
    def revised(content: Document) -> Document:
        row = content["secrets"].get(registration)
        secret = revision(None if row is None else _from_json(row))
        return content if secret is None else _with_row(content, "secrets", registration, _to_json(secret))

    return revised


def _beside(held: StoredSecret | None, secret: StoredSecret, replaces: str | None) -> StoredSecret:
    """`secret`, and of what others have written since it was decided upon no key id and no note is lost."""
    if held is None or held.client_id != secret.client_id:
        return secret
    if (held.key_id, held.value) == (secret.key_id, secret.value):
        return held  # made before, and noted upon by others since
    noted = {old.key_id: old for old in held.known}
    retired = [_with_notes(old, noted.get(old.key_id, old)) for old in secret.retired]
    if held.key_id not in (replaces, secret.key_id, *(old.key_id for old in retired)):
        retired.append(held.as_retired)
    return replace(secret, retired=tuple(retired))


def _with_notes(secret: RetiredSecret, noted: RetiredSecret) -> RetiredSecret:
    return replace(
        secret, handed_off=secret.handed_off or noted.handed_off, delivered=secret.delivered or noted.delivered
    )


def _announcements(content: t.Mapping[str, t.Any], registration: str) -> tuple[Announcement, ...]:
    rows = content.get("announced", {}).get(registration, ())
    return tuple(Announcement(str(row["label"]), datetime.fromisoformat(row["at"])) for row in rows)


def _group(row: t.Mapping[str, t.Any]) -> StoredGroup:
    return StoredGroup(row["name"], row["guid"], _moment(row.get("policy_asked")))


def _group_row(group: StoredGroup) -> Document:
    asked = {"policy_asked": group.policy_asked.isoformat()} if group.policy_asked else {}
    return {"name": group.name, "guid": group.guid, **asked}


def _registration(row: t.Mapping[str, t.Any]) -> StoredRegistration:
    return StoredRegistration(row["client_id"], _moment(row["announced"]), row.get("restoring") is True)


def _access(row: t.Mapping[str, t.Any]) -> StoredAccess:
    seen = {id_: datetime.fromisoformat(since) for id_, since in row["seen"].items()}
    return StoredAccess(seen, _moment(row["gone"]))


def _switch(row: t.Mapping[str, t.Any]) -> StoredSwitch:
    return StoredSwitch(datetime.fromisoformat(row["since"]), str(row["by"]))


def _waiting(row: t.Mapping[str, t.Any]) -> StoredWaiting:
    return StoredWaiting(datetime.fromisoformat(row["since"]), str(row["asked"]))


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
