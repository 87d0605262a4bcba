# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipients: how they are named, found and made."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from emulator.exchange.store.conflicts import ExchangeConflict, Reason
from emulator.exchange.store.model import LIVING, Details, Recipient, Rules

if TYPE_CHECKING:
    from emulator.exchange.store.organisation import Organisation

LONGEST_NAME = 64

_SPECIAL_IN_DN = re.compile(r'([,\\+"<>;=])')
_FOREST = "OU=Microsoft Exchange Hosted Organizations,DC=EURPR01A001,DC=PROD,DC=OUTLOOK,DC=COM"


def distinguished_name(domain: str, name: str) -> str:
    escaped = _SPECIAL_IN_DN.sub(r"\\\1", name)
    return f"CN={escaped},OU={domain},{_FOREST}"


def sid(tenant_id: str, guid: str) -> str:
    digest = sha256(tenant_id.encode()).digest()
    domain = "-".join(str(int.from_bytes(digest[start : start + 4])) for start in (0, 4, 8))
    return f"S-1-5-21-{domain}-{UUID(guid).int % 2**31}"


def require(rules: Rules, identity: str, among: Collection[Details] = LIVING) -> Recipient:
    found = [recipient for recipient in rules.matches(identity) if recipient.details in among]
    if not found:
        raise ExchangeConflict(Reason.NOT_FOUND, identity)
    if len(found) > 1:
        raise ExchangeConflict(Reason.AMBIGUOUS, identity)
    return found[0]


def require_short(value: str, what: str, longest: int = LONGEST_NAME) -> None:
    if len(value) > longest:
        raise ExchangeConflict(Reason.TOO_LONG, what, str(longest))
    if not value.strip():
        raise ExchangeConflict(Reason.EMPTY_VALUE, what)


def require_unused(rules: Rules, name: str, alias: str, address: str) -> None:
    for recipient in rules.recipients.values():
        if _same(recipient.name, name):
            raise ExchangeConflict(Reason.NAME_TAKEN, name)
        if _same(recipient.alias, alias):
            raise ExchangeConflict(Reason.ALIAS_TAKEN, alias)
        if any(_same(known, address) for known in _addresses(recipient)):
            raise ExchangeConflict(Reason.ADDRESS_TAKEN, f"SMTP:{address}", recipient.name)


def readdress(org: Organisation, recipient: Recipient, addresses: Sequence[str]) -> None:
    """All of its addresses anew (docs: Set-Mailbox, EmailAddresses).

    The primary one, whose prefix is in capitals, stays: Entra's `mail` would change with it.
    """
    others = [text.removeprefix("smtp:") for text in addresses if not text.startswith("SMTP:")]
    primary = [text.removeprefix("SMTP:") for text in addresses if text.startswith("SMTP:")]
    if primary != [recipient.primary_smtp_address]:
        raise ExchangeConflict(Reason.BAD_ADDRESS, ", ".join(primary))
    for other in org.rules.recipients.values():
        taken = [text for text in others if any(_same(text, known) for known in _addresses(other))]
        if other.guid != recipient.guid and taken:
            raise ExchangeConflict(Reason.ADDRESS_TAKEN, f"smtp:{taken[0]}", other.name)
    changed = replace(recipient, proxies=tuple(others), changed=org.clock.now())
    org.change(org.rules.with_recipients(changed))


def _addresses(recipient: Recipient) -> Iterator[str]:
    yield recipient.primary_smtp_address
    yield recipient.user_principal_name or ""
    yield from recipient.proxies


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
