# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""While a run lasts, and after its sudden end, secrets are in no process list, environment, file or output."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chaos.processes import started
from emulator.launch import Emulator
from integration.administrator import MAIL
from integration.operator_desk import CLIENT_SECRET, ONBOARD, VAULT_PASSWORD, Desk
from integration.plays import play, task
from integration.tenants import Tenants, recording_emulator
from integration.watcher import PAUSE, Watcher

pytestmark = pytest.mark.every_core

SECONDS = 300
TENANT_ID = "connector_tenant_id"
CERTIFICATE_PASSWORD = "canary-of-the-certificate-0816"
CANARIES = {CLIENT_SECRET, VAULT_PASSWORD, CERTIFICATE_PASSWORD}
#: Everything that Ansible itself can be told to show or to keep, but the files of its modules.
TALKATIVE = {
    "ANSIBLE_DEBUG": "true",
    "ANSIBLE_VERBOSITY": "4",
    "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true",
    "ANSIBLE_LOG_PATH": "ansible.log",
    "ANSIBLE_CALLBACKS_ENABLED": "record,junit,tree",
    "ANSIBLE_CALLBACK_TREE_DIR": "tree",
    "JUNIT_OUTPUT_DIR": "junit",
    "ANSIBLE_CACHE_PLUGIN": "jsonfile",
    "ANSIBLE_CACHE_PLUGIN_CONNECTION": "fact-cache",
    "ANSIBLE_RETRY_FILES_ENABLED": "true",
    "ANSIBLE_RETRY_FILES_SAVE_PATH": "retry",
}
Doors = Callable[[Desk], str | Sequence[dict[str, Any]]]


@dataclass(frozen=True)
class Seen:
    """What there was to see of a run."""

    code: int
    output: str
    watcher: Watcher

    def assert_nothing_of(self, secrets: set[str], desk: Desk) -> None:
        shown = [secret[:12] for secret in secrets if secret in self.output]
        assert not shown, (
            f"shown: {[line for line in self.output.splitlines() if any(part in line for part in shown)][:3]}"
        )
        assert self.watcher.places_of(secrets) == set()
        assert _files_with(secrets, desk) == []


def _files_with(secrets: set[str], desk: Desk) -> list[str]:
    paths = [path for folder in (desk.folder, desk.temporary) for path in folder.rglob("*") if path.is_file()]
    kept = [path for path in paths if path != desk.vault_password_file]
    return [str(path) for path in kept if any(secret.encode() in path.read_bytes() for secret in secrets)]


