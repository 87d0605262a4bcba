# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

#: For so long a killed run's secret is known as such.
ANNOUNCED_FOR = timedelta(days=1)
#: So old is such a secret before it is removed, where the store cannot keep others from writing at the same time.
WITHOUT_LOCKS = timedelta(hours=1)


@dataclass(frozen=True)
class RetiredSecret:
    """A secret that was replaced. The connector may go on using it until its successor is typed in.

    `handed_off`, `delivered`: when it was written to the hand-off, and when it became known that the connector has it.
    `end`: None in the notes of before 1.0.0, which has neither.
    """

    key_id: str
    end: datetime | None = None
    handed_off: datetime | None = None
    delivered: datetime | None = None


@dataclass(frozen=True)
class StoredProof:
    """When the registration was proven to reach what it should, signed in with this secret, under this restriction."""

    restriction: str
    at: datetime


@dataclass(frozen=True)
class StoredSecret:
    """One client secret as the store keeps it. `value` is the only copy there is. `retired`: the oldest first.

    `signed_in`: when we used it ourselves for the last time.
    """

    client_id: str
    key_id: str
    label: str
    end: datetime
    value: str = field(repr=False)
    retired: tuple[RetiredSecret, ...] = ()
    proof: StoredProof | None = None
    handed_off: datetime | None = None
    delivered: datetime | None = None
    signed_in: datetime | None = None

    @property
    def as_retired(self) -> RetiredSecret:
        return RetiredSecret(self.key_id, self.end, self.handed_off, self.delivered)

    @property
    def known(self) -> tuple[RetiredSecret, ...]:
        """All that the store knows of the registration, in the order of their issue; this one is the last."""
        return (*self.retired, self.as_retired)

    def handed_off_at(self, at: datetime) -> t.Self:
        return self if self.handed_off else replace(self, handed_off=at)

    def signed_in_at(self, at: datetime) -> t.Self:
        return replace(self, signed_in=at)

    def delivered_at(self, key_id: str, at: datetime) -> t.Self:
        if key_id == self.key_id:
            return replace(self, delivered=at)
        retired = tuple(replace(old, delivered=at) if old.key_id == key_id else old for old in self.retired)
        return replace(self, retired=retired)


@dataclass(frozen=True)
class StoredGroup:
    """The group that restricts a registration: what it is called may be taken by another, its GUID may not.

    `policy_asked`: when the access policy for it was made, until Exchange shows that.
    """

    name: str
    guid: str
    policy_asked: datetime | None = None


@dataclass(frozen=True)
class StoredSender:
    """The mailbox that the sender's address, in lower case, led to: an address may be given to another one."""

    address: str
    guid: str


@dataclass(frozen=True)
class Announcement:
    """What was about to be issued, by its label, and when by Microsoft's clock."""

    label: str
    at: datetime


@dataclass(frozen=True)
class StoredRegistration:
    """The application of a registration: noted before it is made (`announced`, by Microsoft's clock), and once it is.

    `client_id`: None until then. `restoring`: it was restored, and deactivated until what came back with it is right.
    """

    client_id: str | None = None
    announced: datetime | None = None
    restoring: bool = False


@dataclass(frozen=True)
class StoredAccess:
    """Other people's credentials and owners of a registration, by id: since when each is seen.

    `gone`: when the last reading that missed one of them was made.
    """

    seen: t.Mapping[str, datetime] = field(default_factory=dict)
    gone: datetime | None = None


@dataclass(frozen=True)
class StoredSwitch:
    """That a registration was disabled, since when by Microsoft's clock, and by whom. No other playbook undoes it."""

    since: datetime
    by: str


@dataclass(frozen=True)
class StoredWaiting:
    """Since when, by Microsoft's clock, somebody is asked to consent, and to what, by a digest."""

    since: datetime
    asked: str


@dataclass(frozen=True)
class StoredRemoval:
    """What an offboarding set out to remove, in words and with its id where it has one, and when it did.

    By Microsoft's clock. It is noted before it is removed, so that a run that is killed leaves no gap.
    """

    what: str
    at: datetime


@dataclass(frozen=True)
class StoredOffboarding:
    """That a registration is being offboarded, since when and by whom, and how far it has come.

    No other playbook undoes it.

    `ids`: of the client, the application and the service principal, by name; they outlive what they belong to.
    `closed`: when the application was gone and a sign-in with the stored secret refused, with the code `refusal` (None
    where the store had no secret to try); tokens of before live on. `finished`: when nothing of it was left but what
    `kept` names.
    """

    since: datetime
    by: str
    ids: t.Mapping[str, str] = field(default_factory=dict)
    removals: tuple[StoredRemoval, ...] = ()
    closed: datetime | None = None
    refusal: str | None = None
    finished: datetime | None = None
    kept: tuple[str, ...] = ()

    def removing(self, what: t.Iterable[str], at: datetime) -> t.Self:
        """With what is new among it."""
        told = {row.what for row in self.removals}
        new = tuple(StoredRemoval(text, at) for text in dict.fromkeys(what) if text not in told)
        return replace(self, removals=(*self.removals, *new))


