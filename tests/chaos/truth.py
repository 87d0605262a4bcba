# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true of a tenant at the end and is not, as the emulator and the store tell it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chaos.fleet import ANN, Fleet
from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL
from integration.operator_desk import SENDER
from integration.witness import exchange_writes, writes

Json = dict[str, Any]

#: Parts of a snapshot that are no things. Roles in Exchange need an organisation that is no longer dehydrated.
_NOT_THINGS = {"exchange", "dehydrated", "language"}


@dataclass(frozen=True)
class Wanted:
    """One registration as it shall be. `reaches`: with one of these permissions."""

    unique_name: str
    permission: str
    permissions: frozenset[str]
    group: str
    members: frozenset[str]
    mode: str = "access_policy"

    @property
    def granted(self) -> list[str]:
        """In Microsoft Entra; what Exchange's roles give is not granted there."""
        kept = self.permissions & {"User.Read.All"} if self.mode == "rbac" else self.permissions
        return sorted(kept)

    @property
    def roles(self) -> list[str]:
        inner = self.permissions - {"User.Read.All"}
        return sorted(f"Application {name}" for name in inner) if self.mode == "rbac" else []


def registrations(mode: str) -> tuple[Wanted, Wanted]:
    calendars = frozenset({"Calendars.Read", "Calendars.ReadWrite", "User.Read.All"})
    return (
        Wanted(CALENDAR, "calendar", calendars, "totalviewcalendarsynchronization", frozenset({ANN}), mode),
        Wanted(MAIL, "mail", frozenset({"Mail.Send"}), "totalviewtimesendemail", frozenset({SENDER}), mode),
    )


def complaints(fleet: Fleet, host: str, wanted: Sequence[Wanted], *, quiet_since: int) -> list[str]:
    """Nothing for a tenant that is as it shall be, was so at every moment, and where nothing else was touched.

    `quiet_since`: the request after which nobody had a reason to write.
    """
    truth = _Truth(fleet, host, wanted)
    return [
        *(text for registration in wanted for text in truth.about(registration)),
        *(truth.about_handoff() if wanted else truth.about_removal()),
        *truth.about_the_rest(),
        *truth.about_doors(),
        *truth.about_writes(quiet_since),
    ]


