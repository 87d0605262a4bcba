# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header `Prefer` (RFC 7240): what the client would like; what nobody knows is passed over, as the RFC says."""

from __future__ import annotations

import re

from emulator.call import Call

_PREFERENCE = re.compile(r"""([\w.-]+)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([^\s,;]*)))?""")


def preferences(call: Call) -> dict[str, str]:
    """By name in lower case; one without a value is empty. Public clients quote with either kind of quotes."""
    found = _PREFERENCE.finditer(call.headers.get("prefer", ""))
    return {match[1].lower(): match[2] or match[3] or match[4] or "" for match in found}