class SecretStore(t.Protocol):
    """Where the values of client secrets live, encrypted. Raises StoreError."""

    @property
    def address(self) -> str:
        """Names the store, the same in every run and on every machine that uses it."""

    @property
    def orphan_age(self) -> timedelta:
        """So long after its announcement a secret that the store does not hold is still on its way, for all we know."""

    def check(self) -> None:
        """Raises StoreError now if a later `write` is known to fail. Writes nothing, so that check mode may ask too."""

    def read(self, tenant_id: str, registration: str) -> StoredSecret | None:
        """None only where the store answers that it holds nothing."""

    def rehearse(self, tenant_id: str, registration: str, secret: StoredSecret) -> None:
        """Raises StoreError now if a `write` of a secret as large fails. Nothing is lost yet at this point."""

    def write(self, tenant_id: str, registration: str, secret: StoredSecret, replaces: str | None = None) -> None:
        """Keeps the secret for good before it returns, and whatever other processes write at the same time.

        `replaces`: the key id that the store held when the secret was decided upon. One that took its place since then
        is kept as a retired one.
        """

    def forget(self, tenant_id: str, registration: str, key_id: str) -> None:
        """A secret is removed for good: no earlier version that the store may keep holds its value any longer."""

    def announce(self, tenant_id: str, registration: str, announcement: Announcement) -> None:
        """Notes it before the secret is issued, and forgets what was noted more than ANNOUNCED_FOR before."""

    def announced(self, tenant_id: str, registration: str) -> tuple[Announcement, ...]:
        """What was noted, the oldest first.

        As others have written it until now, and so is whatever is read after it. Otherwise the store answers as it was
        when this object read it last, or has written since.
        """

    def host(self, tenant_id: str) -> str | None:
        """The inventory host that the tenant belongs to; None where none is noted."""

    def note_host(self, tenant_id: str, host: str, former: str | None) -> None:
        """Notes it. Raises InputError where another one is noted, unless that is the `former` name."""

    def group(self, tenant_id: str, registration: str) -> StoredGroup | None:
        """The group that was last seen as the registration's; None where none is noted."""

    def note_group(self, tenant_id: str, registration: str, group: StoredGroup | None) -> None:
        """Notes it, or (None) that there is none."""

    def sender(self, tenant_id: str, registration: str) -> StoredSender | None:
        """The sender that was last seen or decided upon; None where none is noted."""

    def note_sender(self, tenant_id: str, registration: str, sender: StoredSender) -> None:
        """Notes it. Writes nothing where it is noted already."""

    def registration(self, tenant_id: str, registration: str) -> StoredRegistration | None:
        """None where nothing is noted of it."""

    def note_registration(self, tenant_id: str, registration: str, noted: StoredRegistration) -> None:
        """Notes it."""

    def access(self, tenant_id: str, registration: str) -> StoredAccess:
        """Empty where nothing is noted."""

    def note_access(self, tenant_id: str, registration: str, access: StoredAccess) -> None:
        """Notes it; writes nothing where it is noted already."""

    def switched_off(self, tenant_id: str, registration: str) -> StoredSwitch | None:
        """None where it is not noted as disabled."""

    def note_switched_off(self, tenant_id: str, registration: str, switch: StoredSwitch | None) -> None:
        """Notes it, or (None) that it is enabled again."""

    def waiting(self, tenant_id: str, registration: str) -> StoredWaiting | None:
        """None where nobody is asked to consent."""

    def note_waiting(self, tenant_id: str, registration: str, waiting: StoredWaiting | None) -> None:
        """Notes it, or (None) that nobody is asked. Writes nothing where it is noted already."""

    def offboarding(self, tenant_id: str, registration: str) -> StoredOffboarding | None:
        """None where it is not being offboarded, and was not."""

    def note_offboarding(self, tenant_id: str, registration: str, offboarding: StoredOffboarding | None) -> None:
        """Notes it, or (None) that the registration is wanted again. Writes nothing where it is noted already."""

    def revise(
        self, tenant_id: str, registration: str, key_id: str, revision: t.Callable[[StoredSecret], StoredSecret]
    ) -> None:
        """Keeps what `revision` makes of the secret as it is then; one that was replaced since then stays as it is.

        Between reading and writing nobody else writes.
        """