class _Truth:
    def __init__(self, fleet: Fleet, host: str, wanted: Sequence[Wanted]) -> None:
        self._wanted = wanted
        self._tenant = fleet.tenants[host]
        self._before = fleet.before[host]
        self._now: Json = fleet.emulator.snapshot(self._tenant)
        self._emulator: Emulator = fleet.emulator
        self._document = fleet.store.document(self._tenant)
        self._handoff = fleet.handoff(host)
        self._handed_off = fleet.handed_off.get(host, sys.maxsize)

    def about(self, wanted: Wanted) -> Iterator[str]:
        applications = self._take("applications", uniqueName=wanted.unique_name)
        if len(applications) != 1:
            yield f"{wanted.unique_name}: {len(applications)} applications"
            return
        application = applications[0]
        app_id = application["appId"]
        principals = self._take("servicePrincipals", appId=app_id)
        if len(principals) != 1:
            yield f"{wanted.unique_name}: {len(principals)} service principals"
            return
        yield from self._about_grants(wanted, application, principals[0]["id"])
        yield from self._about_secrets(wanted, application)
        yield from self._about_restriction(wanted, app_id)

    def _about_grants(self, wanted: Wanted, application: Json, principal_id: str) -> Iterator[str]:
        granted = sorted(row["value"] for row in self._take("appRoleAssignments", principalId=principal_id))
        if granted != wanted.granted:
            yield f"{wanted.unique_name}: granted {granted}"
        declared = [row["type"] for entry in application["requiredResourceAccess"] for row in entry["resourceAccess"]]
        if declared != ["Role"] * len(wanted.granted):
            yield f"{wanted.unique_name}: declares {declared}"

    def _about_secrets(self, wanted: Wanted, application: Json) -> Iterator[str]:
        stored = self._stored().get(wanted.unique_name)
        live = {row["keyId"] for row in application["passwordCredentials"]}
        if stored is None:
            yield f"{wanted.unique_name}: nothing is stored, {len(live)} secrets live"
        elif live - {old["key_id"] for old in stored["retired"]} != {stored["key_id"]}:
            yield f"{wanted.unique_name}: secrets {live}, stored {stored['key_id']}, retired {stored['retired']}"

    def _about_restriction(self, wanted: Wanted, app_id: str) -> Iterator[str]:
        groups = self._take("recipients", name=wanted.group)
        members = [set(row.get("members", ())) for row in groups]
        if members != ([] if wanted.mode == "none" else [wanted.members]):
            yield f"group {wanted.group}: {members}"
        policies = self._take("policies", app_id=app_id)
        rights = ["RestrictAccess"] if wanted.mode == "access_policy" else []
        if [row["access_right"] for row in policies] != rights:
            yield f"{wanted.unique_name}: policies {policies}"
        assignments = self._take("assignments", app_id=app_id)
        if sorted(row["role"] for row in assignments) != wanted.roles:
            yield f"{wanted.unique_name}: roles {assignments}"
        helpers = 1 if wanted.roles else 0
        pointers = self._take("pointers", app_id=app_id)
        scopes = self._take("scopes", group=groups[0]["address"]) if groups else []
        if [len(pointers), len(scopes)] != [helpers, helpers]:
            yield f"{wanted.unique_name}: {len(pointers)} pointers, {len(scopes)} scopes"

    def about_handoff(self) -> Iterator[str]:
        fields = self._handoff or {}
        stored = self._stored()
        for field, name in (("secret", CALENDAR), ("mail_client_secret", MAIL)):
            if name not in stored or fields.get(field) != stored[name]["value"]:
                yield f"the hand-off's {field} is not the stored one"

    def about_removal(self) -> Iterator[str]:
        """Microsoft keeps what was deleted for a while."""
        for name in (CALENDAR, MAIL):
            deleted = self._take("deletedItems", uniqueName=name)
            if len(deleted) != 1:
                yield f"{name}: {len(deleted)} deleted applications"
            for application in deleted:
                self._take("deletedItems", appId=application["appId"])

    def about_the_rest(self) -> Iterator[str]:
        """What is left after all that was wanted is what was there before: neighbours, and no orphans of ours."""
        for name in (self._before.keys() | self._before["exchange"].keys()) - _NOT_THINGS:
            was, now = (_part(snapshot, name) for snapshot in (self._before, self._now))
            if was != now:
                yield f"{name}: left over or changed: {_difference(was, now)}"

    def about_doors(self) -> Iterator[str]:
        """Configured reach never lies outside; what is enforced lags behind, but not after the hand-off.

        Whoever holds a handed-off secret is never shut out either.
        """
        inside = {wanted.unique_name: wanted for wanted in (*registrations("access_policy"), *self._wanted)}
        latest: dict[str, frozenset[str]] = {}
        for row in self._emulator.reach(self._tenant):
            wanted = inside.get(row["unique_name"])
            if wanted is None:
                continue
            handed_off = row["number"] > self._handed_off
            configured, enforced = frozenset(row["configured"]), frozenset(row["enforced"])
            reached = configured | enforced if handed_off else configured
            if row["permission"] != wanted.permission:
                yield from [f"a door to something else: {row}"] if reached else []
                continue
            if reached - wanted.members:
                yield f"an open door: {row}"
            if handed_off and self._wanted and wanted.members - configured:
                yield f"shut out: {row}"
            latest[wanted.unique_name] = configured
        for wanted in self._wanted:
            if latest.get(wanted.unique_name) != wanted.members:
                yield f"{wanted.unique_name} reaches {latest.get(wanted.unique_name)} in the end"

    def about_writes(self, after: int) -> Iterator[str]:
        made = [
            *writes(self._emulator, self._tenant, after),
            *exchange_writes(self._emulator, self._tenant, after),
        ]
        if made:
            yield f"one more run writes {made}"

    def _take(self, table: str, /, **fields: Any) -> list[Json]:
        """Rows with these fields, out of the snapshot: what nobody takes is the rest."""
        rows: list[Json] = _part(self._now, table)
        taken = [row for row in rows if all(row.get(field) == value for field, value in fields.items())]
        rows[:] = [row for row in rows if row not in taken]
        return taken

    def _stored(self) -> dict[str, Json]:
        return dict(self._document["secrets"]) if self._document else {}


def _part(snapshot: Json, name: str) -> Any:
    return snapshot[name] if name in snapshot else snapshot["exchange"][name]


def _difference(was: Any, now: Any) -> str:
    if not isinstance(was, list):
        return f"{was} -> {now}"
    return f"gone {[row for row in was if row not in now]}, new {[row for row in now if row not in was]}"
