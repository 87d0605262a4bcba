# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

Mode = t.Literal["access_policy", "rbac", "none"]

#: Application permissions of Microsoft Graph that each mechanism is documented to confine
#: (learn.microsoft.com/graph/auth-limit-mailbox-access, learn.microsoft.com/exchange/permissions-exo/application-rbac).
#: What is not listed is confined by nothing, whatever its name begins with.
_BY_ROLES = frozenset(
    {
        "Calendars.Read",
        "Calendars.ReadWrite",
        "Contacts.Read",
        "Contacts.ReadWrite",
        "Mail.Read",
        "Mail.ReadBasic",
        "Mail.ReadWrite",
        "Mail.Send",
        "MailboxSettings.Read",
        "MailboxSettings.ReadWrite",
    }
)
_BY_POLICIES = _BY_ROLES | {"Mail.ReadBasic.All"}
#: They tell of people, places and the organization, and of nobody's messages, appointments or files. User.Read exists
#: as a delegated permission only; Microsoft Graph's own list of names says so better.
HARMLESS = frozenset(
    {
        "GroupMember.Read.All",
        "Organization.Read.All",
        "Place.Read.All",
        "Presence.Read.All",
        "User.Read",
        "User.Read.All",
        "User.ReadBasic.All",
    }
)
KNOWN = _BY_POLICIES | HARMLESS

_SEND = "send e-mail as every employee"
_READ = "read the e-mail of every employee"


def is_mailbox_permission(name: str, mode: Mode = "access_policy") -> bool:
    """Whether a restriction of this mode confines it; in the mode none, whether any could."""
    return name in (_BY_ROLES if mode == "rbac" else _BY_POLICIES)


def unconfined(permissions: t.Iterable[str], mode: Mode) -> list[str]:
    """What reaches the whole tenant, whatever the restriction says, and is not known to be harmless."""
    return [name for name in permissions if not is_mailbox_permission(name, mode) and name not in HARMLESS]


def use_for_mail(permissions: t.Iterable[str]) -> dict[str, str]:
    """Which permissions send or read e-mail, and what they allow where nothing restricts them."""
    uses = {name: _use_for_mail(name) for name in permissions}
    return {name: use for name, use in uses.items() if use}


def _use_for_mail(name: str) -> str | None:
    if name == "Mail.Send":
        return _SEND
    # A rule in the inbox, which it may write, forwards e-mail to anybody (learn.microsoft.com/graph/api/
    # mailfolder-post-messagerules).
    return _READ if name.startswith("Mail.") or name == "MailboxSettings.ReadWrite" else None
