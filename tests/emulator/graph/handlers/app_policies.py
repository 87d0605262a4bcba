# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/policies/appManagementPolicies`, and which of them is assigned to an application or a service principal."""

from __future__ import annotations

from dataclasses import replace

from emulator.call import Answer, Call
from emulator.graph.bodies import read_body, reference_id
from emulator.graph.errors import not_found
from emulator.graph.handlers.context import directory_of, no_content, seen_of, target_of
from emulator.graph.odata.entities import APP_POLICY
from emulator.graph.odata.listing import created_answer, entity_answer, list_answer
from emulator.graph.store import policy
from emulator.graph.store.records import Kind, Record
from emulator.graph.store.templates import APP_POLICIES

TYPE = APP_POLICY.name


def list_all(call: Call) -> Answer:
    return list_answer(call, APP_POLICY, directory_of(call).records(Kind.APP_POLICY))


def read(call: Call) -> Answer:
    return entity_answer(call, APP_POLICY, seen_of(call))


def create(call: Call) -> Answer:
    wanted = read_body(call, TYPE, required=("restrictions",))
    return created_answer(call, APP_POLICY, policy.add_policy(directory_of(call), wanted).true.body)


def update(call: Call) -> Answer:
    directory_of(call).change(target_of(call), read_body(call, TYPE))
    return no_content()


def delete(call: Call) -> Answer:
    directory_of(call).remove(target_of(call))
    return no_content()


def list_assigned(call: Call) -> Answer:
    collection = call.path.split("/")[1]
    entity = replace(APP_POLICY, set_name=f"{collection}('{target_of(call).id}')/{APP_POLICIES}")
    found = [_policy(call, policy_id) for policy_id in seen_of(call).body.get(APP_POLICIES, ())]
    return list_answer(call, entity, [record for record in found if record is not None])


def assign(call: Call) -> Answer:
    policy_id = reference_id(call.json().get("@odata.id"))
    if _policy(call, policy_id) is None:
        raise not_found(policy_id)
    policy.assign_policy(directory_of(call), target_of(call), policy_id)
    return no_content()


def take_away(call: Call) -> Answer:
    policy_id = call.params["policy"].lower()
    if not policy.take_policy_away(directory_of(call), target_of(call), policy_id):
        raise not_found(policy_id)
    return no_content()


def _policy(call: Call, policy_id: str) -> Record | None:
    return directory_of(call).find_live(Kind.APP_POLICY, "id", policy_id)
