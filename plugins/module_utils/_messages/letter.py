# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import hashlib
import typing as t
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError


def address(text: str, option: str) -> Address:
    """`a@example.com` or `A. Name <a@example.com>`. Raises InputError."""
    found = _only_address(text) if text.isprintable() else None
    if found is None or not (found.username and found.domain and found.addr_spec.isascii()):
        raise InputError(
            f"{option}: {text!r} is no address of e-mail.",
            next_step="Write it as in Totalview operations <operations@example.com>.",
        )
    return found


def _only_address(text: str) -> Address | None:
    try:
        header = SMTP.header_factory("To", text)
    except IndexError:  # instead of a defect (github.com/python/cpython/issues/151857)
        return None
    return header.addresses[0] if len(header.addresses) == 1 and not header.defects else None


def letter(subject: str, text: str, sender: Address, to: t.Sequence[Address], at: datetime) -> bytes:
    """A draft as a file (RFC 5322). One of the same content has the same Message-ID, so that none is sent twice unseen.

    Without `to` whoever sends it fills that in. `subject`: a line.
    """
    mail = EmailMessage(SMTP)
    mail["From"] = sender
    if to:
        mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = at
    content = "\0".join([str(sender), *map(str, to), subject, text])
    mail["Message-ID"] = f"<{hashlib.sha256(content.encode()).hexdigest()[:32]}@{sender.domain}>"
    # Outlook opens it to be sent, not as one that came.
    mail["X-Unsent"] = "1"
    mail.set_content(text, cte="quoted-printable")
    return mail.as_bytes()
