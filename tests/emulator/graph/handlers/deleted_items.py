# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/directory/deletedItems`."""

from __future__ import annotations

from collections.abc import Callable

from emulator.call import Answer, Body, Call
from emulator.graph.handlers.context import directory_of, no_content, seen_of, target_of
from emulator.graph.handlers.owners import ENTITIES, typed_body
from emulator.graph.odata.listing import entity_answer, list_answer
from emulator.graph.store import deleted_items
from emulator.graph.store.records import Kind, Place


def list_of(kind: Kind) -> Callable[[Call], Answer]:
    """The list needs a type in its path (directory-deleteditems-list)."""

    def handler(call: Call) -> Answer:
        return list_answer(call, ENTITIES[kind], directory_of(call).records(kind), place=Place.DELETED)

    return handler


def read(call: Call) -> Answer:
    answer = entity_answer(call, ENTITIES[target_of(call).kind], seen_of(call))
    return Answer(200, _as_directory_object(call, answer.body))


def restore(call: Call) -> Answer:
    deleted_items.restore(directory_of(call), target_of(call))
    return Answer(200, _as_directory_object(call, typed_body(target_of(call))))


def purge(call: Call) -> Answer:
    deleted_items.purge(directory_of(call), target_of(call))
    return no_content()


def _as_directory_object(call: Call, body: Body) -> Body:
    names = {
        "@odata.context": f"{call.origin}/v1.0/$metadata#directoryObjects/$entity",
        "@odata.type": f"#microsoft.graph.{target_of(call).kind.value}",
    }
    return {**names, **{name: value for name, value in body.items() if not name.startswith("@")}}
