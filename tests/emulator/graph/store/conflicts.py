# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules of the directory forbid. How each is said on the wire is for `emulator.graph.errors`."""

from __future__ import annotations

from enum import Enum, auto


class Reason(Enum):
    UNIQUE_NAME_TAKEN = auto()
    UNIQUE_NAME_FIXED = auto()
    NO_SUCH_APPLICATION = auto()
    BACKING_APPLICATION_ELSEWHERE = auto()
    SERVICE_PRINCIPAL_EXISTS = auto()
    ALREADY_ASSIGNED = auto()
    NO_SUCH_ROLE = auto()
    NOT_A_VALID_REFERENCE = auto()
    GRANT_EXISTS = auto()
    OWNER_EXISTS = auto()
    NO_SUCH_KEY = auto()
    BAD_LIFETIME = auto()
    BAD_CERTIFICATE = auto()
    PRINCIPAL_LOCKED = auto()
    FEDERATED_TAKEN = auto()
    TOO_MANY_FEDERATED = auto()
    FEDERATED_NAME_FIXED = auto()
    POLICY_ASSIGNED = auto()
    SECRETS_NOT_ALLOWED = auto()
    LIFETIME_NOT_ALLOWED = auto()
    NO_SUCH_DIRECTORY_ROLE = auto()
    NO_SUCH_PRINCIPAL = auto()
    DIRECTORY_ROLE_ASSIGNED = auto()


class Conflict(Exception):
    """`subject` is the one value that the message names, if it names any."""

    def __init__(self, reason: Reason, subject: str = "") -> None:
        super().__init__(reason.name, subject)
        self.reason = reason
        self.subject = subject
