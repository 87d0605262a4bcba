# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange.client import ExchangeClient
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import Mode
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    SECURITY_GROUP,
    Recipient,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.read import (
    find_group,
    mailboxes_among,
)


class Sample(t.NamedTuple):
    """One mailbox that the registration shall reach and one that it shall not; None where there is none."""

    inside: str | None
    outside: str | None


def choose(exchange: ExchangeClient, group_name: str, mode: Mode, preferred: str | None) -> Sample:
    """`preferred` as the mailbox inside, where it is given."""
    group = find_group(exchange, group_name)
    if group is None or group.kind != SECURITY_GROUP:
        raise InputError(f"There is no group {group_name}.", next_step="Make it with mailbox_restriction.")
    direct = [member for member in group.members if member.is_mailbox]
    reached = direct if mode == "rbac" else list(mailboxes_among(exchange, group.members, frozenset({group.guid})))
    inside = preferred or min((mailbox.address for mailbox in reached), default=None)
    return Sample(inside, _outside(exchange, {mailbox.guid for mailbox in reached}))


def _outside(exchange: ExchangeClient, reached: t.Collection[str]) -> str | None:
    # More than are inside: at least one of them is outside, if there is any. Some are of the system's own kinds.
    rows = exchange.invoke("Get-Mailbox", action="find a mailbox outside of the group", ResultSize=len(reached) + 10)
    found = (Recipient.from_exchange(row) for row in rows)
    return min(
        (mailbox.address for mailbox in found if mailbox.is_mailbox and mailbox.guid not in reached), default=None
    )