def _certificate(folder: Path) -> tuple[Path, str]:
    """A PEM file whose key is encrypted, and the certificate alone as text."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "automation")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    cipher = serialization.BestAvailableEncryption(CERTIFICATE_PASSWORD.encode())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, cipher)
    path = folder / "automation.pem"
    path.write_bytes(certificate + private)
    return path, certificate.decode()


def _as_modules(desk: Desk) -> Sequence[dict[str, Any]]:
    """The same through the other door: each task is a process that gets its options from Ansible."""
    store = {"folder": str(desk.store), "vault_password_file": str(desk.vault_password_file)}
    handoff = {"folder": str(desk.store / "handoff"), "name": "{{ inventory_hostname }}", "sender": "t@example.com"}
    steps = [
        task("azure_app_registration", unique_name=MAIL, display_name="Totalview E-Mail Sending"),
        task("client_secret", unique_name=MAIL, store=store),
        task("connector_handoff", store=store, calendar=MAIL, mail=MAIL, **handoff),
        task("graph_permission", unique_name=MAIL, permissions=[{"application": ["Email.Send"]}]),
    ]
    return play(*({**step, "delegate_to": "elsewhere"} for step in steps), hosts="contoso,fabrikam")


DOORS: Mapping[str, Doors] = {"in worker": lambda desk: ONBOARD, "as modules": _as_modules}


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> Doors:
    return DOORS[request.param]


def _furnish(desk: Desk, tenants: Tenants) -> None:
    """One tenant is signed in to with a secret, one with a certificate; both are in an encrypted file of variables."""
    path, certificate = _certificate(desk.folder)
    by_secret, by_certificate = tenants.make(), tenants.make(automation={"certificate_pem": certificate})
    desk.variables["connector_auth_client_secret"] = None
    desk.hosts = {
        "contoso": {TENANT_ID: by_secret, "connector_auth_client_secret": "{{ canary_secret }}"},
        "fabrikam": {
            TENANT_ID: by_certificate,
            "connector_auth_certificate_path": str(path),
            "connector_auth_certificate_password": "{{ canary_certificate_password }}",
            "certificate": str(path),
            "certificate_password": "{{ canary_certificate_password }}",
        },
        "elsewhere": {"ansible_connection": "local"},
    }
    canaries = {"canary_secret": CLIENT_SECRET, "canary_certificate_password": CERTIFICATE_PASSWORD}
    desk.write_encrypted("credentials.yml", canaries)


def _watched(
    desk: Desk,
    door: Doors,
    *,
    before: Callable[[int], object] = lambda pgid: None,
    meanwhile: Callable[[], object] = lambda: None,
) -> Seen:
    """A run with whatever happens before it begins (told its process group) and while it lasts."""
    mark, home = str(uuid.uuid4()), desk.folder / "home"
    home.mkdir(exist_ok=True)
    environment = {**TALKATIVE, "HOME": str(home), "ANSIBLE_REMOTE_TEMP": str(home / "remote"), "WATCHER_MARK": mark}
    arguments = ("--limit", "contoso,fabrikam", "-e", f"@{desk.folder / 'credentials.yml'}", "--diff")
    prepared = desk.prepare(door(desk), *arguments, environment=environment)
    watcher = Watcher(mark, [desk.temporary, home, desk.folder / "ansible-home"])
    with started(prepared, desk.folder) as running, watcher.watching():
        before(running.pgid)
        running.go()
        meanwhile()
        return Seen(running.code(SECONDS), running.output, watcher)


def _issued(emulator: Emulator) -> set[str]:
    issued = emulator.issued()
    return {*issued["secrets"], *issued["tokens"]}


def test_nothing_leaks_while_a_run_lasts(desk: Desk, tenants: Tenants, emulator: Emulator, door: Doors) -> None:
    _furnish(desk, tenants)

    seen = _watched(desk, door)

    modules = [command for command in seen.watcher.commands if b"-m\0ansible\0vault" in command]
    assert bool(modules) == (door is _as_modules), "what is looked for must have been there to be seen"
    for kept in ("ansible.log", "junit", "tree", "fact-cache"):
        assert (desk.folder / kept).exists(), kept
    stored = [content for path in desk.store.rglob("*") if path.is_file() and (content := path.read_bytes())]
    assert len(stored) == 4
    assert all(content.startswith(b"$ANSIBLE_VAULT;") for content in stored)
    secrets = _issued(emulator)
    assert len(secrets) > 4
    seen.assert_nothing_of(secrets | CANARIES, desk)


def test_nothing_is_left_of_a_run_that_was_killed(
    desk: Desk, tenants: Tenants, emulator: Emulator, door: Doors
) -> None:
    """Killed while a new secret is on its way to the store."""
    _furnish(desk, tenants)
    fault = {"kind": "kill", "when": "after", "path": "addPassword", "tenant": desk.hosts["contoso"][TENANT_ID]}

    seen = _watched(desk, door, before=lambda pgid: emulator.faults({**fault, "pgid": pgid}))

    emulator.clear_faults()
    assert seen.code == -signal.SIGKILL, seen.output
    seen.assert_nothing_of(_issued(emulator) | CANARIES, desk)


def test_nothing_leaks_when_microsoft_is_gone_all_of_a_sudden(desk: Desk, door: Doors) -> None:
    with recording_emulator() as emulator:
        clerk = replace(desk, emulator_url=emulator.url, ca_file=emulator.ca_file)
        _furnish(clerk, Tenants(emulator))
        issued: set[str] = set()

        def gone() -> None:
            while not any("addPassword" in row["path"] for row in emulator.requests()):
                time.sleep(PAUSE)
            issued.update(_issued(emulator))
            os.kill(emulator.pid, signal.SIGKILL)

        seen = _watched(clerk, door, meanwhile=gone)

    assert seen.code > 0
    assert "EndpointUnreachable" in seen.output
    seen.assert_nothing_of(issued | CANARIES, clerk)
