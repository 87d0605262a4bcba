# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting the emulator from tests and demonstrations, and the admin door as methods. Needs only `requests`.

with running_emulator(seed) as emulator:
    emulator.snapshot("contoso.example")["applications"]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any

import requests

Json = dict[str, Any]

START_SECONDS = 60
STOP_SECONDS = 10
DOOR = "/_emulator"


class EmulatorError(RuntimeError):
    """The emulator did not start, or its admin door said no."""


class Emulator:
    """One running emulator. Tenants are named by id or by any of their domains."""

    def __init__(self, url: str, ca_file: str, session: requests.Session, pid: int = 0) -> None:
        self.url = url
        self.ca_file = ca_file
        self.pid = pid
        self._session = session
        self._advanced = 0.0

    def reset(self) -> None:
        """Back to the start seed."""
        self._ask("POST", "/reset")
        self._advanced = 0.0

    def seed(self, document: Mapping[str, Any]) -> list[str]:
        """Adds or replaces the tenants of the document; their ids."""
        return [tenant["id"] for tenant in self._ask("POST", "/seed", document)["tenants"]]

    def tenants(self) -> list[Json]:
        return list(self._ask("GET", "/tenants")["tenants"])

    def tenant(
        self,
        name: str,
        *,
        lag: Mapping[str, Any] | str | None = None,
        policy: Mapping[str, Any] | None = None,
        roles: Sequence[str] | None = None,
        **others: Any,
    ) -> Json:
        """Changes what is given; `roles` are the automation's granted Graph roles. For the others see README.md."""
        wanted = {"lag": lag, "policy": policy, "roles": None if roles is None else list(roles), **others}
        given = {field: value for field, value in wanted.items() if value is not None}
        return self._ask("PATCH", f"/tenants/{name}", given)

    def snapshot(self, tenant: str) -> Json:
        return self._ask("GET", f"/tenants/{tenant}/snapshot")

    def reach(self, tenant: str, *, after: int | None = None) -> list[Json]:
        """What each application could reach, written down whenever it changed."""
        query = {} if after is None else {"after": str(after)}
        return list(self._ask("GET", f"/tenants/{tenant}/reach", query=query)["reach"])

    def exchange(self, tenant: str, cmdlet: str, **parameters: Any) -> list[Json]:
        """A cmdlet run by a pretend Exchange administrator."""
        command = {"cmdlet": cmdlet, "parameters": parameters}
        return list(self._ask("POST", f"/tenants/{tenant}/exchange/command", command)["value"])

    def issued(self) -> dict[str, list[str]]:
        return self._ask("GET", "/issued")

    def requests(self, *, tenant: str = "", after: int = 0, service: str = "") -> list[Json]:
        query = {"tenant": tenant, "after": str(after), "service": service}
        return list(self._ask("GET", "/requests", query=query)["requests"])

    def last_request(self) -> int:
        """The number of the last request that was made."""
        return int(self._ask("GET", "/requests", query={"after": str(sys.maxsize)})["last"])

    def refusals(self) -> list[Json]:
        """Every kind of request that was refused since the start, with how often."""
        return list(self._ask("GET", "/refusals")["refusals"])

    def faults(self, *faults: Mapping[str, Any], seed: int = 0) -> list[Json]:
        """Adds these; all that are set then, with how often each was injected."""
        if not faults:
            return list(self._ask("GET", "/faults")["faults"])
        return list(self._ask("POST", "/faults", {"faults": list(faults), "seed": seed})["faults"])

    def clear_faults(self, tenant: str = "") -> None:
        """All of them, or those that name this tenant."""
        self._ask("DELETE", "/faults", query={"tenant": tenant} if tenant else None)

    def clear_requests(self) -> None:
        self._ask("DELETE", "/requests")

    def settings(
        self,
        *,
        lag: Mapping[str, Any] | str | None = None,
        record_bodies: bool | None = None,
        latency_ms: float | None = None,
    ) -> Json:
        wanted = {"lag": lag, "record_bodies": record_bodies, "latency_ms": latency_ms}
        return self._ask("POST", "/settings", {field: value for field, value in wanted.items() if value is not None})

    def portal_application(
        self,
        tenant: str,
        display_name: str,
        *,
        permissions: Sequence[str] = (),
        consent: bool = False,
        owners: Sequence[str] | None = None,
    ) -> Json:
        """Registers an application as a person does in the portal."""
        wish: Json = {"displayName": display_name, "applicationPermissions": list(permissions), "adminConsent": consent}
        if owners is not None:
            wish["owners"] = list(owners)
        return self._ask("POST", f"/tenants/{tenant}/portal/applications", wish)

    def consent(self, tenant: str, app_id: str) -> None:
        """A person presses "Grant admin consent"."""
        self._ask("POST", f"/tenants/{tenant}/consent", {"appId": app_id})

    def token(self, tenant: str, roles: Sequence[str]) -> str:
        """A Graph token of a pretend administrator with these app roles."""
        return str(self._ask("POST", f"/tenants/{tenant}/token", {"roles": list(roles)})["access_token"])

    def platform(self, **offers: Any) -> None:
        """What the machine that programs run on offers them: see README.md."""
        self._ask("POST", "/platform", offers)

    def vault(self, host: str, **wanted: Any) -> None:
        """Makes a key vault, or changes what is given of it: see README.md."""
        self._ask("PUT", f"/vaults/{host}", wanted)

    def vault_secrets(self, host: str) -> dict[str, Json]:
        """By name: `deleted`, and `versions` with values, the oldest first."""
        return dict(self._ask("GET", f"/vaults/{host}")["secrets"])

    def person(self, upn: str, home: str, roles: Mapping[str, Sequence[str]], answer: str | None = None) -> str:
        """An administrator: directory roles by tenant; `answer`: accept or decline whenever a code is shown."""
        known = {tenant: list(names) for tenant, names in roles.items()}
        wanted = {"upn": upn, "home": home, "roles": known, **({"answer": answer} if answer else {})}
        return str(self._ask("POST", "/people", wanted)["id"])

    def refresh_token(self, upn: str, client_id: str) -> str:
        """What the person holds who has signed in through that application."""
        wanted = {"upn": upn, "client_id": client_id}
        return str(self._ask("POST", "/people/refresh_token", wanted)["refresh_token"])

    def revoke(self, upn: str) -> None:
        """All refresh tokens that the person was given so far."""
        self._ask("POST", "/people/revoke", {"upn": upn})

    def issuer_token(self, issuer: str, subject: str, **others: Any) -> str:
        """A token of a cluster's or a pipeline's; `audience` and `lifetime` in seconds may be given."""
        return str(self._ask("POST", "/issuer/token", {"issuer": issuer, "subject": subject, **others})["token"])

    def advance_clock(self, seconds: float) -> str:
        self._advanced += seconds
        return str(self._ask("POST", "/clock", {"advance_seconds": seconds})["now"])

    def put_clock_back(self) -> None:
        """To the time that it would show if nobody had moved it from here."""
        if self._advanced:
            self.advance_clock(-self._advanced)

    def clock(self) -> str:
        return str(self._ask("GET", "/clock")["now"])

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Json:
        answer = self._session.request(
            method, f"{self.url}{DOOR}{path}", json=body, params=query, timeout=START_SECONDS
        )
        if not answer.ok:
            raise EmulatorError(f"{method} {path}: {answer.status_code} {answer.text}")
        return dict(answer.json()) if answer.content else {}


