# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant moves from one store to another: nothing is lost, whenever a run is killed, and nothing is written over."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible.parsing.vault import VaultSecret

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, perform
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.store_move import run as store_move
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.store_move.model import (
    Actual,
    Clear,
    CopyHandoff,
    CopySecrets,
    NoteMoved,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.store_move.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_handoff, open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    Announcement,
    StoredSecret,
)
from ansible_collections.totalview.exchange365.plugins.modules.connector_store_move import OPERATION
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import AnsibleVault
from openbao import OpenBao, policy_for

TENANT = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21"
NOW = datetime(2026, 4, 5, tzinfo=UTC)
SECRET = StoredSecret("client-1", "key-1", "label-1", NOW, "value-1", handed_off=NOW)
FIELDS = {"tenant_id": TENANT, "secret": "value-1"}
HERE = "the new place"

Json = dict[str, Any]


def document(*keys: str, **others: Any) -> Json:
    """One registration; the last key is the newest."""
    retired = [{"key_id": key} for key in keys[:-1]]
    secrets = {"mail": {"key_id": keys[-1], "value": f"value of {keys[-1]}", "retired": retired}} if keys else {}
    return {"tenant_id": TENANT, "secrets": secrets, **others}


def actual(source: Json | None, target: Json | None = None, **handoffs: Json) -> Actual:
    return Actual(source, target, handoffs.get("source_handoff"), handoffs.get("target_handoff"))


@pytest.mark.parametrize(
    ("found", "clear", "steps"),
    [
        (actual(None), False, ()),
        (actual(None, document("1")), True, ()),
        (actual(document("1")), False, (CopySecrets(), NoteMoved())),
        (actual(document("1")), True, (CopySecrets(), Clear())),
        (actual(document()), False, (CopySecrets(), NoteMoved())),
        (actual(document("1"), source_handoff=FIELDS), False, (CopyHandoff(), CopySecrets(), NoteMoved())),
        (actual(document("1"), source_handoff=FIELDS, target_handoff={}), False, (CopySecrets(), NoteMoved())),
        # Killed before the note; the other store may have gone on since.
        (actual(document("1"), document("1")), False, (NoteMoved(),)),
        (actual(document("1"), document("1", "2")), False, (NoteMoved(),)),
        (actual(document("1"), document("1", "2")), True, (Clear(),)),
        # Moved before.
        (actual(document("1", moved=HERE), document("1")), False, ()),
        (actual(document("1", moved=HERE), document("3")), False, ()),
        (actual(document("1", moved=HERE), document("3")), True, (Clear(),)),
        # Moved away from there once, and now back.
        (actual(document("1", "2"), document("1", moved="the former")), False, (CopySecrets(), NoteMoved())),
    ],
)
def test_what_is_done(found, clear, steps):
    change = plan(found, HERE, clear=clear)

    assert change.steps == steps
    assert (change.before != change.after) == bool(steps)
    assert "value" not in str(change)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (actual(document("1"), document("2")), "StoresDiffer"),
        (actual(document("1", "2"), document("1")), "StoresDiffer"),
        (actual(document("1", moved="elsewhere")), "StoreMoved"),
        (actual(document("1", moved="elsewhere"), document("1")), "StoreMoved"),
        (actual(document("1", moved=HERE)), "StoreMoved"),
    ],
)
@pytest.mark.parametrize("clear", [False, True])
def test_where_it_is_not_certain_which_store_is_the_newer_nothing_is_done(found, code, clear):
    with pytest.raises(StoreError) as caught:
        plan(found, HERE, clear=clear)

    assert caught.value.code == code
    assert caught.value.next_step


def vault(_vault_id: str | None, _password_file: str | None) -> AnsibleVault:
    return AnsibleVault([("default", VaultSecret(b"password"))], None)


@pytest.fixture
def params(tmp_path, openbao: OpenBao) -> Json:
    """From files to a server."""
    engine = openbao.engine()
    policy = policy_for(engine) + f'path "{engine}/metadata/totalview-exchange365/*" {{ capabilities = ["delete"] }}'
    server = {
        "type": "vault_kv2",
        "url": openbao.url,
        "ca_cert": openbao.ca_file,
        "token": openbao.token(policy.replace('["read"]', '["read", "delete"]')),
        "engine_mount_point": engine,
        "path": "totalview-exchange365",
        "folder": None,
    }
    files = {"type": "vault_file", "folder": str(tmp_path), "vault_id": None, "vault_password_file": None}
    of_task = {"name": "contoso", "folder": None, "former_handoff_folder": None, "clear": False}
    return {"tenant_id": TENANT, "former": files, "store": server, **of_task}


