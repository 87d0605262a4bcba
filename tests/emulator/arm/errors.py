# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of Azure Resource Manager (azure-resource-manager, "Understand common errors")."""

from __future__ import annotations

from emulator.call import Answer, Call, Refusal


class ArmError(Refusal):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = self.why = code
        self.message = message

    def answer(self, call: Call) -> Answer:
        return Answer(self.status, {"error": {"code": self.code, "message": self.message}})


class UnknownPath(ArmError):
    unknown = "path"

    def __init__(self) -> None:
        super().__init__(404, "InvalidResourceType", "The resource type could not be found.")


def unauthorized(message: str) -> ArmError:
    return ArmError(401, "InvalidAuthenticationToken", message)


def no_api_version() -> ArmError:
    return ArmError(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required.")
