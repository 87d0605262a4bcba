# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from pathlib import Path

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.store_move.apply import apply
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.store_move.model import Place
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.store_move.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.store_move.read import read
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import (
    open_documents,
    open_handoff,
)


def run(call: Call) -> Outcome:
    """The work of connector_store_move."""
    params = call.params
    tenant_id, name = call.directory_id(), params["name"]
    former_folder = params["former_handoff_folder"] or _handoff_of(params["former"]["folder"])
    _check_absolute(params["former"]["folder"])
    source = Place(open_documents(params["former"], call.vault), tenant_id)
    target = Place(open_documents(params["store"], call.vault), tenant_id)
    source_handoff = Place(open_handoff(former_folder, params["former"], call.vault), name)
    target_handoff = Place(open_handoff(params["folder"], params["store"], call.vault), name)
    if source.documents.address == target.documents.address:
        raise InputError(
            "The store to move from is the store to move to.",
            next_step="Give the former one as former, of the role: connector_store_former.",
            code="SameStore",
        )
    actual = read(source, target, source_handoff, target_handoff, tenant_id)
    change = plan(actual, target.where, clear=params["clear"])
    if change.changed:
        target.documents.check()
    if not call.check_mode:
        apply(source, target, source_handoff, target_handoff, actual, change)
    return Outcome({"where": target.where}, change)


def _handoff_of(folder: str | None) -> str | None:
    """Where the role puts it, unless somebody says otherwise."""
    return folder and str(Path(folder) / "handoff")


def _check_absolute(folder: str | None) -> None:
    if folder and not Path(folder).is_absolute():
        raise InputError(
            f"The folder '{folder}' of the former store is relative, and nobody says to what.",
            next_step="Give an absolute path, such as {{ inventory_dir }}/secrets.",
            code="InventoryMistake",
        )
