# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's clock and ours disagree."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.call import Answer, Call
from emulator.faults.model import Fault, Next


@dataclass(frozen=True, kw_only=True)
class ClockSkew(Fault):
    seconds: float

    async def inject(self, call: Call, go_on: Next) -> Answer:
        call.skew = self.seconds
        return await go_on(call)
