# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the connection, over TLS and with an emulator that is a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from urllib3.util.ssltransport import SSLTransport

import emulator.launch
from emulator.launch import Emulator, running_emulator

TENANT = "contoso.example"
SEED = {"tenants": [{"domains": [TENANT], "display_name": "Contoso"}]}
TESTS = Path(emulator.launch.__file__).parent.parent
ROLES = ["Application.ReadWrite.All", "Organization.Read.All"]


@pytest.fixture(scope="module")
def process() -> Iterator[Emulator]:
    with running_emulator(SEED) as found:
        yield found


@pytest.fixture
def running(process: Emulator) -> Emulator:
    process.reset()
    return process


class Client:
    def __init__(self, running: Emulator, session: requests.Session) -> None:
        self._running, self._session = running, session
        session.trust_env = False
        session.verify = running.ca_file
        self.headers = {"Authorization": f"Bearer {running.token(TENANT, ROLES)}"}

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        url = f"{self._running.url}/v1.0{path}"
        return self._session.request(method, url, json=body, headers=self.headers, **{"timeout": 20, **options})

    def create(self, **options: Any) -> requests.Response:
        return self.ask("POST", "/applications", {"displayName": "x"}, **options)


@pytest.fixture
def client(running: Emulator) -> Iterator[Client]:
    with requests.Session() as session:
        yield Client(running, session)


