# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of Azure Key Vault (learn.microsoft.com/azure/key-vault/general/rest-error-codes; the SDKs' recordings)."""

from __future__ import annotations

from emulator.call import Answer, Call, Refusal


class VaultError(Refusal):
    """`inner`: the code that tells refusals of one kind apart."""

    def __init__(self, status: int, code: str, message: str, inner: str = "", challenge: str = "") -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message
        self.inner, self.challenge = inner, challenge
        self.why = inner or code

    def answer(self, call: Call) -> Answer:
        error = {"code": self.code, "message": self.message}
        inner = {"innererror": {"code": self.inner}} if self.inner else {}
        headers = {"www-authenticate": self.challenge} if self.challenge else {}
        return Answer(self.status, {"error": {**error, **inner}}, headers)


class UnknownOperation(VaultError):
    unknown = "operation"

    def __init__(self, message: str) -> None:
        super().__init__(400, "BadParameter", message)


class UnknownVault(VaultError):
    """Of Microsoft's there would be no such name in the DNS."""

    unknown = "vault"

    def __init__(self, host: str) -> None:
        super().__init__(404, "NotFound", f"There is no vault {host} here.")


def unauthorized(message: str, challenge: str) -> VaultError:
    return VaultError(401, "Unauthorized", message, challenge=challenge)


def bad_parameter(message: str) -> VaultError:
    return VaultError(400, "BadParameter", message)


def not_found(name: str) -> VaultError:
    text = f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret"
    return VaultError(
        404, "SecretNotFound", f"{text} you may be able to recover it using the correct recovery command."
    )


def conflict(name: str, inner: str) -> VaultError:
    said = {
        "ObjectIsDeletedButRecoverable": "is currently in a deleted but recoverable state, and its name cannot be "
        "reused; in this state, the secret can only be recovered or purged.",
        "ObjectIsBeingDeleted": "is currently being deleted and cannot be re-created; retry later.",
        "ObjectIsBeingRecovered": "is currently being recovered and cannot be re-created; retry later.",
    }
    return VaultError(409, "Conflict", f"Secret {name} {said[inner]}", inner)


def forbidden(inner: str, message: str) -> VaultError:
    return VaultError(403, "Forbidden", message, inner)
