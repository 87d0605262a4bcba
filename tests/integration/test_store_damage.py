# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store that is damaged, full or shared: nothing of it is lost, and no secret is issued that it could not keep."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from chaos.processes import started
from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL, Administrator
from integration.operator_desk import Desk
from integration.plays import play, task
from integration.tenants import Tenants

pytestmark = pytest.mark.every_core

SECONDS = 300
ELSEWHERE = {"ansible_connection": "local"}
#: What a person, a disk or a backup may do to a file, and what the operator is told then.
DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "truncated": (lambda content: content[: len(content) // 2], "cannot be decrypted"),
    "empty": (lambda content: b"", "not encrypted"),
    "tampered": (lambda content: content[:-5] + b"0000\n", "cannot be decrypted"),
    "in-the-clear": (lambda content: b'{"secrets": {}}', "not encrypted"),
}
#: Loaded by Python before anything else: a machine whose disk is full, or whose store may only be read.
FULL = """
import errno, os

def full(_file):
    raise OSError(errno.ENOSPC, 'No space left on device')

os.fsync = full
"""
READ_ONLY = """
import errno, tempfile

def refuse(*_args, **_options):
    raise OSError(errno.EROFS, 'Read-only file system')

make, tempfile.mkstemp = tempfile.mkstemp, lambda *args, **options: (
    refuse() if str(options.get('dir')).endswith('secrets') else make(*args, **options)
)
"""


def _issued_after(emulator: Emulator, mark: int, tenant: str) -> list[str]:
    rows = emulator.requests(tenant=tenant, after=mark)
    return [row["path"] for row in rows if "addPassword" in row["path"] or "removePassword" in row["path"]]


def _lose_the_secrets(emulator: Emulator, tenant: str) -> None:
    """So that new ones are due."""
    administrator = Administrator(emulator, tenant)
    for name in (CALENDAR, MAIL):
        application = administrator.application(name)
        for row in application["passwordCredentials"]:
            administrator.call("POST", f"/applications/{application['id']}/removePassword", {"keyId": row["keyId"]})


def test_a_damaged_file_stops_its_tenant_before_anything_is_written(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    ids = {name: tenants.make() for name in [*DAMAGES, "another", "good"]}
    desk.hosts = {name: {"connector_tenant_id": tenant} for name, tenant in ids.items()}
    assert desk.run().code == 0
    files = {name: desk.store / f"{tenant}.json" for name, tenant in ids.items()}
    for name, (damage, _words) in DAMAGES.items():
        files[name].write_bytes(damage(files[name].read_bytes()))
    files["another"].write_bytes(files["good"].read_bytes())
    before = {name: path.read_bytes() for name, path in files.items()}
    for tenant in ids.values():
        _lose_the_secrets(emulator, tenant)
    mark = emulator.last_request()

    run = desk.run()

    assert run.tenant("good")["state"] == "complete", run.output
    words = {name: words for name, (_damage, words) in DAMAGES.items()} | {"another": "belongs to another tenant"}
    for name, said in words.items():
        assert run.tenant(name)["state"] == "failed", name
        assert said in run.tenant(name)["next"], name
        assert files[name].read_bytes() == before[name], name
        assert _issued_after(emulator, mark, ids[name]) == [], name


@pytest.mark.parametrize("door", ["worker", "module"])
@pytest.mark.parametrize(
    ("machine", "words"), [(FULL, "No space left"), (READ_ONLY, "Read-only")], ids=["full", "read-only"]
)
def test_no_secret_is_issued_that_cannot_be_stored(
    desk: Desk, tenants: Tenants, emulator: Emulator, machine: str, words: str, door: str
) -> None:
    tenant = tenants.make()
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}, "elsewhere": ELSEWHERE}
    secret = _secret(desk, MAIL) | ({"delegate_to": "elsewhere"} if door == "module" else {})
    steps = play(task("azure_app_registration", unique_name=MAIL, display_name="Totalview E-Mail Sending"), secret)
    hook = desk.folder / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(machine)

    failed = desk.run(steps, environment={"PYTHONPATH": str(hook)})

    assert failed.code != 0
    assert words in failed.results("contoso", "client_secret")[0]["msg"], failed.output
    assert _issued_after(emulator, 0, tenant) == []
    assert [path.name for path in desk.store.iterdir()] == [".locks"], "nothing half written is left"

    assert desk.run(steps).code == 0
    assert set(_stored(desk, tenant)) == {MAIL}


def test_two_runs_at_once_lose_nothing_of_each_other(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """Two operators share a store, and each issues the secret of another registration of the same tenants."""
    ids = {f"tenant-{number}": tenants.make() for number in range(4)}
    desk.hosts = {name: {"connector_tenant_id": tenant} for name, tenant in ids.items()}
    names = (CALENDAR, MAIL)
    made = [task("azure_app_registration", unique_name=name, display_name=name) for name in names]
    assert desk.run(play(*made, hosts="all")).code == 0
    second = Desk(desk.folder / "second", desk.temporary, desk.leg, desk.emulator_url, desk.ca_file, desk.hosts)

    with ExitStack() as both:
        runs = [
            both.enter_context(started(clerk.prepare(play(_secret(desk, name), hosts="all")), clerk.folder))
            for clerk, name in zip((desk, second), names, strict=True)
        ]
        for run in runs:
            run.go()
        ended = [run.ended(SECONDS) for run in runs]

    assert [run.code for run in ended] == [0, 0], [run.output for run in ended]
    for tenant in ids.values():
        live = {
            row["uniqueName"]: [credential["keyId"] for credential in row["passwordCredentials"]]
            for row in emulator.snapshot(tenant)["applications"]
            if row["uniqueName"] in names
        }
        assert {name: [row["key_id"]] for name, row in _stored(desk, tenant).items()} == live


def _secret(desk: Desk, name: str) -> dict[str, Any]:
    store = {"folder": str(desk.store), "vault_password_file": str(desk.vault_password_file)}
    return task("client_secret", unique_name=name, store=store)


def _stored(desk: Desk, tenant: str) -> dict[str, Any]:
    return dict(json.loads(desk.view(desk.store / f"{tenant}.json"))["secrets"])