@contextmanager
def started(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def asked(running: Emulator, request: str) -> Iterator[SSLTransport]:
    """A request whose answer is still to be read."""
    port = int(running.url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=running.ca_file)
    with socket.create_connection(("127.0.0.1", port), 20) as plain:
        connection = SSLTransport(plain, context, "127.0.0.1")
        connection.sendall(f"{request} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        yield connection


def made(running: Emulator) -> int:
    return len(running.snapshot(TENANT)["applications"])


@pytest.mark.parametrize(
    ("fault", "count"),
    [
        ({"kind": "refuse"}, 0),
        ({"kind": "reset_before"}, 0),
        ({"kind": "reset_after"}, 1),
        ({"kind": "timeout", "seconds": 0.05}, 0),
        ({"kind": "timeout", "seconds": 0.05, "effect": "done"}, 1),
    ],
)
def test_no_answer(running: Emulator, client: Client, fault: dict[str, Any], count: int) -> None:
    running.faults({**fault, "times": 1})
    with pytest.raises(requests.exceptions.ConnectionError, match="RemoteDisconnected"):
        client.create()
    assert made(running) == count
    assert client.create().status_code == 201


def test_no_answer_on_a_connection_that_was_in_use(running: Emulator, client: Client) -> None:
    assert client.create().status_code == 201
    running.faults({"kind": "reset_after", "times": 1})
    with pytest.raises(requests.exceptions.ConnectionError, match="RemoteDisconnected"):
        client.create()
    assert made(running) == 2


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_resets_are_resets(running: Emulator, kind: str) -> None:
    """Python's own TLS sockets take a reset for an end; urllib3's do not."""
    running.faults({"kind": kind})
    with asked(running, "GET /v1.0/organization") as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_hanging_up_is_no_reset(running: Emulator) -> None:
    running.faults({"kind": "refuse"})
    with asked(running, "GET /v1.0/organization") as connection:
        assert connection.recv(1) == b""


@pytest.mark.parametrize(("effect", "count"), [("none", 0), ("done", 1)])
def test_no_answer_for_longer_than_the_client_waits(running: Emulator, client: Client, effect: str, count: int) -> None:
    running.faults({"kind": "timeout", "seconds": 300, "effect": effect})
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.create(timeout=0.3)
    assert made(running) == count


def test_dripping(running: Emulator, client: Client) -> None:
    plain = client.ask("GET", "/organization").json()
    running.faults({"kind": "drip", "seconds_per_byte": 0.001, "seconds": 0.05})
    dripped = client.ask("GET", "/organization").json()
    assert dripped["value"] == plain["value"]


def test_dripping_for_longer_than_the_client_waits(running: Emulator, client: Client) -> None:
    running.faults({"kind": "drip", "seconds_per_byte": 300, "seconds": 3000})
    with client.ask("GET", "/organization", stream=True, timeout=0.3) as answer:
        assert (answer.status_code, answer.raw.read(1)) == (200, b"{")
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            answer.raw.read(1)


@pytest.mark.parametrize(("when", "count"), [("before", 0), ("after", 1)])
def test_killing_the_clients_process_group(running: Emulator, client: Client, when: str, count: int) -> None:
    command = [sys.executable, "-c", "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"]
    with started(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        running.faults({"kind": "kill", "pgid": process.pid, "when": when, "times": 1})
        with pytest.raises(requests.exceptions.ConnectionError):
            client.create()
        assert process.wait(20) == -signal.SIGKILL
    assert made(running) == count
    assert client.create().status_code == 201


RUNAWAY = "import os, time; os.setsid(); print('gone', flush=True); time.sleep(20); print('still alive')"


def test_killing_takes_those_who_left_the_group(running: Emulator, client: Client) -> None:
    command = [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {RUNAWAY!r}])"]
    with started(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"gone\n"
        running.faults({"kind": "kill", "pgid": process.pid, "times": 1})
        with pytest.raises(requests.exceptions.ConnectionError):
            client.create()
        assert process.wait(20) == -signal.SIGKILL
        assert process.stdout.read() == b""


@pytest.mark.parametrize(("when", "count"), [("before", 0), ("after", 2)])
def test_a_death_at_two_places_at_once(running: Emulator, client: Client, when: str, count: int) -> None:
    """Who is held first waits longer than it wants to: its patience is for silence, and there is none."""
    port = int(running.url.rpartition(":")[2])
    headers = {**client.headers, "Content-Type": "application/json"}
    script = (
        "import http.client, ssl, sys\n"
        f"asked = http.client.HTTPSConnection('127.0.0.1', {port}, timeout=20,"
        f" context=ssl.create_default_context(cafile={running.ca_file!r}))\n"
        f"asked.request('POST', '/v1.0/applications', '{{\"displayName\": \"y\"}}', {headers!r})\n"
        "asked.getresponse()"
    )
    with started([sys.executable, "-c", script], start_new_session=True) as process:
        fault = {"kind": "kill", "pgid": process.pid, "when": when, "gather": 2, "times": 2}
        running.faults(fault)
        while not running.faults()[0]["injected"]:
            assert process.poll() is None
        with pytest.raises(requests.exceptions.ConnectionError):
            client.create()
        assert process.wait(20) == -signal.SIGKILL
    assert made(running) == count


def test_killing_whoever_is_gone_already(running: Emulator, client: Client) -> None:
    with started([sys.executable, "-c", ""], start_new_session=True) as process:
        process.wait(20)
    running.faults({"kind": "kill", "pgid": process.pid, "when": "after"})
    with pytest.raises(requests.exceptions.ConnectionError, match="RemoteDisconnected"):
        client.create()
    assert made(running) == 1


def test_the_end_does_not_wait_for_held_answers(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    fault = {"kind": "timeout", "seconds": 300}
    seed.write_text(json.dumps({**SEED, "faults": [fault]}), "utf-8")
    command = [sys.executable, "-m", "emulator", "--seed", str(seed)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        with requests.Session() as session:
            session.trust_env, session.verify = False, announced["ca_file"]
            found = Emulator(announced["url"], announced["ca_file"], session)
            with asked(found, "GET /v1.0/organization"):
                assert any(found.faults()[0]["injected"] for _attempt in range(1000))
                process.send_signal(signal.SIGTERM)
                _output, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, b"")


# --- wrong certificates -------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize(
    ("wrong", "words"), [("authority", "unable to get local issuer|self.signed"), ("name", "doesn't match|mismatch")]
)
def test_a_wrong_certificate(wrong: str, words: str) -> None:
    port = free_port()
    arguments = ["--wrong-certificate-port", str(port), "--wrong-certificate", wrong]
    with running_emulator(SEED, arguments=arguments) as running, requests.Session() as session:
        session.trust_env = False
        session.verify = running.ca_file
        with pytest.raises(requests.exceptions.SSLError, match=words):
            session.get(f"https://127.0.0.1:{port}/v1.0/organization", timeout=20)
        assert running.requests() == []
        assert running.tenants()
