# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/applications/{id}/federatedIdentityCredentials`."""

from __future__ import annotations

from dataclasses import replace

from emulator.call import Answer, Body, Call
from emulator.graph.bodies import read_body
from emulator.graph.errors import not_found
from emulator.graph.handlers.context import directory_of, no_content, seen_of, target_of
from emulator.graph.keys import parse_key
from emulator.graph.odata.entities import FEDERATED_CREDENTIAL, Entity
from emulator.graph.odata.listing import created_answer, entity_answer, list_answer
from emulator.graph.store import federated
from emulator.graph.store.records import settled

TYPE = FEDERATED_CREDENTIAL.name
REQUIRED = ("name", "issuer", "subject", "audiences")


def list_all(call: Call) -> Answer:
    return list_answer(call, _entity(call), settled(federated.of_body(seen_of(call).body)))


def read(call: Call) -> Answer:
    [record] = settled([_addressed(call, seen_of(call).body)])
    return entity_answer(call, _entity(call), record.true)


def create(call: Call) -> Answer:
    wanted = read_body(call, TYPE, required=REQUIRED)
    return created_answer(call, _entity(call), federated.add(directory_of(call), target_of(call), wanted))


def update(call: Call) -> Answer:
    changes, record = read_body(call, TYPE), target_of(call)
    federated.update(directory_of(call), record, _addressed(call, record.true.body), changes)
    return no_content()


def delete(call: Call) -> Answer:
    record = target_of(call)
    federated.remove(directory_of(call), record, _addressed(call, record.true.body))
    return no_content()


def _addressed(call: Call, application: Body) -> Body:
    _name, value = parse_key(call.params["credential"])
    found = federated.find(application, value)
    if found is None:
        raise not_found(value)
    return found


def _entity(call: Call) -> Entity:
    return replace(FEDERATED_CREDENTIAL, set_name=f"applications('{target_of(call).id}')/{TYPE}s")
