# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of the machine's own endpoints."""

from __future__ import annotations

from typing import Any

from emulator.call import Answer, Call, Refusal


class PlatformRefused(Refusal):
    """`body`: each endpoint has a form of its own."""

    def __init__(self, status: int, why: str, body: Any) -> None:
        super().__init__(status, why)
        self.status, self.why, self.body = status, why, body

    def answer(self, call: Call) -> Answer:
        return Answer(self.status, self.body)


class UnknownEndpoint(PlatformRefused):
    unknown = "endpoint"

    def __init__(self) -> None:
        super().__init__(404, "unknown", {"error": "not_found"})


def imds(status: int, error: str, description: str) -> PlatformRefused:
    """learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token, error handling."""
    return PlatformRefused(status, error, {"error": error, "error_description": description})


def app_service(status: int, message: str) -> PlatformRefused:
    return PlatformRefused(status, message, {"statusCode": status, "message": message, "correlationId": "-"})


def pipeline(status: int, message: str) -> PlatformRefused:
    return PlatformRefused(status, message, {"message": message})