#: Who wants to look at each emulator once more before it ends.
at_the_end: list[Callable[[Emulator], None]] = []


@contextmanager
def running_emulator(
    seed: Mapping[str, Any] | Path, *, python: str = sys.executable, arguments: Sequence[str] = ()
) -> Iterator[Emulator]:
    """The emulator as a process of its own, gone again at the end of the block or with this process."""
    with tempfile.TemporaryDirectory(prefix="emulator-seed-") as folder:
        process = _start(python, _seed_file(seed, Path(folder)), arguments)
        try:
            with requests.Session() as session:
                emulator = _connect(process, session)
                yield emulator
                for look in at_the_end if process.poll() is None else ():
                    look(emulator)
        finally:
            _stop(process)


def _seed_file(seed: Mapping[str, Any] | Path, folder: Path) -> Path:
    if isinstance(seed, Path):
        return seed
    path = folder / "seed.json"
    path.write_text(json.dumps(seed), "utf-8")
    path.chmod(0o600)
    return path


def _start(python: str, seed_file: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [python, "-m", "emulator", "--seed", str(seed_file), "--port", "0", "--exit-with-parent", *arguments]
    paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)


def _connect(process: subprocess.Popen[bytes], session: requests.Session) -> Emulator:
    announcement = json.loads(_first_line(process))
    # The environment's proxies and CA bundles are not meant for this machine's own loopback.
    session.trust_env = False
    session.verify = announcement["ca_file"]
    return Emulator(announcement["url"], announcement["ca_file"], session, announcement["pid"])


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    with DefaultSelector() as selector:
        selector.register(process.stdout, EVENT_READ)
        if not selector.select(START_SECONDS):
            raise EmulatorError(f"the emulator did not start within {START_SECONDS} s")
    line = process.stdout.readline()
    if not line:
        raise EmulatorError(f"the emulator ended with {process.wait(STOP_SECONDS)}; its reason is on standard error")
    return line


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
