# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of the admin door."""

from __future__ import annotations

from emulator.call import Answer, Call, Refusal


class AdminError(Refusal):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message

    def answer(self, call: Call) -> Answer:
        return Answer(self.status, {"error": self.message})
