# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange.client import ExchangeClient
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.model import Mailbox
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import Mode
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    SECURITY_GROUP,
    Recipient,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.read import (
    find_group,
    find_recipient,
    recipients_among,
)

#: So many are asked until one can answer: a listed mailbox may be moving, unlicensed or on premises.
_CANDIDATES = 20
#: Beside as many as are inside. Kinds of the system's own may be listed before all others.
_MORE = 50


class Sample(t.NamedTuple):
    """Mailboxes that the registration shall reach, and those that it shall not, in the order in which to ask them."""

    inside: tuple[Mailbox, ...] = ()
    outside: tuple[Mailbox, ...] = ()


def choose(exchange: ExchangeClient, group_name: str, mode: Mode, preferred: str | None) -> Sample:
    """`preferred` as the only mailbox inside, where it is given."""
    group = find_group(exchange, group_name)
    if group is None or group.kind != SECURITY_GROUP:
        raise InputError(f"There is no group {group_name}.", next_step="Make it with mailbox_restriction.")
    seen = group.members
    if mode == "access_policy":
        seen = recipients_among(exchange, group.members, frozenset({group.guid}))
    reached = [recipient for recipient in seen if recipient.is_mailbox]
    inside = (named(exchange, preferred, reached),) if preferred else _in_order(reached)
    return Sample(inside, _outside(exchange, {mailbox.guid for mailbox in reached}))


def named(exchange: ExchangeClient, address: str, known: t.Iterable[Recipient] = ()) -> Mailbox:
    """The mailbox of an address: sign-in name, primary address or alias. `known`: where it may be among."""
    found = next((mailbox for mailbox in known if mailbox.address == address.lower()), None)
    found = found or find_recipient(exchange, address)
    return Mailbox(found.object_id or address, address) if found else Mailbox(address, address)


def _outside(exchange: ExchangeClient, reached: t.Collection[str]) -> tuple[Mailbox, ...]:
    """First of some more than are inside; of all, where those are all inside or of the system's own kinds."""
    size = len(reached) + _MORE
    listed = _listed(exchange, size)
    if len(listed) >= size and not _others(listed, reached):
        listed = _listed(exchange, "Unlimited")
    return _in_order(_others(listed, reached))


def _listed(exchange: ExchangeClient, size: int | str) -> list[Recipient]:
    rows = exchange.invoke("Get-Mailbox", action="find a mailbox outside of the group", ResultSize=size)
    return [Recipient.from_exchange(row) for row in rows]


def _others(listed: t.Iterable[Recipient], reached: t.Collection[str]) -> list[Recipient]:
    return [mailbox for mailbox in listed if mailbox.is_mailbox and mailbox.guid not in reached]


def _in_order(mailboxes: t.Iterable[Recipient]) -> tuple[Mailbox, ...]:
    ordered = sorted(mailboxes, key=lambda mailbox: mailbox.address)[:_CANDIDATES]
    return tuple(Mailbox(mailbox.object_id or mailbox.address, mailbox.address) for mailbox in ordered)
