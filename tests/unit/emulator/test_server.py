# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as a process of its own: over TLS, with the real client libraries."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any

import msal
import pytest
import requests
import urllib3.util.connection
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import emulator.launch
from emulator.launch import Emulator, EmulatorError, running_emulator
from emulator.server import Listen, bound_socket
from emulator.tls import TlsFiles

CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
TESTS = Path(emulator.launch.__file__).parent.parent


class Certificate:
    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "automation")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        certificate = builder.sign(key, SHA256())
        self.pem = certificate.public_bytes(Encoding.PEM).decode()
        self.private_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self.sha1 = sha1(certificate.public_bytes(Encoding.DER)).hexdigest()


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return Certificate()


@pytest.fixture(scope="module")
def seed_file(certificate: Certificate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seed")
    (folder / "automation.pem").write_text(certificate.pem, "utf-8")
    automation = {
        "client_id": CLIENT_ID,
        "secret": "s3cret",
        "certificate_file": "automation.pem",
        "roles": ["Organization.Read.All"],
    }
    tenant = {"domains": ["contoso.example"], "display_name": "Contoso", "automation": automation}
    path = folder / "seed.json"
    path.write_text(json.dumps({"tenants": [tenant]}), "utf-8")
    return path


@pytest.fixture(scope="module")
def running(seed_file: Path) -> Iterator[Emulator]:
    with running_emulator(seed_file) as found:
        yield found


@pytest.fixture(autouse=True)
def no_other_certificate_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment's bundle would win over the one that a session names."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def credentials(certificate: Certificate) -> dict[str, Any]:
    return {
        "secret": "s3cret",
        "certificate": {"private_key": certificate.private_pem, "public_certificate": certificate.pem},
        "thumbprint": {"private_key": certificate.private_pem, "thumbprint": certificate.sha1},
    }


@pytest.mark.parametrize("kind", ["secret", "certificate", "thumbprint"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning:msal")
def test_msal_signs_in_and_graph_answers(running: Emulator, certificate: Certificate, kind: str) -> None:
    app = msal.ConfidentialClientApplication(
        CLIENT_ID,
        client_credential=credentials(certificate)[kind],
        authority=f"{running.url}/contoso.example",
        instance_discovery=False,
        verify=running.ca_file,
    )
    result = app.acquire_token_for_client([f"{running.url}/.default"])
    assert "access_token" in result, result
    answer = requests.get(
        f"{running.url}/v1.0/organization",
        headers={"Authorization": f"Bearer {result['access_token']}"},
        verify=running.ca_file,
        timeout=10,
    )
    assert answer.json()["value"][0]["displayName"] == "Contoso"
    assert "server" not in answer.headers
    assert len(answer.headers["date"].split(",")) == 2


def test_msal_reports_refusals(running: Emulator) -> None:
    app = msal.ConfidentialClientApplication(
        CLIENT_ID,
        client_credential="wrong",
        authority=f"{running.url}/contoso.example",
        instance_discovery=False,
        verify=running.ca_file,
    )
    result = app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000215])


def test_msal_with_microsofts_own_host_name(
    running: Emulator, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the name were pointed here; the certificate carries it."""
    port = int(running.url.rpartition(":")[2])
    real = urllib3.util.connection.create_connection

    def to_the_emulator(_address: tuple[str, int], *args: Any, **kwargs: Any) -> Any:
        return real(("127.0.0.1", port), *args, **kwargs)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", to_the_emulator)
    app = msal.ConfidentialClientApplication(
        CLIENT_ID,
        client_credential=credentials(certificate)["certificate"],
        authority="https://login.microsoftonline.com/contoso.example",
        verify=running.ca_file,
    )
    result = app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert "access_token" in result, result


def test_the_certificate_is_checked(running: Emulator) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{running.url}/v1.0/organization", timeout=10)


def test_the_socket_names_its_protocol() -> None:
    """Else asyncio leaves Nagle's algorithm on, and 40 ms for each answer would make a benchmark worthless."""
    tls = TlsFiles(Path(), Path(), Path())
    with bound_socket(Listen("127.0.0.1", 0, tls, exit_with_parent=False)) as found:
        assert found.proto == socket.IPPROTO_TCP


# --- starting and ending ------------------------------------------------------------------------------------------


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "emulator", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_starting_and_ending(seed_file: Path, tmp_path: Path, number: signal.Signals) -> None:
    with start("--seed", str(seed_file), "--state-dir", str(tmp_path / "state")) as process:
        assert process.stdout is not None
        announcement = json.loads(process.stdout.readline())
        assert announcement["pid"] == process.pid
        assert announcement["ca_file"] == str(tmp_path / "state" / "ca.pem")
        assert (tmp_path / "state" / "server.key").stat().st_mode & 0o777 == 0o600
        url = f"{announcement['url']}/_emulator/tenants"
        assert requests.get(url, verify=announcement["ca_file"], timeout=10).ok
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (0, "", "")


def test_the_state_folder_is_removed_at_the_end(seed_file: Path) -> None:
    with running_emulator(seed_file) as found:
        folder = Path(found.ca_file).parent
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_ending_with_the_parent(seed_file: Path) -> None:
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'emulator', '--exit-with-parent', '--seed', sys.argv[1]],"
        " stdout=subprocess.PIPE)\n"
        "print(child.stdout.readline().decode(), flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-W", "ignore", "-c", script, str(seed_file)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30, check=True)
    pid = json.loads(done.stdout)["pid"]
    deadline = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_bad_seeds_end_it_at_once(tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text("tenants: [{display_name: Contoso}]", "utf-8")
    with start("--seed", str(path)) as process:
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (2, "")
    assert errors == "emulator: bad seed: tenant Contoso: the tenant: 'domains' is a required property\n"
    with pytest.raises(EmulatorError, match="ended with 2"), running_emulator(path):
        pass


def test_a_mapping_will_do_as_a_seed() -> None:
    with running_emulator({"tenants": [{"domains": ["a.example"], "display_name": "A"}]}) as found:
        [identifier] = found.seed({"tenants": [{"domains": ["b.example"], "display_name": "B"}]})
        assert [tenant["id"] for tenant in found.tenants()][1] == identifier
