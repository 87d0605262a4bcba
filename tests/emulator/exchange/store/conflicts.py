# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an organisation says no to. How each is said on the wire is for `emulator.exchange.errors`."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """Values are the keys of messages.yaml."""

    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    NAME_TAKEN = "name_taken"
    ALIAS_TAKEN = "alias_taken"
    ADDRESS_TAKEN = "address_taken"
    BAD_ALIAS = "bad_alias"
    BAD_ADDRESS = "bad_address"
    TOO_LONG = "too_long"
    EMPTY_VALUE = "empty_value"
    NO_ACCEPTED_DOMAIN = "no_accepted_domain"
    NOT_A_MEMBER_TYPE = "not_a_member_type"
    ALREADY_A_MEMBER = "already_a_member"
    NOT_A_MEMBER = "not_a_member"
    NOT_A_MANAGER = "not_a_manager"
    SYNCED = "synced"
    NOT_A_SECURITY_PRINCIPAL = "not_a_security_principal"
    POLICIES_TOO_LARGE = "policies_too_large"
    ENTRA_SERVICE_PRINCIPAL_NOT_FOUND = "entra_service_principal_not_found"
    POINTER_EXISTS = "pointer_exists"
    POINTER_IN_USE = "pointer_in_use"
    SCOPE_EXISTS = "scope_exists"
    SCOPE_IN_USE = "scope_in_use"
    BAD_FILTER = "bad_filter"
    NO_SUCH_ROLE = "no_such_role"
    ASSIGNMENT_EXISTS = "assignment_exists"
    DEHYDRATED = "dehydrated"
    ALREADY_CUSTOMISED = "already_customised"


class ExchangeConflict(Exception):
    """`subjects` are the values that the message names."""

    def __init__(self, reason: Reason, *subjects: str) -> None:
        super().__init__(reason.name, *subjects)
        self.reason = reason
        self.subjects = subjects
