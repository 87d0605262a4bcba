# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import Who
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.sign_in import OwnCredential


@dataclass(frozen=True)
class ClientSecret(OwnCredential):
    """`registration`: the unique name of the one that signs in, None for the automation's application."""

    secret: str = field(repr=False)
    registration: str | None = None

    @property
    def who(self) -> Who:
        return Who(self.client_id, self.registration)

    def for_msal(self, now: datetime) -> t.Any:
        return self.secret

    def require_valid(self, now: datetime) -> None:
        """When it ends only Microsoft Entra knows."""


def clean_secret(text: str, option: str) -> str:
    """Without the line's end that a file or a vault leaves behind it.

    Microsoft Entra's secrets are printable ASCII without blanks. Raises InputError for any other, and never shows it.
    """
    clean = text.rstrip("\r\n")
    wrong = next((name for name, found in _ODD.items() if found.search(clean)), None)
    if not clean or wrong:
        raise InputError(
            f"{option} has {wrong or 'nothing'} in it: it was not copied as it is.",
            next_step=f"Put the secret's value alone into {option}, as Microsoft Entra showed it.",
            code="SecretNotClean",
        )
    return clean


#: In this order: the first that is found is told.
_ODD: dict[str, re.Pattern[str]] = {
    "a byte order mark": re.compile("[\ufeff\ufffe]"),
    "a null character": re.compile("\0"),
    "a line break": re.compile("[\r\n\v\f\x85\u2028\u2029]"),
    "a blank": re.compile(r"\s"),
    "a control character": re.compile("[\x00-\x1f\x7f-\x9f]"),
    "a quotation mark": re.compile("^['\"\u2018-\u201e]|['\"\u2018-\u201e]$"),
    "a character that is not ASCII": re.compile("[^\x00-\x7f]"),
}
