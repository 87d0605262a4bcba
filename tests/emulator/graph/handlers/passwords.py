# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`addPassword` and `removePassword`, of applications and service principals."""

from __future__ import annotations

from emulator.call import Answer, Call
from emulator.graph.bodies import read_body
from emulator.graph.handlers.context import directory_of, no_content, target_of
from emulator.graph.store import passwords


def add(call: Call) -> Answer:
    wanted = read_body(call, "addPassword").get("passwordCredential") or {}
    credential = passwords.add(directory_of(call), target_of(call), wanted)
    call.world.issued.expect_secret(credential["secretText"])
    context = f"{call.origin}/v1.0/$metadata#microsoft.graph.passwordCredential"
    return Answer(200, {"@odata.context": context, **credential}, {"location": call.origin})


def remove(call: Call) -> Answer:
    key_id = read_body(call, "removePassword", required=("keyId",))["keyId"]
    passwords.remove(directory_of(call), target_of(call), key_id)
    return no_content()