def fill(params: Json) -> None:
    held = open_store(params["former"], vault)
    held.note_host(TENANT, "contoso", None)
    held.announce(TENANT, "mail", Announcement("label-1", NOW))
    held.write(TENANT, "mail", SECRET)
    open_handoff(f"{params['former']['folder']}/handoff", params["former"], vault).revise("contoso", lambda _: FIELDS)


def move(params: Json, *, check_mode: bool = False) -> Json:
    result, _outcome = perform(OPERATION, Call(params, check_mode=check_mode, vault=vault))
    return result


def test_a_tenant_moves_with_all_that_is_noted_and_the_former_store_is_closed(params):
    fill(params)

    planned = move(params, check_mode=True)
    assert open_store(params["store"], vault).read(TENANT, "mail") is None
    done, again = move(params), move(params)

    assert planned["changes"] == done["changes"]
    assert done["changes"] == [step.describe() for step in (CopyHandoff(), CopySecrets(), NoteMoved())]
    assert (again["changed"], again["changes"]) == (False, [])
    held = open_store(params["store"], vault)
    assert (held.read(TENANT, "mail"), held.host(TENANT)) == (SECRET, "contoso")
    assert held.announced(TENANT, "mail") == (Announcement("label-1", NOW),)
    assert open_handoff(None, params["store"], vault).read("contoso") == FIELDS
    for use in (
        lambda: open_store(params["former"], vault).read(TENANT, "mail"),
        lambda: open_store(params["former"], vault).write(TENANT, "mail", SECRET),
    ):
        with pytest.raises(StoreError) as caught:
            use()
        assert caught.value.code == "StoreMoved"
        assert done["where"] in caught.value.message
    assert "value-1" not in str(done)


def test_and_back_with_what_has_come_since(params, tmp_path):
    fill(params)
    move(params)
    rotated = replace(SECRET, key_id="key-2", value="value-2", retired=(SECRET.as_retired,))
    open_store(params["store"], vault).write(TENANT, "mail", rotated, "key-1")
    back = {**params, "former": params["store"], "store": params["former"], "folder": str(tmp_path / "handoff")}

    assert move(params)["changed"] is False
    assert move({**back, "clear": True})["changed"] is True

    assert open_store(params["former"], vault).read(TENANT, "mail") == rotated
    assert open_store(params["store"], vault).read(TENANT, "mail") is None
    assert open_handoff(None, params["store"], vault).read("contoso") is None


@pytest.mark.parametrize("step", range(1, 5))
def test_whenever_a_run_is_killed_the_next_one_ends_it(params, monkeypatch, step):
    """Before each of its three writes, and after them all."""
    fill(params)
    former = open_store(params["former"], vault)._documents  # type: ignore[attr-defined]
    kinds = {type(former), type(open_store(params["store"], vault)._documents)}  # type: ignore[attr-defined]
    counter = itertools.count(1)
    with monkeypatch.context() as patch:
        for kind in kinds:
            revise = kind.revise

            def killed(documents, name, revision, revise=revise):
                if next(counter) == step:
                    raise KeyboardInterrupt
                revise(documents, name, revision)

            patch.setattr(kind, "revise", killed)
        if step < 4:
            with pytest.raises(KeyboardInterrupt):
                move(params)
            assert former.read(TENANT)["secrets"]["mail"]["value"] == "value-1"

    move(params)

    assert open_store(params["store"], vault).read(TENANT, "mail") == SECRET
    assert open_handoff(None, params["store"], vault).read("contoso") == FIELDS
    assert former.read(TENANT)["moved"]


def test_a_store_that_does_not_give_it_back_is_not_said_to_have_it(params, monkeypatch):
    fill(params)
    target = type(open_store(params["store"], vault)._documents)  # type: ignore[attr-defined]
    monkeypatch.setattr(target, "revise", lambda *_: None)

    result = move(params)

    assert (result["failed"], result["failure"]["code"]) == (True, "StoreUnreliable")
    assert open_store(params["former"], vault).read(TENANT, "mail") == SECRET


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda given: {"former": given["store"]}, "SameStore"),
        (lambda given: {"former": {**given["former"], "folder": "secrets"}}, "InventoryMistake"),
    ],
)
def test_what_cannot_be_meant_is_refused(params, change, code):
    with pytest.raises(InputError) as caught:
        store_move.run(Call({**params, **change(params)}, check_mode=False, vault=vault))

    assert caught.value.code == code
