# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/users/{id}/sendMail`."""

from __future__ import annotations

import base64
import binascii
from email import message_from_bytes, policy
from email.message import EmailMessage

from emulator.call import Answer, Call
from emulator.clock import stamp
from emulator.exchange.store.model import Recipient
from emulator.exchange.store.reach import Permission
from emulator.graph import errors
from emulator.graph.bodies import read_body
from emulator.graph.handlers.mailboxes import admitted, organisation_of
from emulator.graph.store.records import Body

RECIPIENTS = ("toRecipients", "ccRecipients", "bccRecipients")
MIME = "text/plain"
# user-sendmail: larger files take an upload session, of a draft.
LARGEST_REQUEST = 4 * 1024 * 1024
KINDS = ("#microsoft.graph.fileAttachment", "#microsoft.graph.itemAttachment", "#microsoft.graph.referenceAttachment")


def send_mail(call: Call) -> Answer:
    """Accepted is not delivered: there is no body to tell more."""
    mailbox = admitted(call, Permission.MAIL)
    if len(call.raw_body) > LARGEST_REQUEST:
        raise errors.too_large()
    mime = call.headers.get("content-type", "").partition(";")[0].strip().lower() == MIME
    message, save = _from_mime(call.raw_body) if mime else _from_json(call)
    _check_recipients(message)
    _check_sender(message, mailbox)
    organisation_of(call).sent.append(
        {
            "time": stamp(call.world.clock.now()),
            "app_id": call.claims["appid"],
            "mailbox": mailbox.primary_smtp_address,
            "message": message,
            "saveToSentItems": save,
        }
    )
    return Answer(202)


def _from_json(call: Call) -> tuple[Body, bool]:
    body = read_body(call, "sendMail", required=("message",), of_mailbox=True)
    for attachment in body["message"].get("attachments") or ():
        _check_attachment(attachment)
    return body["message"], body.get("saveToSentItems") is not False


def _check_attachment(attachment: Body) -> None:
    """Annotations are left out of what is checked before, but this one says what the attachment is."""
    kind = "#" + str(attachment.get("@odata.type", "")).lstrip("#")
    if kind not in KINDS:
        raise errors.bad_request("The attachment names no type that can be created.")
    if kind != KINDS[0]:
        raise errors.not_emulated(f"attachment of the kind {kind}")
    try:
        base64.b64decode(attachment.get("contentBytes") or "", validate=True)
    except binascii.Error as error:
        raise errors.bad_request("Cannot convert the literal to the expected type 'Edm.Binary'.") from error


def _from_mime(raw: bytes) -> tuple[Body, bool]:
    """outlook-send-mime-message: the whole message in base64; it is always saved."""
    try:
        content = base64.b64decode(raw, validate=False)
        canonical = base64.b64encode(content) == b"".join(raw.split())
    except binascii.Error:
        content, canonical = b"", False
    if not content or not canonical:
        raise errors.not_mime_in_base64()
    parsed = message_from_bytes(content, policy=policy.default)
    message: Body = {"subject": parsed["subject"], "mime": content.decode("utf-8", "replace")}
    for name, header in zip(RECIPIENTS, ("to", "cc", "bcc"), strict=True):
        message[name] = _mailboxes(parsed, header)
    for name in ("from", "sender"):
        if found := _mailboxes(parsed, name):
            message[name] = found[0]
    return message, True


def _mailboxes(parsed: EmailMessage, header: str) -> list[Body]:
    fields = parsed.get_all(header) or ()
    return [
        {"emailAddress": {"address": item.addr_spec, "name": item.display_name}}
        for field in fields
        for item in field.addresses
    ]


def _check_recipients(message: Body) -> None:
    addresses = [_address(entry) for name in RECIPIENTS for entry in message.get(name) or ()]
    if not addresses:
        raise errors.invalid_recipients("A message can't be sent because it contains no recipients.")
    for address in addresses:
        if not all(address.partition("@")):
            raise errors.invalid_recipients(
                f"Recipient '{address}' is not resolved. All recipients must be resolved before a message can be "
                "submitted."
            )


def _check_sender(message: Body, mailbox: Recipient) -> None:
    names = (mailbox.primary_smtp_address, mailbox.user_principal_name, *mailbox.proxies)
    own = {(name or "").casefold() for name in names}
    for name in ("from", "sender"):
        if message.get(name) and _address(message[name]).casefold() not in own:
            raise errors.send_as_denied()


def _address(recipient: Body) -> str:
    return str(recipient["emailAddress"].get("address") or "")
