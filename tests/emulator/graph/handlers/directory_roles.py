# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/roleManagement/directory/roleAssignments`: directory roles of service principals."""

from __future__ import annotations

from emulator.call import Answer, Call
from emulator.graph.bodies import read_body
from emulator.graph.handlers.context import directory_of, no_content, seen_of, target_of
from emulator.graph.odata.entities import DIRECTORY_ROLE
from emulator.graph.odata.listing import created_answer, entity_answer, list_answer
from emulator.graph.store import directory_roles
from emulator.graph.store.records import Kind


def list_all(call: Call) -> Answer:
    return list_answer(call, DIRECTORY_ROLE, directory_of(call).records(Kind.DIRECTORY_ROLE))


def read(call: Call) -> Answer:
    return entity_answer(call, DIRECTORY_ROLE, seen_of(call))


def create(call: Call) -> Answer:
    required = ("principalId", "roleDefinitionId", "directoryScopeId")
    body = read_body(call, "unifiedRoleAssignment", required=required)
    record = directory_roles.assign(directory_of(call), body["principalId"], body["roleDefinitionId"])
    return created_answer(call, DIRECTORY_ROLE, record.true.body)


def delete(call: Call) -> Answer:
    directory_of(call).remove(target_of(call))
    return no_content()
