# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-Recipient, Get-Mailbox, Get-User, Set-Mailbox, and how recipients are shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from emulator.call import Body
from emulator.clock import stamp
from emulator.exchange.cmdlets.base import Admission, Cmdlet, Invocation, Type
from emulator.exchange.store import recipients
from emulator.exchange.store.model import LIVING, MAILBOXES, Details, Recipient

USERS = MAILBOXES | {Details.USER, Details.MAIL_USER, Details.GUEST_MAIL_USER}
# Whoever has no address is a user, but no recipient.
RECIPIENTS = LIVING - {Details.USER}

LISTING = {"Identity": Type.TEXT, "ResultSize": Type.SIZE, "RecipientTypeDetails": Type.TEXTS}


def chosen(invocation: Invocation, among: Collection[Details]) -> list[Recipient]:
    """The one of Identity, which must exist, or all of these kinds."""
    if invocation.has("Identity"):
        return [recipients.require(invocation.org.rules, invocation.text("Identity"), among)]
    wanted = {name.casefold() for name in invocation.texts("RecipientTypeDetails")}
    return [
        recipient
        for recipient in invocation.org.rules.recipients.values()
        if recipient.details in among and (not wanted or recipient.details.casefold() in wanted)
    ]


def recipient_body(recipient: Recipient) -> Body:
    address = recipient.primary_smtp_address
    return {
        "Identity": recipient.name,
        "Id": recipient.name,
        "Guid": recipient.guid,
        "Name": recipient.name,
        "Alias": recipient.alias,
        "DisplayName": recipient.display_name,
        "PrimarySmtpAddress": address,
        # The primary address in capitals, others not (docs: Set-Mailbox, EmailAddresses).
        "EmailAddresses": [*([f"SMTP:{address}"] if address else []), *(f"smtp:{name}" for name in recipient.proxies)],
        "RecipientType": _recipient_type(recipient.details),
        "RecipientTypeDetails": _of_its_life(recipient.details),
        "ExternalDirectoryObjectId": recipient.external_directory_object_id,
        "DistinguishedName": recipient.distinguished_name,
        "WhenCreatedUTC": stamp(recipient.created),
        "WhenChangedUTC": stamp(recipient.changed),
        "IsDirSynced": recipient.synced,
        "WindowsLiveID": recipient.user_principal_name or "",
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


def _of_its_life(details: Details) -> Details:
    return Details.USER_MAILBOX if details is Details.SOFT_DELETED_MAILBOX else details


def _recipient_type(details: Details) -> str:
    if details in MAILBOXES or details is Details.SOFT_DELETED_MAILBOX:
        return Details.USER_MAILBOX
    return Details.DISTRIBUTION_GROUP if details is Details.MICROSOFT_365_GROUP else details


def _user_body(recipient: Recipient) -> Body:
    return {
        **recipient_body(recipient),
        "UserPrincipalName": recipient.user_principal_name,
        "WindowsEmailAddress": recipient.primary_smtp_address,
        "Sid": recipient.sid,
    }


def get_recipient(invocation: Invocation) -> Iterable[Body]:
    return invocation.cut([recipient_body(item) for item in chosen(invocation, RECIPIENTS)])


def get_mailbox(invocation: Invocation) -> Iterable[Body]:
    deleted = bool(invocation.parameters.get("SoftDeletedMailbox"))
    among = {Details.SOFT_DELETED_MAILBOX} if deleted else MAILBOXES
    return invocation.cut([_user_body(item) for item in chosen(invocation, among)])


def get_user(invocation: Invocation) -> Iterable[Body]:
    return invocation.cut([_user_body(item) for item in chosen(invocation, USERS)])


def set_mailbox(invocation: Invocation) -> Iterable[Body]:
    """Of its many settings the addresses only, and those as a whole."""
    mailbox = recipients.require(invocation.org.rules, invocation.text("Identity"), MAILBOXES)
    recipients.readdress(invocation.org, mailbox, invocation.texts("EmailAddresses"))
    return []


CMDLETS = (
    Cmdlet("Get-Recipient", get_recipient, LISTING, admission=Admission.RECIPIENTS),
    Cmdlet("Get-Mailbox", get_mailbox, {**LISTING, "SoftDeletedMailbox": Type.SWITCH}, admission=Admission.RECIPIENTS),
    Cmdlet(
        "Set-Mailbox",
        set_mailbox,
        {"Identity": Type.TEXT, "EmailAddresses": Type.TEXTS},
        required=("Identity", "EmailAddresses"),
        admission=Admission.RECIPIENTS,
    ),
    Cmdlet("Get-User", get_user, LISTING, admission=Admission.RECIPIENTS),
)
