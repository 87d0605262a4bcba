# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collections inside an object that have a path of their own, like `/applications/{id}/appRoles`."""

from __future__ import annotations

from emulator.call import Answer, Call
from emulator.graph.errors import malformed
from emulator.graph.handlers.context import seen_of
from emulator.service import Handler


def of(set_name: str, name: str) -> Handler:
    def read(call: Call) -> Answer:
        for option in call.query:
            if option.startswith("$"):
                raise malformed(f"The query parameter '{option}' is not supported by the service.")
        seen = seen_of(call).body
        context = f"{call.origin}/v1.0/$metadata#{set_name}('{seen['id']}')/{name}"
        return Answer(200, {"@odata.context": context, "value": list(seen[name])})

    return read
