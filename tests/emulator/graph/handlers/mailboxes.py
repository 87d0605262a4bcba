# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets into the mailbox that a path names."""

from __future__ import annotations

from emulator.call import Call
from emulator.exchange.store.model import Recipient, Rules
from emulator.exchange.store.organisation import Organisation
from emulator.exchange.store.reach import Access, Permission, Verdict, access_of, is_granted
from emulator.graph import errors
from emulator.graph.handlers.context import directory_of
from emulator.graph.keys import parse_key
from emulator.graph.store.records import Kind, Record


def admitted(call: Call, permission: Permission) -> Recipient:
    """The mailbox in the path, if the application gets into it by the rules that are enforced now."""
    access = access_to_mailboxes(call, permission)
    if not access.exists:
        raise errors.access_denied()
    mailbox = _mailbox(call)
    if mailbox.rest_refusal:
        raise errors.cannot_be_asked(mailbox.rest_refusal)
    verdict = access.verdict(mailbox.guid)
    if verdict is Verdict.ALLOWED:
        return mailbox
    raise errors.blocked_by_policy() if verdict is Verdict.BLOCKED else errors.access_denied()


def access_to_mailboxes(call: Call, permission: Permission) -> Access:
    """Entra's grants as of the token, Exchange's rules as of now."""
    assert call.tenant is not None
    organisation = call.tenant.exchange
    rules = organisation.enforced() if organisation is not None else Rules()
    granted = is_granted(permission, call.claims.get("roles", ()))
    return access_of(rules, str(call.claims["appid"]), permission, granted=granted)


def organisation_of(call: Call) -> Organisation:
    """Of a tenant in which a mailbox was found."""
    assert call.tenant is not None
    assert call.tenant.exchange is not None
    return call.tenant.exchange


def _mailbox(call: Call) -> Recipient:
    assert call.tenant is not None
    user, organisation = _user(call), call.tenant.exchange
    found = organisation.rules.find(user.id) if organisation is not None else None
    if found is None or not found.is_mailbox:
        raise errors.no_mailbox()
    return found


def _user(call: Call) -> Record:
    _unused, value = parse_key(call.params["key"])
    directory = directory_of(call)
    found = directory.find_live(Kind.USER, "id", value) or directory.find_live(Kind.USER, "userPrincipalName", value)
    if found is None:
        raise errors.invalid_user(value) if "@" in value else errors.not_found(value)
    return found
